/** Films that come in one multipart request. */
import { ask, assert, check, end, settled, someone, upload, video } from "../support/check.ts";
import { film } from "../support/films.ts";
import { filesOf, rows } from "../support/store.ts";

const ann = await someone("Ann");
const small = film("small.mp4");

await check("a form makes a video that is being processed", async () => {
  const sent = await upload(
    ann,
    small,
    { title: "Größe & Maß", description: "Line one\nline two", visibility: "unlisted" },
    "holiday.mp4",
  );
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  assert.match(sent.body.id, /^[A-Za-z0-9_][A-Za-z0-9_-]{10}$/);
  assert.equal(sent.headers.get("location"), `/api/v1/videos/${sent.body.id}`);
  assert.equal(sent.body.title, "Größe & Maß");
  assert.equal(sent.body.description, "Line one\nline two");
  assert.equal(sent.body.visibility, "unlisted");
  assert.equal(sent.body.owner.id, ann.id);
  assert.equal(sent.body.owner.display_name, "Ann");
  assert.equal(sent.body.size_bytes, small.length);
  assert.ok(["processing", "ready"].includes(sent.body.status));
  await settled(ann, sent.body.id);
});

await check("the title may be left out and the fields may follow the file", async () => {
  const named = await upload(ann, small, {}, "A day at the sea.mp4");
  assert.equal(named.body.title, "A day at the sea");
  assert.equal(named.body.visibility, "public");
  const late = await upload(
    ann,
    small,
    { title: "Late", description: "words", visibility: "private" },
    "x.mp4",
    "file first",
  );
  assert.equal(late.status, 201, JSON.stringify(late.body));
  assert.equal(late.body.title, "Late");
  assert.equal(late.body.description, "words");
  assert.equal(late.body.visibility, "private");
  await settled(ann, named.body.id);
  await settled(ann, late.body.id);
});

await check("hostile file names stay names", async () => {
  for (const name of ["../../etc/passwd", "..\\..\\boot.ini", ".", "%2e%2e%2f"]) {
    const sent = await upload(ann, small, { title: "t" }, name);
    assert.equal(sent.status, 201, `${JSON.stringify(name)}: ${JSON.stringify(sent.body)}`);
    const [kept] = rows(`SELECT source_name FROM videos WHERE id = '${sent.body.id}'`);
    assert.ok(!(kept ?? "").includes("/") && !(kept ?? "").includes("\\"), kept);
    const gone = await ask("DELETE", `/api/v1/videos/${sent.body.id}`, { as: ann });
    assert.equal(gone.status, 204);
  }
  assert.equal((await upload(ann, small, { title: "t" }, "a\u0007b.mp4")).status, 422);
});

await check("what can't be right is refused, and leaves nothing", async () => {
  const before = rows("SELECT count(*) FROM videos")[0];
  const anonymous = await upload(undefined, small, { title: "t" });
  assert.equal(anonymous.status, 401);
  const visibility = await upload(ann, small, { title: "t", visibility: "secret" });
  assert.equal(visibility.status, 422);
  assert.equal(visibility.body.field, "visibility");
  const long = await upload(ann, small, { title: "x".repeat(201) });
  assert.equal(long.status, 422);
  const unknown = await upload(ann, small, { colour: "red" });
  assert.equal(unknown.status, 422);
  const late = await upload(ann, small, { visibility: "secret" }, "x.mp4", "file first");
  assert.equal(late.status, 422);
  const empty = await upload(ann, new Uint8Array(0), { title: "t" });
  assert.equal(empty.status, 422, JSON.stringify(empty.body));
  const none = await ask("POST", "/api/v1/videos", { as: ann, body: new FormData() });
  assert.ok(none.status === 422 || none.status === 400, String(none.status));
  const json = await ask("POST", "/api/v1/videos", { as: ann, json: { title: "t" } });
  assert.equal(json.status, 415);
  assert.equal(rows("SELECT count(*) FROM videos")[0], before);
});

await check("what is plainly no film is told so at once", async () => {
  const page = new TextEncoder().encode("<!DOCTYPE html><html><body>hello</body></html>");
  const sent = await upload(ann, page, { title: "t" }, "film.mp4");
  assert.equal(sent.status, 415, JSON.stringify(sent.body));
  assert.match(sent.body.detail, /web page/);
});

await check("what only looks like a film fails with a sentence", async () => {
  const noise = new Uint8Array(20_000).map((_, at) => (at * 7919 + (at >> 3)) & 255);
  const sent = await upload(ann, noise, { title: "noise" });
  assert.equal(sent.status, 201);
  const over = await settled(ann, sent.body.id);
  assert.equal(over.status, "failed");
  assert.equal(over.playable, false);
  assert.equal(over.playback.hls, null);
  assert.match(over.error ?? "", /\w+ .*\.$/);
});

await check("a file over the limit is refused", async () => {
  const sent = await upload(ann, new Uint8Array(33 * 1024 * 1024 + 1), { title: "big" });
  assert.equal(sent.status, 413, JSON.stringify(sent.body));
});

await check("a form that breaks off leaves nothing", async () => {
  const { request } = await import("node:http");
  const { server } = await import("../support/check.ts");
  const before = rows("SELECT count(*) FROM videos")[0];
  const head =
    '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nbroken\r\n' +
    '--b\r\nContent-Disposition: form-data; name="file"; filename="f.mp4"\r\n\r\n';
  await new Promise<void>((resolve) => {
    const sent = request(`${server}/api/v1/videos`, {
      method: "POST",
      agent: false,
      headers: {
        Authorization: `Bearer ${ann.token}`,
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": "5000000",
      },
    });
    sent.on("error", () => resolve());
    sent.write(head);
    sent.write(Buffer.from(film("plain.mp4")), () =>
      setTimeout(() => {
        sent.destroy();
        resolve();
      }, 500),
    );
  });
  const { until } = await import("../support/check.ts");
  await until("the broken upload's row to go", async () =>
    rows("SELECT count(*) FROM videos")[0] === before ? true : undefined,
  );
  assert.deepEqual(filesOf("upload-"), []);
});

await check("quota counts what is there and what is announced", async () => {
  const ben = await someone("Ben");
  const first = await upload(ben, small, { title: "one" });
  assert.equal(first.status, 201);
  const now = await video(ben, first.body.id);
  assert.equal(now.size_bytes, small.length);
});

end();
