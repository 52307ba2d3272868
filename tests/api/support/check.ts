/**
 * What the black-box tests share: counting cases in TAP, people, JSON, waiting. A test file calls
 * `check` for each case, one after another, and `end` last.
 */
import { strict as assert } from "node:assert";

export { assert };

export const server = need("MATINEE_URL");
export const home = need("MATINEE_TEST_HOME");
export const scratch = need("MATINEE_TEST_SCRATCH");

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} isn't set: these tests are started by tests/api/run.sh`);
  return value;
}

/** Writes one line of TAP. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

let count = 0;
let failed = 0;

/** Runs one case. A failure is told and the next case goes on. */
export async function check(name: string, run: () => Promise<void> | void): Promise<void> {
  count += 1;
  try {
    await run();
    say(`ok ${count} - ${name}`);
  } catch (error) {
    failed += 1;
    say(`not ok ${count} - ${name}`);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of text.split("\n").slice(0, 12)) say(`# ${line}`);
  }
}

/** Ends the file with its verdict. */
export function end(): never {
  say(`1..${count}`);
  process.exit(failed === 0 ? 0 : 1);
}

export interface Person {
  token: string;
  id: string;
  email: string;
}

export interface Rendition {
  name: string;
  kind: "video" | "audio";
  width: number;
  height: number;
  frame_rate: number;
  bandwidth_bps: number;
  average_bandwidth_bps: number;
  codecs: string;
  size_bytes: number;
}

export interface Video {
  id: string;
  title: string;
  description: string;
  visibility: string;
  status: string;
  playable: boolean;
  error: string | null;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  size_bytes: number;
  created_at_ms: number;
  published_at_ms: number | null;
  owner: { id: string; display_name: string };
  thumbnail: string | null;
  progress: { stage: string; percent: number } | null;
  renditions: Rendition[];
  playback: { hls: string | null; expires_at_ms: number | null };
}

export interface Problem {
  status: number;
  code: string;
  detail: string;
  field?: string;
}

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** One JSON request. */
export async function ask<Body>(
  method: string,
  path: string,
  options: { as?: Person; json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.as) headers.Authorization = `Bearer ${options.as.token}`;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(server + path, {
    method,
    headers,
    body: options.json !== undefined ? JSON.stringify(options.json) : options.body,
    redirect: "manual",
  });
  const text = await response.text();
  const type = response.headers.get("Content-Type") ?? "";
  const body = (type.includes("json") && text ? JSON.parse(text) : text) as Body;
  return { status: response.status, headers: response.headers, body };
}

let people = 0;

/** A new account, signed in. */
export async function someone(name = "Someone"): Promise<Person> {
  people += 1;
  const email = `p${process.pid}-${Date.now()}-${people}@example.org`;
  const answer = await ask<{ access_token: string; user: { id: string } }>(
    "POST",
    "/api/auth/register",
    { json: { email, password: "correct horse battery", display_name: name } },
  );
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return { token: answer.body.access_token, id: answer.body.user.id, email };
}

/** The administrator that the first start made. */
export async function admin(): Promise<Person> {
  const email = need("MATINEE_ADMIN_EMAIL");
  const answer = await ask<{ access_token: string; user: { id: string } }>(
    "POST",
    "/api/auth/login",
    { json: { email, password: need("MATINEE_ADMIN_PASSWORD") } },
  );
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return { token: answer.body.access_token, id: answer.body.user.id, email };
}

/** Uploads by form; returns the answer, whatever it is. */
export async function upload(
  as: Person | undefined,
  bytes: Uint8Array<ArrayBuffer>,
  fields: Record<string, string> = {},
  name = "film.mp4",
  order: "fields first" | "file first" = "fields first",
): Promise<Answer<Video & Problem>> {
  const form = new FormData();
  const addFields = (): void => {
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
  };
  if (order === "fields first") addFields();
  form.append("file", new Blob([bytes]), name);
  if (order === "file first") addFields();
  return ask<Video & Problem>("POST", "/api/v1/videos", { as, body: form });
}

export async function video(as: Person | undefined, id: string): Promise<Video> {
  const answer = await ask<Video>("GET", `/api/v1/videos/${id}`, { as });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again until the answer is there. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const began = Date.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() - began > limitMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await pause(100);
  }
}

/** Waits until processing is over, well or badly. */
export async function settled(as: Person, id: string, limitMs = 120_000): Promise<Video> {
  return until(
    `video ${id} to be ready or failed`,
    async () => {
      const now = await video(as, id);
      return (now.status === "ready" || now.status === "failed") && now;
    },
    limitMs,
  );
}
