/** The studio: editing, hiding, deleting, and films that could not be processed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  choose,
  film,
  inPage,
  launch,
  noFilm,
  PROCESSING_MS,
  publish,
  shot,
  signUp,
  untilPlayback,
} from "./support.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

function row(page: Page, title: string) {
  return page.getByRole("article", { name: title, exact: true });
}

test("edits a film, then deletes it after asking", async () => {
  await inPage(browser, async ({ page, expect }) => {
    await signUp(page, "Edith");
    const path = await publish(page, film("draft.mp4", { size: "640x360" }), { title: "Draft" });
    await page.goto("/studio");
    await row(page, "Draft").getByText("Ready").waitFor();
    await page.getByRole("button", { name: "Edit Draft" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill("");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Give the film a title.").waitFor();
    await dialog.getByLabel("Title").fill("Final cut");
    await dialog.getByLabel("Description").fill("Now with an ending.");
    await dialog.getByRole("radio", { name: "Unlisted" }).check();
    await shot(page, "studio-edit-1440-light");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await row(page, "Final cut").getByText("Unlisted").waitFor();
    await page.goto(path);
    await page.getByText("Now with an ending.").waitFor();
    // Unlisted: who has the address may watch, the home page does not show it.
    await page.goto("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Final cut" }).count(), 0);

    await page.goto("/studio");
    await page.getByRole("button", { name: "Delete Final cut" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
    await row(page, "Final cut").waitFor();
    await page.getByRole("button", { name: "Delete Final cut" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row(page, "Final cut").waitFor({ state: "detached" });
    await page.reload();
    await page.getByText("Your studio is empty").waitFor();
    expect(/status of 404/);
    await page.goto(path);
    await page.getByText("This film isn't showing").waitFor();
  });
});

test("a private film plays for its owner and for nobody else", async () => {
  let path = "";
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Greta");
    const made = film("secret.mp4", { size: "640x360" });
    path = await publish(page, made, { title: "Secret", visibility: "Private" });
    await page.goto(path);
    await untilPlayback(page, "the film", (state) => state.time > 0.5 && state.frames > 5);
    await page.getByText("Private").waitFor();
    await page.goto("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Secret" }).count(), 0);
  });
  await inPage(browser, async ({ page, expect }) => {
    expect(/status of 404/);
    await page.goto(path);
    await page.getByText("This film isn't showing").waitFor();
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).waitFor();
    await signUp(page, "Stranger");
    await page.goto(path);
    await page.getByText("This film isn't showing").waitFor();
    assert.equal(await page.locator("video").count(), 0);
  });
});

test("a file that is no film fails with its reason, everywhere it is shown", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Fritz");
    await page.goto("/upload");
    await choose(page, [noFilm("broken.mp4")]);
    await page.getByText("could not be made playable").waitFor({ timeout: PROCESSING_MS });
    await shot(page, "upload-failed-1440-light");
    await page.goto("/studio");
    await row(page, "broken").getByText("Failed").waitFor();
    const reason = (await row(page, "broken").locator("p").last().textContent())?.trim() ?? "";
    assert.ok(reason.length > 15, `a sentence tells why: ${reason}`);
    await shot(page, "studio-failed-1440-light");
    await row(page, "broken").getByRole("link", { name: "broken" }).click();
    await page.getByText(reason).waitFor();
    await shot(page, "watch-failed-1440-light");
    // Trying again is offered, and comes to the same end.
    await page.getByRole("alert").getByRole("button", { name: "Try again" }).click();
    await page.getByText(reason).waitFor({ timeout: PROCESSING_MS });
  });
});
