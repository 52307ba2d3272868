/** Videos as records: looking, changing, deleting, paging, submitting again. */
import {
  admin,
  ask,
  assert,
  check,
  end,
  type Person,
  type Problem,
  settled,
  someone,
  until,
  upload,
  type Video,
  video,
} from "../support/check.ts";
import { film } from "../support/films.ts";
import { filesOf, rows } from "../support/store.ts";
import { begin } from "../support/tus.ts";

const ann = await someone("Ann");
const ben = await someone("Ben");
const root = await admin();

async function send(as: Person, title: string, visibility = "unlisted"): Promise<Video> {
  const sent = await upload(as, film("web.webm"), { title, visibility }, "web.webm");
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  return sent.body;
}

const change = (as: Person | undefined, id: string, json: unknown) =>
  ask<Video & Problem>("PATCH", `/api/v1/videos/${id}`, { as, json });

await check("the owner changes words and visibility, part by part", async () => {
  const { id } = await send(ann, "before");
  const title = await change(ann, id, { title: "  after  " });
  assert.equal(title.status, 200);
  assert.equal(title.body.title, "after");
  assert.equal(title.body.visibility, "unlisted");
  const words = await change(ann, id, { description: "two\nlines", visibility: "private" });
  assert.equal(words.body.description, "two\nlines");
  assert.equal(words.body.title, "after");
  assert.equal((await change(ann, id, {})).status, 200);
  assert.equal((await video(ann, id)).title, "after");
  await settled(ann, id);
});

await check("what can't be right is refused", async () => {
  const { id } = await send(ann, "stays");
  for (const json of [
    { title: "" },
    { title: "x".repeat(201) },
    { title: 5 },
    { title: null, visibility: "secret" },
    { description: "x".repeat(5001) },
    { status: "ready" },
    { id: "AAAAAAAAAAA" },
    [],
  ]) {
    const answer = await change(ann, id, json);
    assert.ok(answer.status === 422 || answer.status === 400, JSON.stringify(json));
  }
  assert.equal((await video(ann, id)).title, "stays");
  await settled(ann, id);
});

await check("others may not change or delete; moderators may", async () => {
  const { id } = await send(ann, "mine");
  assert.equal((await change(undefined, id, { title: "x" })).status, 401);
  assert.equal((await change(ben, id, { title: "x" })).status, 403);
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ben })).status, 403);
  await change(ann, id, { visibility: "private" });
  assert.equal((await change(ben, id, { title: "x" })).status, 404);
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ben })).status, 404);
  assert.equal((await change(root, id, { title: "moderated" })).body.title, "moderated");
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: root })).status, 204);
});

await check("deleting leaves no row and no object", async () => {
  const { id } = await send(ann, "to go", "public");
  const made = await settled(ann, id);
  assert.equal(made.status, "ready", made.error ?? "");
  assert.ok(filesOf(id).length > 3, "source, renditions, indexes, still");
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ann })).status, 204);
  assert.deepEqual(filesOf(id), []);
  for (const [table, column] of [
    ["videos", "id"],
    ["video_files", "video_id"],
    ["uploads", "id"],
    ["renders", "video_id"],
  ])
    assert.deepEqual(rows(`SELECT ${column} FROM ${table} WHERE ${column} = '${id}'`), []);
  assert.deepEqual(rows(`SELECT name FROM blob_trash WHERE name LIKE '%${id}%'`), []);
  assert.equal((await ask("GET", `/api/v1/videos/${id}`, { as: ann })).status, 404);
  assert.equal((await ask("GET", `/media/${id}/master.m3u8`)).status, 404);
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ann })).status, 404);
});

await check("deleting while it is processed ends the work and leaves nothing", async () => {
  const { id } = await send(ann, "cut short");
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ann })).status, 204);
  await until("the job's leftovers to go", async () => {
    const left = [
      ...filesOf(id),
      ...filesOf("render-"),
      ...rows(`SELECT render FROM renders WHERE video_id='${id}'`),
      ...rows(`SELECT id FROM jobs WHERE subject='${id}' AND state IN ('ready','running')`),
    ];
    return left.length === 0;
  });
});

await check("deleting while it is uploaded leaves nothing", async () => {
  const { id, path } = await begin(ann, 1000);
  assert.equal((await ask("DELETE", `/api/v1/videos/${id}`, { as: ann })).status, 204);
  assert.deepEqual(filesOf(id), []);
  const { tus } = await import("../support/tus.ts");
  assert.equal((await tus("HEAD", path, { as: ann })).status, 404);
});

await check("pages meet every video once, newest first", async () => {
  const cat = await someone("Cat");
  const ids: string[] = [];
  for (let at = 0; at < 7; at += 1) ids.push((await begin(cat, 10 + at)).id);
  const seen: string[] = [];
  let cursor: string | null = "";
  do {
    const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await ask<{ items: Video[]; next_cursor: string | null }>(
      "GET",
      `/api/v1/videos?owner=me&limit=3${query}`,
      { as: cat },
    );
    assert.equal(page.status, 200);
    assert.ok(page.body.items.length <= 3);
    seen.push(...page.body.items.map((one) => one.id));
    cursor = page.body.next_cursor;
  } while (cursor);
  assert.deepEqual(seen, ids.reverse());
  for (const bad of ["limit=0", "limit=101", "limit=x", "cursor=zzz", "cursor=AAAA", "colour=1"]) {
    const answer = await ask("GET", `/api/v1/videos?${bad}`);
    assert.equal(answer.status, 422, bad);
  }
});

await check("a trailing slash leads to the same", async () => {
  assert.equal((await ask("GET", "/api/v1/videos/?limit=1")).status, 200);
});

await check("a video can be submitted again, by its owner, one at a time", async () => {
  const { id } = await send(ann, "again");
  const first = await settled(ann, id);
  assert.equal(first.status, "ready", first.error ?? "");
  const submit = (as: Person | undefined, video_id: unknown) =>
    ask<{ id: string; video_id: string; state: string }>("POST", "/jobs", {
      as,
      json: { video_id },
    });
  assert.equal((await submit(undefined, id)).status, 401);
  assert.equal((await submit(ben, id)).status, 403);
  assert.equal((await submit(ann, "AAAAAAAAAAA")).status, 404);
  assert.equal((await submit(ann, 5)).status, 422);
  const again = await submit(ann, id);
  assert.equal(again.status, 202, JSON.stringify(again.body));
  assert.equal(again.body.video_id, id);
  const busy = await submit(ann, id);
  assert.equal(busy.status, 409);
  const between = await video(ann, id);
  assert.equal(between.playable, true, "what was made before plays on");
  const second = await settled(ann, id);
  assert.equal(second.status, "ready", second.error ?? "");
  assert.equal(second.published_at_ms, first.published_at_ms);
  const [render] = rows(`SELECT render FROM videos WHERE id='${id}'`);
  await until("the first run's objects to go", async () =>
    filesOf(id).every((path) => path.includes("/source/") || path.includes(`/${render}/`)),
  );
  const { id: receiving } = await begin(ann, 1000);
  assert.equal((await submit(ann, receiving)).status, 409);
});

end();
