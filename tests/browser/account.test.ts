/** Accounts in the browser: signing up, in and out, staying signed in, and what is refused. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { inPage, launch, newEmail, openTab, PASSWORD, setting, signIn, signUp } from "./support.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("signs up, stays signed in after a reload, signs out and in again", async () => {
  await inPage(browser, async ({ page, context }) => {
    const { email } = await signUp(page, "Rosa Luxemburg");
    await page.reload();
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByText(email).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    );
    assert.ok(!/eyJ/.test(kept), "no token is kept in storage");
    const cookies = await context.cookies(new URL("/api/auth/refresh", page.url()).href);
    const refresh = cookies.find((cookie) => cookie.name === "matinee_refresh");
    assert.ok(refresh?.httpOnly && refresh.sameSite === "Strict");

    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Sign in" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "Sign in" }).waitFor();
    await signIn(page, email);
  });
});

test("puts what is wrong beside the field it is about", async () => {
  await inPage(browser, async ({ page, expect }) => {
    await page.goto("/sign-up");
    await page.getByRole("button", { name: "Sign up" }).click();
    assert.equal(await page.getByLabel("Name").getAttribute("aria-invalid"), "true");
    assert.equal(
      await page.getByLabel("Name").evaluate((field) => field === document.activeElement),
      true,
    );
    await page.getByText("Enter the name others shall see.").waitFor();
    await page.getByText("Use at least 10 characters").waitFor();

    const { email } = await signUp(page, "Once");
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Sign in" }).waitFor();

    // The same address again, and a wrong password: the server's own words are shown.
    expect(/status of 409/);
    await page.goto("/sign-up");
    await page.getByLabel("Name").fill("Twice");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page
      .getByText(/account/i)
      .last()
      .waitFor();
    assert.equal(await page.getByRole("button", { name: "Account" }).count(), 0);

    expect(/status of 401/);
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByRole("button", { name: "Account" }).count(), 0);
  });
});

test("leads through sign-in and back to the page that asked for it", async () => {
  await inPage(browser, async ({ page }) => {
    await page.goto("/studio");
    await page.waitForURL("**/sign-in");
    await page.getByRole("link", { name: "Make an account" }).click();
    await page.getByLabel("Name").fill("Return");
    await page.getByLabel("E-mail").fill(newEmail("return"));
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.waitForURL("**/studio");
  });
});

test("many tabs opened at once share one session, and end it together", async () => {
  await inPage(browser, async (first) => {
    await signUp(first.page, "Tabs");
    const tabs = await Promise.all([1, 2, 3, 4].map(() => openTab(first)));
    await Promise.all(tabs.map((tab) => tab.page.goto("/studio")));
    for (const tab of tabs) await tab.page.getByRole("button", { name: "Account" }).waitFor();
    // Refreshing is one at a time: had a token been used twice, all would be signed out by now.
    await Promise.all(tabs.map((tab) => tab.page.reload()));
    for (const tab of tabs) await tab.page.getByRole("button", { name: "Account" }).waitFor();
    await first.page.reload();
    await first.page.getByRole("button", { name: "Account" }).click();
    await first.page.getByRole("menuitem", { name: "Sign out" }).click();
    for (const tab of tabs) await tab.page.waitForURL("**/sign-in");
    for (const tab of tabs) await tab.close();
  });
});

test("reloading again and again keeps the session", async () => {
  await inPage(browser, async ({ page }) => {
    await signUp(page, "Hasty");
    for (let time = 0; time < 6; time++) {
      await page.goto("/", { waitUntil: "commit" });
      await page.getByRole("button", { name: "Account" }).waitFor();
    }
  });
});

test("the admin of the first start signs in", async () => {
  const email = setting("MATINEE_ADMIN_EMAIL");
  const password = setting("MATINEE_ADMIN_PASSWORD");
  await inPage(browser, async ({ page }) => {
    await signIn(page, email, password);
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByText(email).waitFor();
  });
});
