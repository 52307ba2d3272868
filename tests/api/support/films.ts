/** Small films of every ordinary kind, made by ffmpeg on first use and kept for the whole run. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

import { scratch } from "./check.ts";

const picture = (size: string, rate: number, seconds: number): string[] => [
  "-f",
  "lavfi",
  "-i",
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
];
const tone = (seconds: number): string[] => [
  "-f",
  "lavfi",
  "-i",
  `sine=frequency=440:sample_rate=48000:duration=${seconds}`,
];
const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
const aac = ["-c:a", "aac", "-b:a", "64k"];
const vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "200k"];

/** Name → what ffmpeg is told. The name's ending chooses the container. */
export const recipes: Record<string, string[]> = {
  "plain.mp4": [...picture("426x240", 25, 5), ...tone(5), ...h264, ...aac],
  "small.mp4": [...picture("256x144", 25, 1), ...tone(1), ...h264, ...aac],
  "silent.mp4": [...picture("320x240", 24, 2), ...h264],
  "apple.mov": [...picture("426x240", 30, 3), ...tone(3), ...h264, "-c:a", "pcm_s16le"],
  "matroska.mkv": [...picture("426x240", 25, 3), ...tone(3), ...h264, "-c:a", "libopus"],
  "web.webm": [...picture("320x180", 25, 2), ...tone(2), ...vp9, "-c:a", "libopus"],
  "upright.mp4": [...picture("240x426", 25, 2), ...tone(2), ...h264, ...aac],
  "sound.m4a": [...tone(3), ...aac],
};

/** The path of the film. */
export function filmPath(name: string): string {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`there is no recipe for ${name}`);
  const path = join(scratch, name);
  if (existsSync(path)) return path;
  const made = join(scratch, `making-${process.pid}-${name}`);
  const run = spawnSync("ffmpeg", ["-v", "error", "-y", ...recipe, made], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`ffmpeg couldn't make ${name}: ${run.stderr}`);
  renameSync(made, path);
  return path;
}

export function film(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(filmPath(name)));
}
