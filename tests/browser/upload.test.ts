/** Uploading under difficulties: pause, a lost connection, a reload, several at once, refusals. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { type Line, openLine } from "./line.ts";
import {
  base,
  card,
  choose,
  film,
  inPage,
  launch,
  noFilm,
  PROCESSING_MS,
  shot,
  signUp,
  type Watched,
} from "./support.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const BULKY = { seconds: 4, size: "640x360", bulky: true };

/** Runs a test over a line that begins at this many bytes a second. */
async function overLine(
  bytesPerSecond: number,
  run: (watched: Watched, line: Line) => Promise<void>,
): Promise<void> {
  const line = await openLine(base);
  try {
    await inPage(
      browser,
      async (watched) => {
        // Bytes on their way may still arrive while an upload goes on; it then asks once more.
        watched.expect(/status of 4(09|23)/);
        await signUp(watched.page, "Una");
        await watched.page.goto("/upload");
        line.rate = bytesPerSecond;
        await run(watched, line);
      },
      { url: line.url },
    );
  } finally {
    await line.close();
  }
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
  await overLine(1_500_000, async ({ page }, line) => {
    await choose(page, [film("pausing.mp4", BULKY)]);
    await card(page, "pausing")
      .getByText(/MB of .*B\/s.* left/)
      .waitFor();
    await untilSent(page, "pausing", 10);
    await shot(page, "upload-sending-1440-light");
    await page.getByRole("button", { name: "Pause pausing" }).click();
    await card(page, "pausing").getByText("Paused").waitFor();
    const held = await sent(page, "pausing");
    await page.waitForTimeout(1200);
    assert.equal(await sent(page, "pausing"), held);
    line.rate = Number.POSITIVE_INFINITY;
    await page.getByRole("button", { name: "Resume pausing" }).click();
    await untilReady(page, "pausing");
  });
});

test("goes on by itself from where it was when the connection comes back", async () => {
  await overLine(1_500_000, async ({ page, expect }, line) => {
    expect(/net::ERR_/);
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() !== "PATCH") return;
      offsets.push(Number(request.headers()["upload-offset"]));
    });
    await choose(page, [film("wavering.mp4", BULKY)]);
    await untilSent(page, "wavering", 30);
    line.cut();
    await card(page, "wavering").getByText("Connection lost").waitFor();
    await page.getByText("can't be reached").waitFor();
    await shot(page, "upload-offline-1440-light");
    line.rate = Number.POSITIVE_INFINITY;
    line.mend();
    await untilReady(page, "wavering");
    await page.getByText("can't be reached").waitFor({ state: "detached" });
    const last = offsets[offsets.length - 1] ?? 0;
    assert.ok(last > 0, `went on from a later byte than the first: ${offsets.join(", ")}`);
  });
});

test("goes on after a reload when the file is chosen again", async () => {
  await overLine(1_500_000, async ({ page }, line) => {
    const path = film("reloaded.mp4", BULKY);
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
    line.rate = Number.POSITIVE_INFINITY;
    await choose(page, [path]);
    await untilReady(page, "reloaded");
    assert.deepEqual(created, [], "the upload went on, no other was made");
    assert.equal(await page.getByRole("heading", { name: "Not finished yet" }).count(), 0);
  });
});

test("sends several at once, and cancels one for good", async () => {
  await overLine(2_000_000, async ({ page }, line) => {
    const made = ["one", "two", "three"].map((name) => film(`${name}.mp4`, BULKY));
    await choose(page, made);
    for (const name of ["one", "two", "three"]) await untilSent(page, name, 1);
    await shot(page, "upload-several-1440-light", true);
    await page.getByRole("button", { name: "Cancel two" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await card(page, "two").waitFor({ state: "detached" });
    line.rate = Number.POSITIVE_INFINITY;
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
