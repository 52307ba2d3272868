/** Access tokens as somebody else's program sees them: checked by Node's own crypto against the published
 *  keys, forged in the known ways, and kept through a rotation of keys. */
import { spawnSync } from "node:child_process";
import { createHmac, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";

import { ask, assert, check, end, home, someone } from "../support/check.ts";

interface Jwk {
  kty: string;
  use: string;
  alg: string;
  kid: string;
  n: string;
  e: string;
}

async function published(): Promise<Jwk[]> {
  const answer = await ask<{ keys: Jwk[] }>("GET", "/.well-known/jwks.json");
  assert.equal(answer.status, 200);
  return answer.body.keys;
}

function parts(token: string): {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
} {
  const [head = "", body = ""] = token.split(".");
  return {
    header: JSON.parse(Buffer.from(head, "base64url").toString()),
    claims: JSON.parse(Buffer.from(body, "base64url").toString()),
  };
}

function verifies(token: string, keys: Jwk[]): boolean {
  const [head = "", body = "", tail = ""] = token.split(".");
  const jwk = keys.find((key) => key.kid === parts(token).header.kid);
  if (!jwk) return false;
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  const message = Buffer.from(`${head}.${body}`);
  return verify("RSA-SHA256", message, key, Buffer.from(tail, "base64url"));
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

async function takes(token: string): Promise<boolean> {
  const answer = await ask("GET", "/api/auth/me", {
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.ok(answer.status === 200 || answer.status === 401, String(answer.status));
  return answer.status === 200;
}

await check("the published keys verify the tokens", async () => {
  const person = await someone();
  const keys = await published();
  assert.ok(keys.length >= 1);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    assert.equal(key.kty, "RSA");
    assert.ok(Buffer.from(key.n, "base64url").length >= 256, "at least 2048 bits");
  }
  assert.ok(verifies(person.token, keys));
  const { header, claims } = parts(person.token);
  assert.deepEqual(header, { alg: "RS256", typ: "JWT", kid: keys[0]?.kid });
  assert.equal(claims.sub, person.id);
  assert.equal(claims.role, "creator");
  assert.equal(Number(claims.exp) - Number(claims.iat), 1800);
});

await check("forged tokens are refused", async () => {
  const person = await someone();
  const keys = await published();
  const [head = "", body = "", tail = ""] = person.token.split(".");
  const { header, claims } = parts(person.token);
  const admin = encode({ ...claims, role: "admin" });
  const pem = createPublicKey({ key: { ...keys[0] }, format: "jwk" })
    .export({ type: "spki", format: "pem" })
    .toString();
  const hmacHead = encode({ ...header, alg: "HS256" });
  const hmac = (secret: string) =>
    createHmac("sha256", secret).update(`${hmacHead}.${admin}`).digest("base64url");
  const mine = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = (first: string) =>
    `${first}.${admin}.${sign("RSA-SHA256", Buffer.from(`${first}.${admin}`), mine.privateKey).toString("base64url")}`;
  const jwk = mine.publicKey.export({ format: "jwk" });
  const forged = [
    `${head}.${admin}.${tail}`,
    `${encode({ ...header, alg: "none" })}.${admin}.`,
    `${encode({ ...header, alg: "none" })}.${admin}.${tail}`,
    `${encode({ ...header, alg: "none" })}.${body}.`,
    `${hmacHead}.${admin}.${hmac(pem)}`,
    `${hmacHead}.${admin}.${hmac(pem.trim())}`,
    `${hmacHead}.${admin}.${hmac(keys[0]?.n ?? "")}`,
    foreign(head),
    foreign(encode({ ...header, kid: "mine" })),
    foreign(encode({ ...header, jwk })),
    `${person.token}=`,
    `${person.token}.`,
    person.token.slice(0, -2),
    `${head}.${body}`,
    "x",
  ];
  for (const token of forged) assert.equal(await takes(token), false, token);
  assert.equal(await takes(person.token), true);
});

await check("keys are rotated without signing anybody out", async () => {
  const person = await someone();
  const before = await published();
  const program = process.env.MATINEE_PROGRAM ?? "";
  assert.ok(program, "run.sh names the program");
  const run = spawnSync(program, ["keys", "rotate"], {
    encoding: "utf8",
    env: { ...process.env, MATINEE_HOME: home, PORT: "0" },
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(await takes(person.token), true, "tokens of the old key are good");
  assert.ok(verifies(person.token, await published()), "and the old key is still published");
  /* A server takes up a rotation that another process made once it sees a token of the new key, or within
   * a minute; asking the program for the keys shows that both are there. */
  const later = await someone();
  assert.equal(await takes(later.token), true);
  assert.ok((await published()).length >= before.length);
});

end();
