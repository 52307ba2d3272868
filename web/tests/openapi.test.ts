import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generate, type OpenApi, typeName, typeOf } from "../tools/openapi";

describe("typeName", () => {
  it("makes names of types from names of schemas", () => {
    expect(typeName("video_page")).toBe("VideoPage");
    expect(typeName("Video")).toBe("Video");
    expect(typeName("2fa-code")).toBe("_2faCode");
  });
});

describe("typeOf", () => {
  it("knows the plain types", () => {
    expect(typeOf({ type: "integer" })).toBe("number");
    expect(typeOf({ type: "string", format: "binary" })).toBe("Blob");
    expect(typeOf({ type: ["string", "null"] })).toBe("string | null");
    expect(typeOf({ type: "string", nullable: true })).toBe("string | null");
    expect(typeOf({})).toBe("unknown");
  });

  it("writes enumerations and constants as literals", () => {
    expect(typeOf({ type: "string", enum: ["public", "private"] })).toBe('"public" | "private"');
    expect(typeOf({ const: "Bearer" })).toBe('"Bearer"');
  });

  it("brackets unions inside lists", () => {
    expect(typeOf({ type: "array", items: { type: ["integer", "null"] } })).toBe(
      "(number | null)[]",
    );
  });

  it("follows references and combines them", () => {
    const user = { $ref: "#/components/schemas/user" };
    expect(typeOf(user)).toBe("User");
    expect(typeOf({ oneOf: [user, { type: "null" }] })).toBe("User | null");
    expect(typeOf({ allOf: [user, { oneOf: [user, { type: "null" }] }] })).toBe(
      "User & (User | null)",
    );
  });

  it("marks what may be left out and quotes odd names", () => {
    const schema = {
      type: "object",
      properties: { title: { type: "string" }, "e-mail": { type: "string" } },
      required: ["title"],
    };
    expect(typeOf(schema)).toBe('{\n  title: string;\n  "e-mail"?: string;\n}');
  });

  it("takes objects without members for maps", () => {
    expect(typeOf({ type: "object", additionalProperties: { type: "integer" } })).toBe(
      "Record<string, number>",
    );
  });
});

const small: OpenApi = {
  openapi: "3.1.0",
  components: { schemas: { job: { type: "object", properties: { id: { type: "string" } } } } },
  paths: {
    "/jobs/{id}": {
      parameters: [{ name: "id", in: "path", schema: { type: "string" } }],
      get: {
        summary: "One job. */ harmless",
        parameters: [{ name: "deep", in: "query", schema: { type: "boolean" } }],
        responses: {
          "200": { content: { "application/json": { schema: { $ref: "#/c/s/job" } } } },
          "404": { content: { "application/problem+json": { schema: {} } } },
        },
      },
      delete: { responses: { "204": {} } },
    },
    "/upload": {
      post: {
        requestBody: { content: { "multipart/form-data": { schema: { type: "object" } } } },
        responses: { "201": {} },
      },
    },
  },
};

describe("generate", () => {
  const text = generate(small);

  it("writes each operation with its path, query, body and reply", () => {
    expect(text).toContain('"GET /jobs/{id}": {\n    path: {\n      id: string;\n    };');
    expect(text).toContain("query: {\n      deep?: boolean;\n    };");
    expect(text).toContain("reply: Job;");
    expect(text).toContain('"DELETE /jobs/{id}": "none"');
    expect(text).toContain('"POST /upload": "form"');
  });

  it("lets no comment end early", () => {
    expect(text).toContain("/** One job. * / harmless */");
  });

  it("gives the same text whatever the order of the document", () => {
    const turned = {
      ...small,
      paths: Object.fromEntries(Object.entries(small.paths ?? {}).reverse()),
    };
    expect(generate(turned)).toBe(text);
  });

  it("has made the client that is in use", () => {
    const document = new URL("../openapi.json", import.meta.url);
    const used = readFileSync(new URL("../src/api/generated.ts", import.meta.url), "utf8");
    expect(used).toBe(generate(JSON.parse(readFileSync(document, "utf8")) as OpenApi));
  });
});
