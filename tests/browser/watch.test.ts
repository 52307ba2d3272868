/** The main way through: sign up, drop a film, see it processed, watch it, switch its quality. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  card,
  DESK,
  drop,
  film,
  inPage,
  launch,
  PHONE,
  PROCESSING_MS,
  publish,
  rewind,
  shot,
  signUp,
  untilPlayback,
} from "./support.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Follows the card of an upload and collects every line of progress it shows. */
async function collectProgress(page: Page, title: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const end = Date.now() + PROCESSING_MS;
  const done = card(page, title).getByText("Ready to watch");
  while (!(await done.isVisible())) {
    assert.ok(Date.now() < end, `never ready; saw ${[...seen].join(" | ")}`);
    const bars = card(page, title).getByRole("progressbar");
    for (const bar of await bars.all()) {
      const word = await bar.getAttribute("aria-label", { timeout: 500 }).catch(() => null);
      const value = await bar.getAttribute("aria-valuenow", { timeout: 500 }).catch(() => null);
      if (word) seen.add(`${word} ${value ?? ""}`.trim());
    }
    await page.waitForTimeout(40);
  }
  return seen;
}

async function pickQuality(page: Page, label: string): Promise<void> {
  await page.locator(".video-js").hover();
  await page.getByRole("button", { name: /^Quality/ }).click();
  await page.getByRole("menuitemradio", { name: label, exact: true }).click();
}

async function qualities(page: Page): Promise<string[]> {
  await page.locator(".video-js").hover();
  await page.getByRole("button", { name: /^Quality/ }).click();
  const names = await page.getByRole("menuitemradio").allInnerTexts();
  await page.keyboard.press("Escape");
  return names.map((name) => name.trim());
}

test("a new account drops a film, sees it processed and watches it", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Marie");
    // Dropped on the home page: it leads to the upload page by itself.
    await page.goto("/");
    await drop(page, [film("holiday_by-the sea.mp4", { seconds: 24 })]);
    await page.waitForURL("**/upload");
    await page.getByLabel("Title").waitFor();
    assert.equal(await page.getByLabel("Title").inputValue(), "holiday by the sea");
    await page.getByLabel("Description").fill("Filmed in June.\nMore at https://example.org/sea.");
    await page.getByRole("button", { name: "Publish" }).click();
    await card(page, "holiday by the sea").getByText("Published").waitFor();
    const seen = await collectProgress(page, "holiday by the sea");
    await shot(page, "upload-ready-1440-light");
    assert.ok(seen.size >= 2, `progress was shown in steps: ${[...seen].join(" | ")}`);

    await card(page, "holiday by the sea").getByRole("link", { name: "Watch" }).click();
    await page.waitForURL("**/watch/*");
    const begin = await untilPlayback(page, "the first frames", (state) => state.frames > 5);
    const later = await untilPlayback(
      page,
      "a second of film",
      (state) => state.time > begin.time + 1 && state.frames > begin.frames + 10,
    );
    assert.equal(later.error, null);
    assert.ok(Math.abs(later.duration - 24) < 0.5, `lasts 24 s, not ${later.duration}`);
    await page.getByRole("heading", { level: 1, name: "holiday by the sea" }).waitFor();
    await page.getByRole("link", { name: "https://example.org/sea", exact: true }).waitFor();
    await shot(page, "watch-1440-light");

    const offered = await qualities(page);
    assert.equal(offered[0], "Auto");
    assert.ok(offered.length >= 3, `several qualities: ${offered.join(", ")}`);
    // Down, up, and down again: also to a size whose playlist the player has already.
    for (const name of [offered[offered.length - 1], "720p", offered[offered.length - 1]]) {
      assert.ok(name);
      await rewind(page);
      await pickQuality(page, name);
      const height = Number.parseInt(name, 10);
      const then = await untilPlayback(
        page,
        `${name} to play`,
        (state) => state.height === height && !state.paused,
      );
      await untilPlayback(page, "more of it", (state) => state.time > then.time + 0.5);
    }
    await pickQuality(page, "Auto");
    await page.getByRole("button", { name: /^Quality: Auto/ }).waitFor();
  });
});

test("the quality menu works by keyboard alone", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Keiko");
    await page.goto(await publish(page, film("keys.mp4", { seconds: 12 }), { title: "Keys" }));
    await untilPlayback(page, "the first frames", (state) => state.frames > 5);
    const button = page.getByRole("button", { name: /^Quality/ });
    await button.focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.getByRole("menuitemradio", { name: "Auto" }).isChecked(), true);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await untilPlayback(page, "the smallest size", (state) => state.height < 720);
    assert.equal(await button.evaluate((element) => element === document.activeElement), true);
    // The usual keys of a player, wherever the focus is.
    await page.locator("h1").click();
    await page.keyboard.press("k");
    await untilPlayback(page, "a pause", (state) => state.paused);
    await page.keyboard.press("5");
    await untilPlayback(page, "the middle", (state) => Math.abs(state.time - 6) < 0.5);
    await page.keyboard.press("k");
    await untilPlayback(page, "going on", (state) => !state.paused);
  });
});

test("a film opened while it is processed starts by itself, on a phone in the dark", async () => {
  await inPage(
    browser,
    async ({ page }) => {
      await signUp(page, "Noor");
      await page.goto("/upload");
      await drop(page, [film("early bird.mp4", { seconds: 16 })]);
      const publishButton = page.getByRole("button", { name: "Publish" });
      await publishButton.click();
      await card(page, "early bird").getByText("Published").waitFor();
      // By the studio, since the upload page links to it only when it can play.
      await page.getByRole("button", { name: "Account" }).click();
      await page.getByRole("menuitem", { name: "Studio" }).click();
      await page.getByRole("link", { name: "early bird" }).click();
      await page.waitForURL("**/watch/*");
      await shot(page, "watch-early-390-dark");
      const state = await untilPlayback(
        page,
        "the film to start by itself",
        (now) => now.time > 0.5 && now.frames > 5,
        PROCESSING_MS,
      );
      assert.equal(state.error, null);
      await shot(page, "watch-390-dark");
    },
    { viewport: PHONE, colorScheme: "dark" },
  );
});

test("anybody watches a public film from the home page, without signing in", async () => {
  let title = "";
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Pavel");
    title = `Open air ${Date.now()}`;
    await publish(page, film("open.mp4", { size: "640x360" }), { title });
  });
  await inPage(
    browser,
    async ({ page }) => {
      await page.goto("/");
      await page.getByRole("link", { name: title }).click();
      await untilPlayback(page, "the film", (state) => state.time > 0.5 && state.frames > 5);
      assert.equal(await page.getByRole("button", { name: "Edit" }).count(), 0);
      // Back to the list, at the place it was left.
      await page.goBack();
      await page.getByRole("heading", { name: "Now showing" }).waitFor();
    },
    { viewport: DESK },
  );
});
