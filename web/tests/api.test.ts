import { afterEach, describe, expect, it, vi } from "vitest";
import { Connection } from "../src/api/connection";
import { send, urlOf } from "../src/api/http";
import { ApiError, parseRetryAfter, problemOf } from "../src/api/problem";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: unknown, type = "application/json", more = {}) {
  const text = status === 204 ? null : JSON.stringify(body);
  return new Response(text, { status, headers: { "Content-Type": type, ...more } });
}

describe("urlOf", () => {
  it("escapes what goes into the path and leaves out what is undefined", () => {
    expect(urlOf("GET /api/v1/videos/{id}", { path: { id: "a/b?c" } })).toBe(
      "/api/v1/videos/a%2Fb%3Fc",
    );
    expect(urlOf("GET /api/v1/videos", { query: { limit: 5, cursor: undefined } })).toBe(
      "/api/v1/videos?limit=5",
    );
  });
});

describe("problemOf", () => {
  it("takes the server's sentence, field and request", async () => {
    const problem = {
      status: 422,
      title: "T",
      detail: "Say more.",
      code: "invalid",
      field: "title",
    };
    const error = await problemOf(answer(422, problem, "application/problem+json"));
    expect(error).toMatchObject({ status: 422, code: "invalid", field: "title" });
    expect(error.message).toBe("Say more.");
    expect(error.isTransient).toBe(false);
  });

  it("finds words of its own for a reply that is no problem document", async () => {
    const error = await problemOf(new Response("<html>", { status: 503 }));
    expect(error).toMatchObject({ status: 503, code: "busy", isTransient: true });
    const broken = new Response("{", { status: 400, headers: { "Content-Type": "text/json" } });
    expect((await problemOf(broken)).message).toMatch(/not right/);
  });

  it("reads Retry-After as seconds or a date", () => {
    expect(parseRetryAfter("3")).toBe(3000);
    expect(parseRetryAfter("Thu, 01 Jan 1970 00:00:10 GMT", 4000)).toBe(6000);
    expect(parseRetryAfter("soon")).toBeUndefined();
  });
});

describe("send", () => {
  it("sends JSON with the token and reads the reply", async () => {
    const fetched = vi.fn(async () => answer(200, { id: "x" }));
    vi.stubGlobal("fetch", fetched);
    const args = { path: { id: "x" }, body: { title: "T" } };
    expect(await send("PATCH /api/v1/videos/{id}", args, "tok")).toEqual({ id: "x" });
    expect(fetched).toHaveBeenCalledWith(
      "/api/v1/videos/x",
      expect.objectContaining({
        method: "PATCH",
        body: '{"title":"T"}',
        headers: expect.objectContaining({ Authorization: "Bearer tok" }),
      }),
    );
  });

  it("tells silence from refusal", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("failed");
    });
    await expect(send("GET /api/auth/me", {}, null)).rejects.toMatchObject({
      status: 0,
      code: "unreachable",
    });
    vi.stubGlobal("fetch", async () => answer(401, {}, "application/problem+json"));
    const refused = send("GET /api/auth/me", {}, null);
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    await expect(refused).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("answers undefined where there is no content", async () => {
    vi.stubGlobal("fetch", async () => answer(204, null));
    expect(await send("DELETE /api/v1/videos/{id}", { path: { id: "x" } }, "t")).toBeUndefined();
  });
});

describe("Connection", () => {
  it("asks with growing pauses until the server is back, and tells both once", async () => {
    const pauses: number[] = [];
    let due: (() => void) | null = null;
    let alive = false;
    const connection = new Connection(async () => alive, {
      set: (run, ms) => {
        pauses.push(ms);
        due = run;
        return pauses.length;
      },
      clear: () => {
        due = null;
      },
    });
    const told: boolean[] = [];
    connection.subscribe(() => told.push(connection.isDown));
    const fire = async () => {
      due?.();
      await new Promise((done) => setTimeout(done, 0));
    };
    connection.failed();
    connection.failed();
    await fire();
    await fire();
    alive = true;
    await fire();
    expect(told).toEqual([true, false]);
    expect(pauses.map(Math.round)).toEqual([1500, 2400, 3840]);
    expect(due).toBeNull();
  });
});
