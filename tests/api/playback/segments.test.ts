/** Segments as files: ranges, conditions, caching, and what isn't there. */
import { ask, assert, check, end, server, settled, someone, upload } from "../support/check.ts";
import { film } from "../support/films.ts";

const ann = await someone("Ann");
const sent = await upload(ann, film("web.webm"), { title: "t", visibility: "unlisted" }, "w.webm");
const made = await settled(ann, sent.body.id);
assert.equal(made.status, "ready", made.error ?? "");
const first = made.renditions[0];
assert.ok(first);
const folder = `/media/${made.id}/${first.name}`;
const list = await ask<string>("GET", `${folder}/index.m3u8`);
const names = list.body.split("\n").filter((line) => line && !line.startsWith("#"));
const init = /URI="([^"]+)"/.exec(list.body)?.[1] ?? "";
const segment = `${folder}/${names[0]}`;
const whole = new Uint8Array(await (await fetch(server + segment)).arrayBuffer());

await check("the playlist is whole", () => {
  assert.ok(list.body.startsWith("#EXTM3U\n"));
  assert.ok(list.body.includes("#EXT-X-PLAYLIST-TYPE:VOD\n"));
  assert.ok(list.body.endsWith("#EXT-X-ENDLIST\n"));
  const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(list.body)?.[1]);
  const durations = [...list.body.matchAll(/#EXTINF:([\d.]+),/g)].map((one) => Number(one[1]));
  assert.equal(durations.length, names.length);
  for (const one of durations) assert.ok(Math.round(one) <= target, `${one} over ${target}`);
  const sum = durations.reduce((total, one) => total + one, 0);
  assert.ok(Math.abs(sum * 1000 - (made.duration_ms ?? 0)) < 500, `${sum} s`);
});

await check("initialisation and segments are fragments of one file", async () => {
  const start = new Uint8Array(await (await fetch(`${server}${folder}/${init}`)).arrayBuffer());
  assert.equal(Buffer.from(start.subarray(4, 8)).toString(), "ftyp");
  const box = Buffer.from(whole.subarray(4, 8)).toString();
  assert.ok(["styp", "moof", "sidx", "prft", "emsg"].includes(box), box);
  assert.ok(Buffer.from(whole).includes("mdat"));
});

await check("types, tags and caching", async () => {
  const answer = await fetch(server + segment);
  assert.equal(answer.headers.get("content-type"), "video/iso.segment");
  assert.match(answer.headers.get("cache-control") ?? "", /public.*immutable/);
  assert.match(answer.headers.get("etag") ?? "", /^"[^"]+"$/);
  assert.equal(answer.headers.get("accept-ranges"), "bytes");
  const start = await fetch(`${server}${folder}/${init}`);
  assert.equal(start.headers.get("content-type"), "video/mp4");
  const bare = await fetch(`${server}${folder}/0.m4s`);
  assert.equal(bare.headers.get("cache-control"), "no-cache");
  assert.notEqual(start.headers.get("etag"), answer.headers.get("etag"));
});

await check("HEAD tells the size", async () => {
  const head = await fetch(server + segment, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), String(whole.length));
  assert.equal((await head.arrayBuffer()).byteLength, 0);
});

await check("ranges are cut right", async () => {
  const size = whole.length;
  const cases: [string, number, number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=10-99", 10, 100],
    ["bytes=100-", 100, size],
    ["bytes=-7", size - 7, size],
    [`bytes=5-${size + 1000}`, 5, size],
  ];
  for (const [range, from, to] of cases) {
    const answer = await fetch(server + segment, { headers: { Range: range } });
    assert.equal(answer.status, 206, range);
    assert.equal(answer.headers.get("content-range"), `bytes ${from}-${to - 1}/${size}`);
    const part = new Uint8Array(await answer.arrayBuffer());
    assert.deepEqual(part, whole.subarray(from, to), range);
  }
  const beyond = await fetch(server + segment, { headers: { Range: `bytes=${size}-` } });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get("content-range"), `bytes */${size}`);
});

await check("conditions are heard", async () => {
  const etag = (await fetch(server + segment)).headers.get("etag") ?? "";
  const same = await fetch(server + segment, { headers: { "If-None-Match": etag } });
  assert.equal(same.status, 304);
  const other = await fetch(server + segment, { headers: { "If-None-Match": '"other"' } });
  assert.equal(other.status, 200);
  await other.arrayBuffer();
  const range = { Range: "bytes=0-9" };
  const fresh = await fetch(server + segment, { headers: { ...range, "If-Range": etag } });
  assert.equal(fresh.status, 206);
  const stale = await fetch(server + segment, { headers: { ...range, "If-Range": '"other"' } });
  assert.equal(stale.status, 200);
  await stale.arrayBuffer();
  const playlist = await fetch(`${server}/media/${made.id}/master.m3u8`);
  const again = await fetch(`${server}/media/${made.id}/master.m3u8`, {
    headers: { "If-None-Match": playlist.headers.get("etag") ?? "" },
  });
  assert.equal(again.status, 304);
});

await check("what isn't there is 404, whatever it's called", async () => {
  for (const path of [
    `${folder}/${names.length}.m4s`,
    `${folder}/999999999.m4s`,
    `${folder}/-1.m4s`,
    `${folder}/one.m4s`,
    `${folder}/99999999999999999999.m4s`,
    `/media/${made.id}/9999p/index.m3u8`,
    `/media/${made.id}/AUDIO/index.m3u8`,
    `/media/${made.id}/..%2f..%2fsource/index.m3u8`,
    `/media/${made.id}/a.b/init.mp4`,
    `/media/${made.id}/thumbnail.png`,
    "/media/AAAAAAAAAAA/master.m3u8",
    "/media/x/master.m3u8",
    `/media/${"x".repeat(64)}/master.m3u8`,
  ]) {
    const answer = await ask("GET", path);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
  }
});

end();
