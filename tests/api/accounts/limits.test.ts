/** Limits, on a server of its own that has them on: failed sign-ins, and requests in general. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { assert, check, end, scratch } from "../support/check.ts";

const program = process.env.MATINEE_PROGRAM ?? "";
const home = mkdtempSync(join(scratch, "limits-"));
const child = spawn(program, ["serve"], {
  env: { ...process.env, MATINEE_HOME: home, PORT: "0", LIMITS: "on" },
  stdio: ["ignore", "pipe", "ignore"],
});

async function address(): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("address: ")) return line.slice("address: ".length);
  }
  throw new Error("the server ended before it listened");
}
const server = await address();
child.stdout.resume();

function login(email: string, password: string): Promise<Response> {
  return fetch(`${server}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
}

await check("failed sign-ins to one account are stopped, the right password included", async () => {
  const person = { email: "ada@example.org", password: "correct horse", display_name: "Ada" };
  const made = await fetch(`${server}/api/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(person),
  });
  assert.equal(made.status, 201);
  for (let i = 0; i < 10; i += 1) {
    assert.equal((await login(person.email, `guess ${i}`)).status, 401);
  }
  const stopped = await login(person.email, "another guess");
  assert.equal(stopped.status, 429);
  assert.ok(Number(stopped.headers.get("Retry-After")) > 60);
  assert.equal(((await stopped.json()) as { code: string }).code, "quota");
  assert.equal((await login(person.email, person.password)).status, 429);
  assert.equal((await login("ADA@example.org", person.password)).status, 429, "same account");
  assert.equal((await login("bob@example.org", "whatever it is")).status, 401, "another account");
});

await check("the API takes a burst and then slows down, each endpoint by itself", async () => {
  const codes: number[] = [];
  for (let i = 0; i < 60; i += 1) {
    codes.push((await fetch(`${server}/api/openapi.json`)).status);
    if (codes.at(-1) === 429) break;
  }
  assert.equal(codes.at(-1), 429);
  assert.ok(codes.length > 20, `only ${codes.length} were taken`);
  assert.equal((await fetch(`${server}/health`)).status, 200);
  assert.equal((await fetch(`${server}/.well-known/jwks.json`)).status, 200);
});

child.kill("SIGTERM");
await new Promise((resolve) => child.once("exit", resolve));
rmSync(home, { recursive: true, force: true });
end();
