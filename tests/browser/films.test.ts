/**
 * Films of every ordinary kind play in the browser, and real recordings where the folder of clips is
 * there (MATINEE_CLIPS, else ../shared/clips beside the checkout): time goes on, frames are decoded.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { base, inPage, launch, setting, untilPlayback } from "./support.ts";

/** A real film of 1080 lines takes its time under the sanitizers. */
const PATIENCE_MS = 900_000;

const folder = mkdtempSync(join(tmpdir(), "matinee-kinds-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** File name and how ffmpeg makes it; each is a kind that people really have. */
const KINDS: Array<[string, string[]]> = [
  ["phone.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]],
  ["camera.mov", ["-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj422p", "-c:a", "pcm_s16le"]],
  ["disc.mkv", ["-c:v", "libx265", "-preset", "ultrafast", "-c:a", "ac3"]],
  ["page.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"]],
  ["silent.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-an"]],
];

/** Recordings among the clips that an ordinary person would upload. */
const CLIPS = [
  "real-1080p-22s.mp4",
  "odd/sample_video_only.mp4",
  "odd/sample_fragmented.mp4",
  "odd/sample_with_srt.mkv",
  "odd/bbb_642x642_768kbps_30fps_vp9.webm",
];

let browser: Browser;
let token = "";
before(async () => {
  browser = await launch();
  const email = setting("MATINEE_ADMIN_EMAIL");
  const password = setting("MATINEE_ADMIN_PASSWORD");
  const reply = await fetch(`${base}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  assert.equal(reply.status, 200);
  token = ((await reply.json()) as { access_token: string }).access_token;
});
after(() => browser.close());

function make(name: string, how: string[]): string {
  const path = join(folder, name);
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=6"];
  const tone = ["-f", "lavfi", "-i", "sine=frequency=330:duration=6"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...picture, ...tone, ...how, path], {
    stdio: ["ignore", "inherit", "ignore"],
  });
  return path;
}

interface Film {
  id: string;
  status: string;
  error: string | null;
  detail?: string;
}

/** Uploads the film and waits until it is ready; a failure is told in the server's words. */
async function ready(path: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const form = new FormData();
  form.set("title", basename(path));
  form.set("file", new Blob([readFileSync(path)]), basename(path));
  const sent = await fetch(`${base}/api/v1/videos`, { method: "POST", headers, body: form });
  let film = (await sent.json()) as Film;
  assert.equal(sent.status, 201, film.detail);
  const end = Date.now() + PATIENCE_MS;
  while (film.status !== "ready") {
    assert.notEqual(film.status, "failed", film.error ?? "");
    assert.ok(Date.now() < end, `still ${film.status}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    film = (await (await fetch(`${base}/api/v1/videos/${film.id}`, { headers })).json()) as Film;
  }
  return film.id;
}

async function plays(path: string): Promise<void> {
  const id = await ready(path);
  await inPage(browser, async ({ page }) => {
    await page.goto(`/watch/${id}`);
    const begin = await untilPlayback(page, "frames", (state) => state.frames > 3 && !state.error);
    await untilPlayback(
      page,
      "the film to go on",
      (state) => state.time > begin.time + 0.5 && state.frames > begin.frames,
    );
  });
}

for (const [name, how] of KINDS) {
  test(`${name} plays`, () => plays(make(name, how)));
}

const beside = fileURLToPath(new URL("../../../shared/clips", import.meta.url));
const clips = process.env.MATINEE_CLIPS ?? beside;
const found = existsSync(clips);
process.stdout.write(found ? `# with the clips of ${clips}\n` : "# without real recordings\n");
for (const name of CLIPS) {
  const path = join(clips, name);
  if (existsSync(path)) test(`${name} plays`, () => plays(path));
}
