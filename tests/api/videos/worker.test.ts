/**
 * Server and worker as two processes on the same data, as in a larger installation: progress and
 * results cross over by the database alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { assert, check, end, pause, scratch, until } from "../support/check.ts";
import type { Heard } from "../support/events.ts";
import { film } from "../support/films.ts";

const program = process.env.MATINEE_PROGRAM ?? "";
const house = mkdtempSync(join(scratch, "two-"));
const children = new Set<ChildProcess>();

function start(name: string, ...command: string[]): ChildProcess {
  const out = openSync(join(house, `${name}.out`), "w");
  const { DATABASE_URL: _shared, ...environment } = process.env;
  const child = spawn(program, command, {
    env: { ...environment, MATINEE_HOME: join(house, "home"), PORT: "0", LIMITS: "off" },
    stdio: ["ignore", out, openSync(join(house, `${name}.err`), "a")],
  });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on("exit", (code) => resolve(code)));
}

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

const front = start("server", "serve", "--no-worker");
const said = await until("the server's address", async () => {
  const text = readFileSync(join(house, "server.out"), "utf8");
  return text.includes("admin: ") && text;
});
process.env.MATINEE_URL = /address: (\S+)/.exec(said)?.[1] ?? "";
// The helpers take the server from the environment when they are loaded: these are their own.
const load = (path: string): Promise<unknown> => import(`${path}?two`);
const two = (await load("../support/check.ts")) as typeof import("../support/check.ts");
const { server, someone, upload, video, settled, ask } = two;

async function listen(id: string, token: string, enough: (heard: Heard[]) => boolean) {
  const stop = new AbortController();
  const heard: Heard[] = [];
  const answer = await fetch(`${server}/progress/${id}`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(part, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data) heard.push({ id: "", event: "progress", data: JSON.parse(data) });
    }
    if (enough(heard)) break;
  }
  stop.abort();
  return heard;
}

const ann = await someone("Ann");
const bytes = film("plain.mp4");

await check("without a worker a film waits", async () => {
  const sent = await upload(ann, bytes, { title: "waits", visibility: "unlisted" });
  await pause(1500);
  const now = await video(ann, sent.body.id);
  assert.equal(now.status, "processing");
  assert.equal(now.progress?.stage, "queued");
});

await check("a worker's progress reaches the server's listeners, in order", async () => {
  const sent = await upload(ann, bytes, { title: "heard", visibility: "unlisted" });
  const heard = listen(sent.body.id, ann.token, (so_far) =>
    so_far.some((one) => one.data.status === "ready" || one.data.status === "failed"),
  );
  await pause(300);
  const worker = start("worker", "worker");
  const events = await heard;
  const stages = events.map((one) => one.data.stage);
  assert.equal(stages[0], "queued");
  assert.equal(stages[stages.length - 1], "ready", JSON.stringify(events.slice(-1)));
  const order = ["queued", "probing", "encoding", "storing", "ready"];
  const places = stages.map((stage) => order.indexOf(stage));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    stages.join(" "),
  );
  const times = events.map((one) => one.data.updated_at_ms);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  const made = await video(ann, sent.body.id);
  assert.equal((await ask("GET", made.playback.hls ?? "")).status, 200);
  worker.kill("SIGTERM");
  assert.equal(await ended(worker), 0);
});

await check("a worker that is killed loses no film", async () => {
  const sent = await upload(ann, bytes, { title: "killed", visibility: "unlisted" });
  const first = start("killed", "worker");
  await until("the work to begin", async () => {
    const stage = (await video(ann, sent.body.id)).progress?.stage;
    return stage === "encoding" || stage === "probing" || stage === undefined;
  });
  first.kill("SIGKILL");
  await ended(first);
  const second = start("second", "worker");
  const made = await settled(ann, sent.body.id);
  assert.equal(made.status, "ready", made.error ?? "");
  second.kill("SIGTERM");
  assert.equal(await ended(second), 0);
});

await check("what another process made anew is played at once", async () => {
  const sent = await upload(ann, bytes, { title: "anew", visibility: "unlisted" });
  const worker = start("anew", "worker");
  const made = await settled(ann, sent.body.id);
  const segment = `/media/${made.id}/${made.renditions[0]?.name}/0.m4s`;
  assert.equal((await ask("GET", segment)).status, 200);
  const again = await ask("POST", "/jobs", { as: ann, json: { video_id: made.id } });
  assert.equal(again.status, 202);
  await until("the second run", async () => {
    assert.equal((await ask("GET", segment)).status, 200, "it plays all the while");
    return (await video(ann, made.id)).status === "ready";
  });
  for (let times = 0; times < 20; times += 1) {
    assert.equal((await ask("GET", segment)).status, 200);
    await pause(20);
  }
  worker.kill("SIGTERM");
  assert.equal(await ended(worker), 0);
});

front.kill("SIGTERM");
await check("the server ends in good order", async () => {
  assert.equal(await ended(front), 0);
});

end();
