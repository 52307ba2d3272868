/** Registration, sign-in, refresh, sign-out, over HTTP as a browser and as a program do it. */
import { ask, assert, check, end, type Problem, someone } from "../support/check.ts";

interface User {
  id: string;
  email: string;
  display_name: string;
  role: string;
  created_at_ms: number;
}
interface Session {
  access_token: string;
  token_type: string;
  expires_in: number;
  user: User;
  refresh_token?: string;
}

let number = 0;
function fresh(): { email: string; password: string; display_name: string } {
  number += 1;
  const email = `a${process.pid}-${Date.now()}-${number}@example.org`;
  return { email, password: "correct horse battery", display_name: "Ada" };
}

function cookieOf(headers: Headers): string {
  const line = headers.get("Set-Cookie") ?? "";
  return line.split(";")[0] ?? "";
}

function post<Body>(path: string, json: unknown, headers: Record<string, string> = {}) {
  return ask<Body>("POST", path, { json, headers });
}

function me(token: string) {
  return ask<User & Problem>("GET", "/api/auth/me", {
    headers: { Authorization: `Bearer ${token}` },
  });
}

await check("registering signs in, with the address in its normal form", async () => {
  const person = fresh();
  const answer = await post<Session>("/api/auth/register", {
    ...person,
    email: ` ${person.email.toUpperCase()} `,
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.body.token_type, "Bearer");
  assert.equal(answer.body.expires_in, 1800);
  assert.equal(answer.body.user.email, person.email);
  assert.equal(answer.body.user.role, "creator");
  assert.match(answer.body.user.id, /^[\w-]{11}$/);
  assert.equal(answer.body.refresh_token, undefined);
  const line = answer.headers.get("Set-Cookie") ?? "";
  assert.match(line, /^matinee_refresh=[\w-]{43}; Path=\/api\/auth; Max-Age=604800; HttpOnly; /);
  assert.match(line, /SameSite=Strict/);
  const who = await me(answer.body.access_token);
  assert.equal(who.status, 200);
  assert.deepEqual(who.body, answer.body.user);
});

await check("one address is one account, however it is written", async () => {
  const person = fresh();
  assert.equal((await post("/api/auth/register", person)).status, 201);
  const again = await post<Problem>("/api/auth/register", {
    ...person,
    email: person.email.replace("a", "A"),
  });
  assert.equal(again.status, 409);
  assert.equal(again.body.field, "email");
});

await check("of many who register one address at once, one succeeds", async () => {
  const person = fresh();
  const codes = await Promise.all(
    Array.from({ length: 6 }, () => post("/api/auth/register", person).then((a) => a.status)),
  );
  assert.equal(codes.filter((code) => code === 201).length, 1, String(codes));
  assert.ok(codes.every((code) => code === 201 || code === 409));
});

await check("bad registrations name the member at fault", async () => {
  const good = fresh();
  const cases: [Record<string, unknown>, string][] = [
    [{ email: "nobody" }, "email"],
    [{ email: "a@b@c.example" }, "email"],
    [{ email: null }, "email"],
    [{ email: 7 }, "email"],
    [{ password: "123456789" }, "password"],
    [{ password: "x".repeat(201) }, "password"],
    [{ password: good.email }, "password"],
    [{ display_name: "" }, "display_name"],
    [{ display_name: "   " }, "display_name"],
    [{ display_name: "x".repeat(81) }, "display_name"],
    [{ display_name: "two\nlines" }, "display_name"],
    [{ display_name: "\u202Eelif" }, "display_name"],
    [{ role: "admin" }, "role"],
    [{ is_admin: true }, "is_admin"],
  ];
  for (const [change, field] of cases) {
    const answer = await post<Problem>("/api/auth/register", { ...good, ...change });
    assert.equal(answer.status, 422, JSON.stringify(change));
    assert.equal(answer.body.field, field, JSON.stringify(change));
    assert.equal(answer.headers.get("Content-Type"), "application/problem+json");
  }
});

await check("a password keeps its blanks", async () => {
  const person = { ...fresh(), password: "  ten chars  " };
  assert.equal((await post("/api/auth/register", person)).status, 201);
  const { email, password } = person;
  assert.equal((await post("/api/auth/login", { email, password })).status, 200);
  const trimmed = await post("/api/auth/login", { email, password: password.trim() });
  assert.equal(trimmed.status, 401);
});

await check("signing in works with the right password only", async () => {
  const person = fresh();
  await post("/api/auth/register", person);
  const { email, password } = person;
  const good = await post<Session>("/api/auth/login/", { email: email.toUpperCase(), password });
  assert.equal(good.status, 200);
  const wrong = await post<Problem>("/api/auth/login", { email, password: `${password}!` });
  const unknown = await post<Problem>("/api/auth/login", { email: `x${email}`, password });
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  assert.equal(wrong.body.detail, unknown.body.detail);
  assert.match(wrong.headers.get("WWW-Authenticate") ?? "", /^Bearer/);
});

await check("a browser refreshes by its cookie, and each token works once", async () => {
  const first = await post<Session>("/api/auth/register", fresh());
  const oldCookie = cookieOf(first.headers);
  const second = await post<Session>("/api/auth/refresh", {}, { Cookie: oldCookie });
  assert.equal(second.status, 200);
  assert.equal(second.body.refresh_token, undefined);
  const newCookie = cookieOf(second.headers);
  assert.notEqual(newCookie, oldCookie);
  const reused = await post<Problem>("/api/auth/refresh", {}, { Cookie: oldCookie });
  assert.equal(reused.status, 401);
  assert.match(reused.headers.get("Set-Cookie") ?? "", /^matinee_refresh=;.*Max-Age=0/);
  const ended = await post<Problem>("/api/auth/refresh", {}, { Cookie: newCookie });
  assert.equal(ended.status, 401, "the whole sign-in has ended");
  assert.equal((await me(second.body.access_token)).status, 401, "its access tokens too");
});

await check("a program refreshes by the body", async () => {
  const first = await post<Session>("/api/auth/register", { ...fresh(), want_refresh_token: true });
  assert.match(first.body.refresh_token ?? "", /^[\w-]{43}$/);
  const second = await post<Session>("/api/auth/refresh", {
    refresh_token: first.body.refresh_token,
  });
  assert.equal(second.status, 200);
  assert.match(second.body.refresh_token ?? "", /^[\w-]{43}$/);
  assert.equal((await me(second.body.access_token)).status, 200);
});

await check("of many who refresh with one token, one succeeds", async () => {
  const first = await post<Session>("/api/auth/register", { ...fresh(), want_refresh_token: true });
  const refresh_token = first.body.refresh_token;
  const codes = await Promise.all(
    Array.from({ length: 8 }, () =>
      post("/api/auth/refresh", { refresh_token }).then((a) => a.status),
    ),
  );
  assert.equal(codes.filter((code) => code === 200).length, 1, String(codes));
  assert.equal((await me(first.body.access_token)).status, 401);
});

await check("refreshing without a token, or with a made-up one, is refused", async () => {
  for (const json of [{}, { refresh_token: "x" }, { refresh_token: "A".repeat(43) }]) {
    assert.equal((await post("/api/auth/refresh", json)).status, 401);
  }
  assert.equal((await ask("POST", "/api/auth/refresh")).status, 401);
});

await check("signing out ends this sign-in and no other", async () => {
  const person = fresh();
  const one = await post<Session>("/api/auth/register", person);
  const two = await post<Session>(
    "/api/auth/login",
    person.display_name
      ? {
          email: person.email,
          password: person.password,
        }
      : {},
  );
  const out = await post(
    "/api/auth/logout",
    {},
    {
      Cookie: cookieOf(one.headers),
      Authorization: `Bearer ${one.body.access_token}`,
    },
  );
  assert.equal(out.status, 204);
  assert.match(out.headers.get("Set-Cookie") ?? "", /Max-Age=0/);
  assert.equal((await me(one.body.access_token)).status, 401);
  assert.equal(
    (await post("/api/auth/refresh", {}, { Cookie: cookieOf(one.headers) })).status,
    401,
  );
  assert.equal((await me(two.body.access_token)).status, 200);
});

await check("signing out works by token alone, by cookie alone, and without any", async () => {
  const a = await post<Session>("/api/auth/register", fresh());
  const b = await post<Session>("/api/auth/register", fresh());
  const byToken = { Authorization: `Bearer ${a.body.access_token}` };
  assert.equal((await ask("POST", "/api/auth/logout", { headers: byToken })).status, 204);
  assert.equal((await post("/api/auth/refresh", {}, { Cookie: cookieOf(a.headers) })).status, 401);
  const byCookie = { Cookie: cookieOf(b.headers) };
  assert.equal((await ask("POST", "/api/auth/logout", { headers: byCookie })).status, 204);
  assert.equal((await me(b.body.access_token)).status, 401);
  assert.equal((await ask("POST", "/api/auth/logout")).status, 204);
});

await check("other sites can't use the cookie", async () => {
  const one = await post<Session>("/api/auth/register", fresh());
  const Cookie = cookieOf(one.headers);
  for (const headers of [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "cross-site" },
  ] as Record<string, string>[]) {
    const answer = await post("/api/auth/refresh", {}, { ...headers, Cookie });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
  const plain = await ask("POST", "/api/auth/refresh", {
    headers: { Cookie, "Content-Type": "text/plain" },
    body: "{}",
  });
  assert.equal(plain.status, 415, "a form of another site can't send JSON");
  assert.equal((await post("/api/auth/refresh", {}, { Cookie })).status, 200);
});

await check("who isn't signed in is told so", async () => {
  const answer = await ask<Problem>("GET", "/api/auth/me");
  assert.equal(answer.status, 401);
  assert.equal(answer.body.code, "denied");
  const person = await someone();
  assert.equal((await ask("GET", "/api/auth/me/", { as: person })).status, 200);
});

await check("nothing secret comes back", async () => {
  const person = fresh();
  const answer = await post<Session>("/api/auth/register", person);
  const text =
    JSON.stringify(answer.body) + JSON.stringify((await me(answer.body.access_token)).body);
  assert.ok(!text.includes(person.password));
  assert.ok(!text.includes("argon2"));
});

end();
