/** What operators and programmers ask a server: health, figures, and the description of its API. */
import { ask, assert, check, end, type Problem } from "../support/check.ts";

interface Operation {
  operationId: string;
  summary: string;
  responses: Record<string, unknown>;
  security: unknown[];
  "x-also-at"?: string[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

async function description(): Promise<Document> {
  const answer = await ask<Document>("GET", "/api/openapi.json");
  assert.equal(answer.status, 200);
  return answer.body;
}

function refs(node: unknown, found: string[] = []): string[] {
  if (typeof node !== "object" || node === null) return found;
  for (const [key, value] of Object.entries(node)) {
    if (key === "$ref" && typeof value === "string") found.push(value);
    else refs(value, found);
  }
  return found;
}

await check("the API's description is OpenAPI 3.1 and whole", async () => {
  const document = await description();
  assert.equal(document.openapi, "3.1.0");
  for (const ref of refs(document)) {
    const [root, part = "", folder = "", name = ""] = ref.split("/");
    assert.equal(`${root}/${part}`, "#/components", ref);
    assert.ok(document.components[folder]?.[name], ref);
  }
  const names = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const where = `${method} ${path}`;
      assert.ok(operation.summary, where);
      assert.ok(!names.has(operation.operationId), where);
      names.add(operation.operationId);
      const codes = Object.keys(operation.responses);
      assert.ok(
        codes.some((code) => /^2/.test(code)),
        where,
      );
      assert.ok(codes.includes("500"), where);
      assert.ok(Array.isArray(operation.security), where);
    }
  }
});

await check("what needs a sign-in says so, and refuses strangers", async () => {
  const document = await description();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const closed =
        operation.security.length > 0 && !JSON.stringify(operation.security).includes("{}");
      const address = path.replace(/\{\w+\}/g, "abcdefghijk");
      if (!closed || method === "options") continue;
      assert.ok(operation.responses["401"], `${method} ${path} declares 401`);
      const answer = await ask<Problem>(method.toUpperCase(), address, {
        headers: {
          "Content-Type": address.endsWith("/videos")
            ? "multipart/form-data; boundary=b"
            : "application/json",
        },
        body: method === "post" || method === "patch" ? "{}" : undefined,
      });
      assert.ok([401, 415].includes(answer.status), `${method} ${address}: ${answer.status}`);
    }
  }
});

await check("health is told under all its names", async () => {
  for (const path of ["/health", "/healthz", "/health/live"]) {
    const answer = await ask<{ status: string }>("GET", path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.body.status, "ok", path);
  }
  for (const path of ["/health/ready", "/api/v1/health"]) {
    const answer = await ask<{ status: string }>("GET", path);
    assert.equal(answer.status, 200, path);
  }
});

await check("figures are there for Prometheus", async () => {
  const answer = await ask<string>("GET", "/metrics");
  assert.equal(answer.status, 200);
  assert.match(answer.body, /^# TYPE \w+ (counter|gauge|histogram)$/m);
});

await check("paths of the API that lead nowhere are problems, other paths are pages", async () => {
  const nothing = await ask<Problem>("GET", "/api/v1/nothing");
  assert.equal(nothing.status, 404);
  assert.equal(nothing.headers.get("Content-Type"), "application/problem+json");
  assert.equal(nothing.body.code, "not_found");
  const page = await ask<string>("GET", "/watch/abcdefghijk");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("Content-Type") ?? "", /^text\/html/);
  const wrong = await ask<Problem>("PUT", "/api/v1/videos");
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get("Allow") ?? "", /GET/);
});

await check("pages of listed origins may use the API, others may not", async () => {
  const listed = await ask("OPTIONS", "/api/v1/videos", {
    headers: { Origin: "https://films.example", "Access-Control-Request-Method": "POST" },
  });
  assert.equal(listed.status, 204);
  assert.equal(listed.headers.get("Access-Control-Allow-Origin"), "https://films.example");
  const other = await ask("OPTIONS", "/api/v1/videos", {
    headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" },
  });
  assert.equal(other.headers.get("Access-Control-Allow-Origin"), null);
});

end();
