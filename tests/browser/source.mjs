// A source: its page, the test of its connection, its pause; with and without script.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token, "/sources");
  const click = (what) => Promise.all([page.waitForNavigation(), page.click(what)]);
  await click("tbody a");
  expect(new URL(page.url()).pathname === "/sources/acme", `the name leads to ${page.url()}`);
  for (const path of ["/sources", "/sources/acme", "/sources/acme/yaml", "/sources/acme/pause", "/sources/acme/resume"]) {
    await visit(browser, path);
  }
  await visit(browser, "/sources/nowhere", 404);

  await page.goto("/sources/acme");
  if (script === "script") await keyboard(browser, "/sources/acme");
  await click("#test");
  expect(page.url().endsWith("/sources/acme?said=tested#checks"), `tested: ${page.url()}`);
  expect(await page.locator("table:has-text('May read users') tbody tr").count() === 11, "not all checks are there");
  expect((await page.textContent("#status")).includes("was tested"), "tested without a word");
  await look(browser, "a tested source");

  await click("a:has-text('Pause')");
  await click("#act");
  expect((await page.textContent(".banner")).includes("is paused by admin"), "no bar says that it is paused");
  await look(browser, "a paused source");
  await click("a:has-text('Resume')");
  await click("#act");
  expect((await page.textContent("#status")).includes("is resumed"), "resumed without a word");
  await page.setViewportSize({ width: 320, height: 800 });
  await visit(browser, "/sources/acme");
  await browser.close();
});
