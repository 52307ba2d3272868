/** Uploading under difficulties: pause, a lost connection, a reload, several at once, refusals. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  card,
  choose,
  film,
  inPage,
  launch,
  noFilm,
  PROCESSING_MS,
  shot,
  signUp,
} from "./support.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Slows the page's line, so that a small film takes seconds; `null` makes it quick again. */
async function throttle(page: Page, bytesPerSecond: number | null): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond ?? -1,
  });
  await session.detach();
}

async function sent(page: Page, title: string): Promise<number> {
  const bar = card(page, title).getByRole("progressbar", { name: "Upload" });
  return Number(
    (await bar.getAttribute("aria-valuenow", { timeout: 1000 }).catch(() => null)) ?? 0,
  );
}

async function untilSent(page: Page, title: string, least: number): Promise<number> {
  const end = Date.now() + 60_000;
  for (;;) {
    const now = await sent(page, title);
    if (now >= least) return now;
    assert.ok(Date.now() < end, `${title}: ${least} % were never sent, only ${now} %`);
    await page.waitForTimeout(50);
  }
}

async function untilReady(page: Page, title: string): Promise<void> {
  await card(page, title).getByText("Ready to watch").waitFor({ timeout: PROCESSING_MS });
}

test("tells speed and time left, pauses, resumes, and ends as a whole film", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Paula");
    const path = film("pausing.mp4", { seconds: 6 });
    await page.goto("/upload");
    await throttle(page, 150_000);
    await choose(page, [path]);
    await card(page, "pausing")
      .getByText(/MB of .*kB\/s.* left/)
      .waitFor();
    await untilSent(page, "pausing", 10);
    await shot(page, "upload-sending-1440-light");
    await page.getByRole("button", { name: "Pause pausing" }).click();
    await card(page, "pausing").getByText("Paused").waitFor();
    const held = await sent(page, "pausing");
    await page.waitForTimeout(1200);
    assert.equal(await sent(page, "pausing"), held);
    await throttle(page, null);
    await page.getByRole("button", { name: "Resume pausing" }).click();
    await untilReady(page, "pausing");
  });
});

test("goes on by itself when the connection comes back", async () => {
  await inPage(browser, async ({ page, context, expect }) => {
    expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
    await signUp(page, "Wanda");
    await page.goto("/upload");
    await throttle(page, 200_000);
    await choose(page, [film("wavering.mp4", { seconds: 6 })]);
    await untilSent(page, "wavering", 10);
    await context.setOffline(true);
    await card(page, "wavering").getByText("Connection lost").waitFor();
    await page.getByText("can't be reached").waitFor();
    await shot(page, "upload-offline-1440-light");
    await context.setOffline(false);
    await untilReady(page, "wavering");
    await page.getByText("can't be reached").waitFor({ state: "detached" });
  });
});

test("goes on after a reload when the file is chosen again", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Ruth");
    const path = film("reloaded.mp4", { seconds: 6 });
    await page.goto("/upload");
    await throttle(page, 200_000);
    await choose(page, [path]);
    await untilSent(page, "reloaded", 30);
    page.on("dialog", (dialog) => void dialog.accept());
    const created: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/uploads")) {
        created.push(request.url());
      }
    });
    await page.reload();
    await page.getByRole("heading", { name: "Not finished yet" }).waitFor();
    await shot(page, "upload-unfinished-1440-light");
    await throttle(page, null);
    await choose(page, [path]);
    await untilReady(page, "reloaded");
    assert.deepEqual(created, [], "the upload went on, no other was made");
  });
});

test("sends several at once, and cancels one for good", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Sven");
    await page.goto("/upload");
    await throttle(page, 250_000);
    const made = ["one", "two", "three"].map((name) => film(`${name}.mp4`, { seconds: 3 }));
    await choose(page, made);
    for (const name of ["one", "two", "three"]) await untilSent(page, name, 1);
    await shot(page, "upload-several-1440-light", true);
    await page.getByRole("button", { name: "Cancel two" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await card(page, "two").waitFor({ state: "detached" });
    await throttle(page, null);
    await untilReady(page, "one");
    await untilReady(page, "three");
    await page.goto("/studio");
    await page.getByRole("link", { name: "three" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "two" }).count(), 0);
  });
});

test("refuses what is no film before sending a byte", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Ingrid");
    await page.goto("/upload");
    const posts: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/uploads")) posts.push(request.url());
    });
    await page
      .getByLabel("Films to upload")
      .setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("x") });
    await page.getByText("does not look like a film").waitFor();
    assert.deepEqual(posts, []);
    // By the button and the keyboard as well as by dropping.
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose films" }).focus();
    await page.keyboard.press("Enter");
    await (await chooser).setFiles([noFilm("tiny.mp4")]);
    await card(page, "tiny").waitFor();
  });
});
