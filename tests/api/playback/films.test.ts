/** Films of every ordinary kind, from upload to what a player reads. */
import { spawnSync } from "node:child_process";

import {
  ask,
  assert,
  check,
  end,
  server,
  settled,
  someone,
  upload,
  type Video,
} from "../support/check.ts";
import { film, recipes } from "../support/films.ts";

const ann = await someone("Ann");

/** Reads a stream as a player would; any warning is a failure. */
function probe(url: string, ...more: string[]): Record<string, string>[] {
  const run = spawnSync(
    "ffprobe",
    ["-v", "warning", "-of", "json", "-show_streams", ...more, url],
    { encoding: "utf8", timeout: 60_000 },
  );
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stderr, "", `${url}: ${run.stderr}`);
  return (JSON.parse(run.stdout) as { streams: Record<string, string>[] }).streams;
}

/** Decodes everything; any warning is a failure. */
function decode(url: string): void {
  const run = spawnSync("ffmpeg", ["-v", "warning", "-xerror", "-i", url, "-f", "null", "-"], {
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stderr, "", `${url}: ${run.stderr}`);
}

function checkRenditions(made: Video): void {
  const pictures = made.renditions.filter((one) => one.kind === "video");
  assert.ok(made.renditions.length > 0);
  for (let at = 1; at < pictures.length; at += 1) {
    const larger = pictures[at - 1];
    const smaller = pictures[at];
    assert.ok(larger && smaller && larger.height > smaller.height);
  }
  for (const one of made.renditions) {
    assert.ok(one.bandwidth_bps >= one.average_bandwidth_bps && one.average_bandwidth_bps > 0);
    assert.ok(one.size_bytes > 0);
    assert.match(one.codecs, one.kind === "video" ? /^avc1\.[0-9a-f]{6}$/i : /^mp4a\.40\.\d+$/);
    if (one.kind === "video") assert.ok(one.width > 0 && one.frame_rate > 0);
  }
}

function checkMaster(made: Video, master: string): void {
  assert.ok(master.startsWith("#EXTM3U\n#EXT-X-VERSION:7\n"), master);
  assert.ok(master.includes("\n#EXT-X-INDEPENDENT-SEGMENTS\n"));
  const audio = made.renditions.find((one) => one.kind === "audio");
  for (const one of made.renditions.filter((each) => each.kind === "video")) {
    const at = master.indexOf(`\n${one.name}/index.m3u8`);
    assert.ok(at > 0, `${one.name} in ${master}`);
    const line = master.slice(master.lastIndexOf("\n", at - 1) + 1, at);
    assert.ok(line.includes(`RESOLUTION=${one.width}x${one.height}`), line);
    assert.ok(line.includes(`BANDWIDTH=${one.bandwidth_bps + (audio?.bandwidth_bps ?? 0)},`), line);
    const codecs = audio ? `${one.codecs},${audio.codecs}` : one.codecs;
    assert.ok(line.includes(`CODECS="${codecs}"`), line);
    assert.match(line, /FRAME-RATE=\d+\.\d{3}/);
    if (audio) assert.ok(line.includes('AUDIO="audio"'), line);
  }
}

for (const name of Object.keys(recipes)) {
  await check(`${name} plays in every rendition`, async () => {
    const sent = await upload(ann, film(name), { title: name, visibility: "unlisted" }, name);
    assert.equal(sent.status, 201, JSON.stringify(sent.body));
    const made = await settled(ann, sent.body.id);
    assert.equal(made.status, "ready", made.error ?? "");
    assert.equal(made.playable, true);
    assert.equal(made.error, null);
    assert.equal(made.progress, null);
    assert.ok(made.duration_ms !== null && made.duration_ms > 500, String(made.duration_ms));
    assert.ok(made.published_at_ms !== null);
    checkRenditions(made);
    const hls = made.playback.hls;
    assert.equal(hls, `/media/${made.id}/master.m3u8`);
    const master = await ask<string>("GET", hls);
    assert.equal(master.headers.get("content-type"), "application/vnd.apple.mpegurl");
    checkMaster(made, master.body);
    const streams = probe(server + hls);
    assert.ok(streams.length >= made.renditions.length, `${streams.length} streams`);
    for (const one of made.renditions) {
      const url = `${server}/media/${made.id}/${one.name}/index.m3u8`;
      const [stream] = probe(url, "-count_packets");
      assert.equal(stream?.codec_type, one.kind);
      if (one.kind === "video") assert.equal(Number(stream?.height), one.height);
      decode(url);
    }
    if (made.renditions.some((one) => one.kind === "video")) {
      assert.ok(made.thumbnail);
      const still = await fetch(server + made.thumbnail);
      assert.equal(still.headers.get("content-type"), "image/jpeg");
      const bytes = new Uint8Array(await still.arrayBuffer());
      assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
    }
  });
}

end();
