/** tus 1.0.0 header by header: what the protocol demands, and what goes wrong. */
import { createHash } from "node:crypto";

import { assert, check, end, pause, settled, someone, until, video } from "../support/check.ts";
import { film } from "../support/films.ts";
import { filesOf, rows } from "../support/store.ts";
import { begin, metadata, offset, patch, tus } from "../support/tus.ts";

const ann = await someone("Ann");
const ben = await someone("Ben");
const bytes = film("small.mp4");
const half = Math.floor(bytes.length / 2);

await check("OPTIONS tells version, extensions, algorithms and the limit", async () => {
  const answer = await tus("OPTIONS", "/api/v1/uploads", { plain: true });
  assert.ok(answer.status === 204 || answer.status === 200);
  assert.equal(answer.headers["tus-resumable"], "1.0.0");
  assert.equal(answer.headers["tus-version"], "1.0.0");
  assert.equal(answer.headers["tus-max-size"], String(32 * 1024 * 1024));
  const extensions = String(answer.headers["tus-extension"]).split(",");
  for (const one of ["creation", "creation-with-upload", "termination", "checksum", "expiration"])
    assert.ok(extensions.includes(one), one);
  const one = await tus("OPTIONS", "/api/v1/uploads/AAAAAAAAAAA", { plain: true });
  assert.equal(one.headers["tus-extension"], answer.headers["tus-extension"]);
  const algorithms = String(answer.headers["tus-checksum-algorithm"]).split(",");
  assert.ok(algorithms.includes("sha1"));
});

await check("an upload in two pieces becomes a video", async () => {
  const words = { filename: "two pieces.mp4", description: "d", visibility: "unlisted" };
  const { path, id, answer } = await begin(ann, bytes.length, words);
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.headers["tus-resumable"], "1.0.0");
  assert.match(path, /^\/api\/v1\/uploads\/[\w-]{11}$/);
  assert.ok(Date.parse(String(answer.headers["upload-expires"])) > Date.now());
  const row = await video(ann, id);
  assert.equal(row.status, "uploading");
  assert.equal(row.title, "two pieces");
  assert.equal(row.progress?.stage, "uploading");
  const first = await patch(ann, path, 0, bytes.subarray(0, half));
  assert.equal(first.status, 204, first.body);
  assert.equal(first.headers["upload-offset"], String(half));
  const head = await tus("HEAD", path, { as: ann });
  assert.equal(head.status, 200);
  assert.equal(head.headers["upload-offset"], String(half));
  assert.equal(head.headers["upload-length"], String(bytes.length));
  assert.equal(head.headers["upload-metadata"], metadata(words));
  assert.match(String(head.headers["cache-control"]), /no-store/);
  const second = await patch(ann, path, half, bytes.subarray(half));
  assert.equal(second.status, 204, second.body);
  assert.equal(second.headers["upload-offset"], String(bytes.length));
  assert.notEqual((await video(ann, id)).status, "uploading");
  assert.equal(await offset(ann, path), bytes.length, "a finished upload still tells its offset");
  const over = await settled(ann, id);
  assert.equal(over.visibility, "unlisted");
  assert.equal(over.size_bytes, bytes.length);
});

await check("creation may carry the first bytes, or all", async () => {
  const answer = await tus("POST", "/api/v1/uploads", {
    as: ann,
    body: bytes,
    headers: {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Length": String(bytes.length),
    },
  });
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.headers["upload-offset"], String(bytes.length));
  const id = String(answer.headers["matinee-video-id"]);
  assert.notEqual((await video(ann, id)).status, "uploading");
  assert.equal((await video(ann, id)).title, "Untitled");
});

await check("the length may come later", async () => {
  const answer = await tus("POST", "/api/v1/uploads", {
    as: ann,
    headers: { "Upload-Defer-Length": "1" },
  });
  assert.equal(answer.status, 201, answer.body);
  const path = String(answer.headers.location);
  const head = await tus("HEAD", path, { as: ann });
  assert.equal(head.headers["upload-defer-length"], "1");
  assert.equal(head.headers["upload-length"], undefined);
  await patch(ann, path, 0, bytes.subarray(0, half));
  const rest = await patch(ann, path, half, bytes.subarray(half), {
    headers: { "Upload-Length": String(bytes.length) },
  });
  assert.equal(rest.status, 204, rest.body);
  assert.notEqual((await video(ann, path.slice(-11))).status, "uploading");
});

await check("a piece that breaks off is kept, and the rest follows", async () => {
  const { path, id } = await begin(ann, bytes.length);
  await patch(ann, path, 0, bytes, { breakAfter: half });
  const have = await until("some of the piece", async () => {
    const answer = await tus("HEAD", path, { as: ann });
    return answer.status === 200 && Number(answer.headers["upload-offset"]);
  });
  assert.ok(have > 0 && have <= half, String(have));
  const rest = await until("the rest to be taken", async () => {
    const now = await offset(ann, path);
    const answer = await patch(ann, path, now, bytes.subarray(now));
    return answer.status === 204 && answer;
  });
  assert.equal(rest.headers["upload-offset"], String(bytes.length));
  assert.equal((await settled(ann, id)).size_bytes, bytes.length);
});

await check("a wrong offset is 409 and changes nothing", async () => {
  const { path } = await begin(ann, bytes.length);
  for (const wrong of [1, half, bytes.length + 5]) {
    const answer = await patch(ann, path, wrong, bytes.subarray(0, 10));
    assert.equal(answer.status, 409, answer.body);
  }
  assert.equal(await offset(ann, path), 0);
  const missing = await tus("PATCH", path, {
    as: ann,
    body: bytes,
    headers: { "Content-Type": "application/offset+octet-stream" },
  });
  assert.equal(missing.status, 400);
  const garbage = await patch(ann, path, 0, bytes, { headers: { "Upload-Offset": "zero" } });
  assert.equal(garbage.status, 400);
});

await check("two connections don't write at once", async () => {
  const { path } = await begin(ann, bytes.length);
  const slow = patch(ann, path, 0, bytes, { breakAfter: half });
  await pause(100);
  const other = await patch(ann, path, 0, bytes);
  assert.ok(other.status === 423 || other.status === 409, String(other.status));
  await slow;
});

await check("the version must be spoken", async () => {
  const none = await tus("POST", "/api/v1/uploads", {
    as: ann,
    plain: true,
    headers: { "Upload-Length": "10" },
  });
  assert.equal(none.status, 412);
  assert.equal(none.headers["tus-version"], "1.0.0");
  const { path } = await begin(ann, 10);
  const old = await tus("HEAD", path, { as: ann, headers: { "Tus-Resumable": "0.2.2" } });
  assert.equal(old.status, 412);
});

await check("a piece must be of the right type", async () => {
  const { path } = await begin(ann, bytes.length);
  const answer = await patch(ann, path, 0, bytes, { headers: { "Content-Type": "video/mp4" } });
  assert.equal(answer.status, 415);
  assert.equal(await offset(ann, path), 0);
});

await check("checksums are checked, and a wrong piece is thrown away", async () => {
  const { path } = await begin(ann, bytes.length);
  const piece = bytes.subarray(0, half);
  const wrong = createHash("sha1").update("something else").digest("base64");
  const bad = await patch(ann, path, 0, piece, { headers: { "Upload-Checksum": `sha1 ${wrong}` } });
  assert.equal(bad.status, 460, bad.body);
  assert.equal(await offset(ann, path), 0);
  for (const [at, algorithm] of [
    [0, "sha1"],
    [1, "sha256"],
    [2, "md5"],
  ] as const) {
    const third = Math.floor(half / 3);
    const part = bytes.subarray(at * third, (at + 1) * third);
    const sum = createHash(algorithm).update(part).digest("base64");
    const good = await patch(ann, path, at * third, part, {
      headers: { "Upload-Checksum": `${algorithm} ${sum}` },
    });
    assert.equal(good.status, 204, good.body);
  }
  const unknown = await patch(ann, path, await offset(ann, path), piece, {
    headers: { "Upload-Checksum": "crc32 AAAA" },
  });
  assert.equal(unknown.status, 400);
});

await check("a piece with a checksum that breaks off is thrown away", async () => {
  const { path } = await begin(ann, bytes.length);
  const sum = createHash("sha1").update(bytes).digest("base64");
  await patch(ann, path, 0, bytes, {
    headers: { "Upload-Checksum": `sha1 ${sum}` },
    breakAfter: half,
  });
  await until("the stage to be given up", async () => {
    const answer = await patch(ann, path, 0, bytes, {
      headers: { "Upload-Checksum": `sha1 ${sum}` },
    });
    return answer.status === 204;
  });
});

await check("more bytes than announced are refused", async () => {
  const { path } = await begin(ann, 100);
  const answer = await patch(ann, path, 0, bytes.subarray(0, 101));
  assert.equal(answer.status, 413, answer.body);
  const have = await offset(ann, path);
  assert.ok(have <= 100);
});

await check("lengths and limits at creation", async () => {
  for (const length of ["-1", "abc", "", "1e3", "99999999999999999999"]) {
    const answer = await tus("POST", "/api/v1/uploads", {
      as: ann,
      headers: { "Upload-Length": length },
    });
    assert.equal(answer.status, 400, `${length}: ${answer.status}`);
  }
  const none = await tus("POST", "/api/v1/uploads", { as: ann });
  assert.equal(none.status, 400);
  const large = await begin(ann, 32 * 1024 * 1024 + 1);
  assert.equal(large.answer.status, 413);
  const empty = await begin(ann, 0);
  assert.equal(empty.answer.status, 422);
});

await check("announced bytes count against the quota, given up ones don't", async () => {
  const cat = await someone("Cat");
  const first = await begin(cat, 30 * 1024 * 1024);
  assert.equal(first.answer.status, 201);
  const second = await begin(cat, 30 * 1024 * 1024);
  assert.equal(second.answer.status, 413);
  assert.match(second.answer.body, /"code":"quota"/);
  assert.equal((await tus("DELETE", first.path, { as: cat })).status, 204);
  assert.equal((await begin(cat, 30 * 1024 * 1024)).answer.status, 201);
});

await check("metadata is hostile until checked", async () => {
  const bad = [
    "filename !!!",
    `filename ${Buffer.from("a").toString("base64")},filename ${Buffer.from("b").toString("base64")}`,
    `title ${Buffer.from([0xff, 0xfe]).toString("base64")}`,
    `title ${Buffer.from("x".repeat(201)).toString("base64")}`,
    `title ${Buffer.from("bell\u0007").toString("base64")}`,
    `visibility ${Buffer.from("secret").toString("base64")}`,
    ",",
    `${"x".repeat(300)} YQ==`,
  ];
  for (const header of bad) {
    const answer = await tus("POST", "/api/v1/uploads", {
      as: ann,
      headers: { "Upload-Length": "10", "Upload-Metadata": header },
    });
    assert.ok(answer.status === 400 || answer.status === 422, `${header}: ${answer.status}`);
  }
  const odd = await begin(ann, 10, {
    filename: "../../../etc/cron.d/x\u0000\u0001",
    relativePath: "null",
    title: "  Spaces  ",
  });
  assert.equal(odd.answer.status, 201, odd.answer.body);
  assert.equal((await video(ann, odd.id)).title, "Spaces");
  assert.deepEqual(rows(`SELECT source_name FROM videos WHERE id='${odd.id}'`), ["x"]);
  const spaced = await tus("POST", "/api/v1/uploads", {
    as: ann,
    headers: { "Upload-Length": "10", "Upload-Metadata": "filename YS5tcDQ= ,\ttitle dGFi" },
  });
  if (spaced.status === 201) {
    const head = await tus("HEAD", String(spaced.headers.location), { as: ann });
    assert.equal(head.status, 200, "what was taken can be told back");
  }
  const bare = await begin(ann, 10, { filename: "" });
  assert.equal(bare.answer.status, 201, bare.answer.body);
});

await check("uploads of others look as if they weren't there", async () => {
  const { path, id } = await begin(ann, 100);
  assert.equal((await tus("HEAD", path, { as: ben })).status, 404);
  assert.equal((await patch(ben, path, 0, bytes.subarray(0, 5))).status, 404);
  assert.equal((await tus("DELETE", path, { as: ben })).status, 404);
  assert.equal((await tus("HEAD", path)).status, 401);
  assert.equal((await tus("HEAD", "/api/v1/uploads/AAAAAAAAAAA", { as: ann })).status, 404);
  assert.equal((await video(ann, id)).status, "uploading");
});

await check("DELETE gives up an upload and leaves nothing", async () => {
  const { path, id } = await begin(ann, bytes.length);
  await patch(ann, path, 0, bytes.subarray(0, half));
  assert.equal(filesOf(id).length, 1);
  assert.equal((await tus("DELETE", path, { as: ann })).status, 204);
  assert.equal((await tus("HEAD", path, { as: ann })).status, 404);
  assert.deepEqual(filesOf(id), []);
  assert.deepEqual(rows(`SELECT id FROM videos WHERE id='${id}'`), []);
  assert.deepEqual(rows(`SELECT id FROM uploads WHERE id='${id}'`), []);
});

await check("a finished upload isn't given up by DELETE", async () => {
  const { path } = await begin(ann, bytes.length);
  await patch(ann, path, 0, bytes);
  assert.equal((await tus("DELETE", path, { as: ann })).status, 403);
});

await check("methods may be named in a header", async () => {
  const { path } = await begin(ann, bytes.length);
  const sent = await tus("POST", path, {
    as: ann,
    body: bytes.subarray(0, half),
    headers: {
      "X-HTTP-Method-Override": "PATCH",
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": "0",
    },
  });
  assert.equal(sent.status, 204, sent.body);
  const gone = await tus("POST", path, {
    as: ann,
    headers: { "X-HTTP-Method-Override": "DELETE", "Content-Length": "0" },
  });
  assert.equal(gone.status, 204, gone.body);
});

await check(
  "what is plainly no film is refused at its first bytes, and leaves nothing",
  async () => {
    const pdf = Buffer.from(`%PDF-1.7\n${"x".repeat(1000)}`);
    const { path, id } = await begin(ann, pdf.length);
    const answer = await patch(ann, path, 0, pdf);
    assert.equal(answer.status, 415, answer.body);
    assert.match(answer.body, /PDF/);
    assert.deepEqual(filesOf(id), []);
    assert.deepEqual(rows(`SELECT id FROM videos WHERE id='${id}'`), []);
  },
);

await check("an expired upload is gone", async () => {
  const { path, id } = await begin(ann, 100);
  rows(`UPDATE uploads SET expires_at_ms = 1 WHERE id = '${id}'`);
  const answer = await tus("HEAD", path, { as: ann });
  assert.ok(answer.status === 410 || answer.status === 404, String(answer.status));
});

end();
