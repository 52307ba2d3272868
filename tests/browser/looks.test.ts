/** How pages stand: both widths, both themes, no sideways scrolling, names for all controls. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  barriers,
  base,
  DESK,
  film,
  inPage,
  launch,
  noFilm,
  PHONE,
  publish,
  shot,
  signIn,
  signUp,
  untilPlayback,
} from "./support.ts";

let browser: Browser;
let email = "";
let watchPath = "";

before(async () => {
  browser = await launch();
  await inPage(browser, async ({ page }) => {
    ({ email } = await signUp(page, "Ada Lovelace"));
    const title = "A rather long title for a film about engines, numbers and an afternoon in June";
    watchPath = await publish(page, film("engine.mp4", { size: "1280x720" }), { title });
    await publish(page, film("portrait.mp4", { size: "360x640" }), { title: "Upright" });
    await page.goto("/upload");
    await page.getByLabel("Films to upload").setInputFiles(noFilm("torn.mp4"));
    await page.getByText("could not be made playable").waitFor({ timeout: 60_000 });
  });
});
after(() => browser.close());

/** Controls that say nothing to who cannot see them. */
async function nameless(page: Page): Promise<string[]> {
  return page.$$eval("a, button, input, textarea", (elements) =>
    (elements as HTMLInputElement[])
      .filter((element) => !element.closest("[aria-hidden=true]") && element.checkVisibility())
      .filter(
        (element) =>
          !element.ariaLabel && !element.textContent?.trim() && !(element.labels?.length ?? 0),
      )
      .map((element) => `no name: ${element.outerHTML.slice(0, 90)}`),
  );
}

/** What every page must have, and must not: landmarks, one heading, no sideways scrolling. */
async function faults(page: Page): Promise<string[]> {
  const found = await nameless(page);
  const [inner, outer] = await page.evaluate(() => [
    document.documentElement.clientWidth,
    document.documentElement.scrollWidth,
  ]);
  if ((outer ?? 0) > (inner ?? 0)) found.push(`sticks out: ${outer} > ${inner}`);
  const counts: [string, (count: number) => boolean][] = [
    ["h1", (count) => count === 1],
    ["main", (count) => count === 1],
    ["body header", (count) => count >= 1],
    ["nav[aria-label]", (count) => count >= 1],
    ["footer", (count) => count === 1],
    ["img:not([alt])", (count) => count === 0],
  ];
  for (const [selector, fits] of counts) {
    const count = await page.locator(selector).count();
    if (!fits(count)) found.push(`${count} of ${selector}`);
  }
  return found;
}

/** How much of the page moved by itself while it loaded (1 would be all of it). */
async function shift(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
          })[]) {
            if (!entry.hadRecentInput) sum += entry.value;
          }
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 300);
      }),
  );
}

const PAGES: [string, () => string, (page: Page) => Promise<unknown>][] = [
  ["home", () => "/", (page) => page.getByRole("link", { name: "Upright" }).first().waitFor()],
  ["studio", () => "/studio", (page) => page.getByRole("link", { name: "Upright" }).waitFor()],
  ["upload", () => "/upload", (page) => page.getByText("Drop films anywhere").waitFor()],
  ["not-found", () => "/nowhere", (page) => page.getByText("No such seat").waitFor()],
  [
    "watch",
    () => watchPath,
    (page) => untilPlayback(page, "the film", (state) => state.frames > 5),
  ],
];

for (const viewport of [DESK, PHONE]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`pages stand well at ${viewport.width} px, ${colorScheme}`, async () => {
      await inPage(
        browser,
        async ({ page }) => {
          await page.goto("/sign-up");
          await page.getByRole("heading", { name: "Get your ticket" }).waitFor();
          assert.deepEqual(await faults(page), []);
          assert.deepEqual(await barriers(page), []);
          await shot(page, `sign-up-${viewport.width}-${colorScheme}`);
          await signIn(page, email);
          for (const [name, path, ready] of PAGES) {
            await page.goto(path());
            await ready(page);
            assert.deepEqual(await faults(page), [], name);
            assert.deepEqual(await barriers(page), [], name);
            const moved = await shift(page);
            assert.ok(moved < 0.02, `${name} moved by ${moved} while it loaded`);
            await shot(page, `${name}-${viewport.width}-${colorScheme}`);
          }
          const paper = await page.evaluate(
            () => getComputedStyle(document.documentElement).backgroundColor,
          );
          const [red = 0] = (paper.match(/\d+/g) ?? []).map(Number);
          assert.equal(red > 127, colorScheme === "light", `${colorScheme} paper is ${paper}`);
        },
        { viewport, colorScheme },
      );
    });
  }
}

test("a chosen theme beats the system's and lasts", async () => {
  await inPage(
    browser,
    async ({ page }) => {
      const paper = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      await page.goto("/");
      const light = await paper();
      await page.getByRole("button", { name: "Theme" }).click();
      await page.getByRole("menuitemradio", { name: "Dark" }).click();
      const dark = await paper();
      assert.notEqual(dark, light);
      await page.reload();
      assert.equal(await paper(), dark);
      await page.getByRole("button", { name: "Theme" }).click();
      await page.getByRole("menuitemradio", { name: "Like the system" }).click();
      assert.equal(await paper(), light);
    },
    { colorScheme: "light" },
  );
});

test("everything is reached by keyboard, and focus is seen", async () => {
  await inPage(browser, async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "Upright" }).first().waitFor();
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the page" });
    assert.equal(await skip.evaluate((link) => link === document.activeElement), true);
    const reached: string[] = [];
    for (let time = 0; time < 12; time++) {
      await page.keyboard.press("Tab");
      const facts = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const own = getComputedStyle(element);
        const after = getComputedStyle(element, "::after");
        const seen = own.outlineStyle !== "none" || after.outlineStyle !== "none";
        return { name: element.ariaLabel ?? element.textContent ?? "", seen, tag: element.tagName };
      });
      if (facts.tag === "BODY") break;
      assert.ok(facts.seen, `focus on ${facts.name} is seen`);
      reached.push(facts.name.trim());
    }
    for (const name of ["Matinee, home", "Upload", "Sign in", "Theme"]) {
      assert.ok(reached.includes(name), `${name} is reached: ${reached.join(" | ")}`);
    }
  });
});

test("the server forbids scripts and styles it did not send itself", async () => {
  const response = await fetch(`${base}/`);
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/);
  assert.doesNotMatch(await response.text(), /<style|\sstyle=|<script>|\son\w+=/);
});

test("a page of its own tells that the server is away, and mends itself", async () => {
  await inPage(browser, async ({ page, context, expect }) => {
    expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
    await page.goto("/sign-in");
    await context.setOffline(true);
    await page.getByRole("link", { name: "Matinee, home" }).click();
    await page.getByRole("alert").getByText("can't be reached").waitFor();
    await shot(page, "away-1440-light");
    await context.setOffline(false);
    await page.getByRole("link", { name: "Upright" }).first().waitFor();
    assert.equal(await page.getByText("can't be reached").count(), 0);
  });
});
