/**
 * What all browser tests share: a Chromium, pages that fail the test when anything in them goes
 * wrong, films made by ffmpeg, and accounts. The tests talk to the running Matinee at MATINEE_URL.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";

// The packages are installed beside the web application, not beside these tests.
const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core") as typeof import("playwright-core");

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1440, height: 900 };
export const PASSWORD = "a long enough password";

/** Longest wait for a small film to be processed on a busy machine. */
export const PROCESSING_MS = 120_000;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What the surroundings must tell; an empty or missing value fails the test. */
export function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} must be set; tests/browser/run.sh does so`);
  return value;
}

export const base = setting("MATINEE_URL").replace(/\/$/, "");

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A page and what went wrong in it so far. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  /** Names an error that belongs to the test, such as a refused sign-in. */
  expect(pattern: RegExp): void;
  /** Fails on console errors, thrown errors and breaches of the content security policy. */
  close(): Promise<void>;
}

export interface Look {
  /** Another way to the server than the direct one. */
  url?: string;
  viewport?: { width: number; height: number };
  colorScheme?: "light" | "dark";
}

export async function open(browser: Browser, look: Look = {}): Promise<Watched> {
  const context = await browser.newContext({
    baseURL: look.url ?? base,
    viewport: look.viewport ?? DESK,
    colorScheme: look.colorScheme ?? "light",
    locale: "en",
  });
  const page = await context.newPage();
  return watch(page, context);
}

/** Another tab of the same browser profile. */
export async function openTab(other: Watched): Promise<Watched> {
  return watch(await other.context.newPage(), other.context);
}

async function watch(page: Page, context: BrowserContext): Promise<Watched> {
  const wrong: string[] = [];
  const expected: RegExp[] = [];
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (message.type() === "error")
      wrong.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => wrong.push(`thrown: ${error.stack ?? error.message}`));
  await page.exposeFunction("tellBreach", (text: string) => wrong.push(`policy: ${text}`));
  // The tests' compiler names functions by a helper that pages do not have.
  await page.addInitScript({ content: "globalThis.__name = (value) => value" });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const tell = (window as unknown as { tellBreach(text: string): void }).tellBreach;
      tell(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`);
    });
  });
  return {
    page,
    context,
    expect: (pattern) => expected.push(pattern),
    async close() {
      await page.waitForTimeout(100);
      await page.close();
      if (context.pages().length === 0) await context.close();
      const left = wrong.filter((text) => !expected.some((pattern) => pattern.test(text)));
      assert.deepEqual(left, []);
    },
  };
}

/** Runs one test in a page of its own; the page's own errors fail it. */
export async function inPage(
  browser: Browser,
  run: (watched: Watched) => Promise<void>,
  look: Look = {},
): Promise<void> {
  const watched = await open(browser, look);
  try {
    await run(watched);
  } catch (error) {
    await shot(watched.page, `failed-${Date.now()}`).catch(() => undefined);
    throw error;
  }
  await watched.close();
}

/** What breaks the rules of WCAG 2.1 A and AA that a program can check, with where and why. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axeSource());
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary ?? ""}`),
    );
  });
}

function axeSource(): string {
  return readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
}

/** Saves what the page looks like into the folder SCREENSHOTS, when that is set. */
export async function shot(page: Page, name: string, fullPage = false): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

let count = 0;

export function newEmail(name: string): string {
  return `${name.replace(/\W+/g, "-")}-${process.pid}-${Date.now().toString(36)}-${++count}@example.org`;
}

/** Makes an account through the form; afterwards the page is signed in. */
export async function signUp(page: Page, name: string, email = newEmail(name.toLowerCase())) {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("button", { name: "Account" }).waitFor();
  return { email, name };
}

export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Account" }).waitFor();
}

const films = mkdtempSync(join(tmpdir(), "matinee-films-"));
process.on("exit", () => rmSync(films, { recursive: true, force: true }));

interface FilmKind {
  seconds?: number;
  size?: string;
  sound?: boolean;
  /** Many bytes for its length: about 4 MB a second at 640x360, more than sockets hold back. */
  bulky?: boolean;
}

/** Makes a small film; its picture moves and counts, so that every frame differs. */
export function film(
  name: string,
  { seconds = 6, size = "1280x720", sound = true, bulky = false }: FilmKind = {},
) {
  const path = join(films, name);
  const picture = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=24:duration=${seconds}`];
  const tone = sound ? ["-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`] : [];
  const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "48"];
  const noise = bulky ? ["-vf", "noise=alls=70:allf=t", "-qp", "6"] : [];
  const all = ["-v", "error", "-y", ...picture, ...tone, ...codecs, ...noise, "-c:a", "aac", path];
  execFileSync("ffmpeg", all);
  return path;
}

/** A file that calls itself a film and is none. */
export function noFilm(name: string): string {
  const path = join(films, name);
  writeFileSync(path, Buffer.alloc(50_000, "this is no film "));
  return path;
}

/** Drops files onto the page as a person does with the mouse. */
export async function drop(page: Page, paths: string[]): Promise<void> {
  const files = paths.map((path) => ({
    name: basename(path),
    data: readFileSync(path).toString("base64"),
  }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, data } of list) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: "video/mp4", lastModified: 1 }));
    }
    return transfer;
  }, files);
  await page.dispatchEvent("body", "dragenter", { dataTransfer });
  await page.getByText("Drop to upload").waitFor();
  await page.dispatchEvent("body", "dragover", { dataTransfer });
  await page.dispatchEvent("body", "drop", { dataTransfer });
}

export async function choose(page: Page, paths: string[]): Promise<void> {
  await page.getByLabel("Films to upload").setInputFiles(paths);
}

/** The part of the page that belongs to one upload. */
export function card(page: Page, title: string) {
  return page.getByRole("article", { name: title, exact: true });
}

/** Uploads and publishes a film and waits until it can be watched; answers the watch page's path. */
export async function publish(
  page: Page,
  path: string,
  { title, visibility = "Public" }: { title: string; visibility?: string },
): Promise<string> {
  await page.goto("/upload");
  await choose(page, [path]);
  await page.getByLabel("Title").fill(title);
  // Before it is published the card bears the name of the file.
  await page.getByRole("radio", { name: visibility }).check();
  await page.getByRole("button", { name: visibility === "Private" ? "Save" : "Publish" }).click();
  const watchLink = card(page, title).getByRole("link", { name: "Watch" });
  await watchLink.waitFor({ timeout: PROCESSING_MS });
  await card(page, title).getByText("Ready to watch").waitFor({ timeout: PROCESSING_MS });
  return (await watchLink.getAttribute("href")) ?? "";
}

/** What the video element says about itself now. */
export async function playback(page: Page) {
  return page.evaluate(() => {
    const video = document.querySelector("video");
    return {
      time: video?.currentTime ?? 0,
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      height: video?.videoHeight ?? 0,
      paused: video?.paused ?? true,
      duration: video?.duration ?? 0,
      error: video?.error?.message ?? null,
    };
  });
}

/** Plays on from near the beginning, for tests that would outlast a short film. */
export async function rewind(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const video = document.querySelector("video");
    if (!video) return;
    video.currentTime = 0.5;
    await video.play();
  });
}

export type Playback = Awaited<ReturnType<typeof playback>>;

/** Waits until the playback is as asked; tells the last state when it never is. */
export async function untilPlayback(
  page: Page,
  what: string,
  holds: (state: Playback) => boolean,
  timeoutMs = 30_000,
): Promise<Playback> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const state = await playback(page);
    if (holds(state)) return state;
    assert.ok(Date.now() < end, `waited for ${what}; the player said ${JSON.stringify(state)}`);
    await page.waitForTimeout(150);
  }
}
