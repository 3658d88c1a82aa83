// A held run: a wrong number is refused and kept, the right one releases it; the page goes on counting.
import { expect, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, run, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token);
  await visit(browser, "/");
  expect((await page.textContent(".inbox")).includes("staff in acme"), "the held run is not in the inbox");
  await Promise.all([page.waitForNavigation(), page.click(".inbox a:has-text('Decide')")]);
  const here = page.url();
  expect(here.endsWith(`/runs/${run}`), `Decide leads to ${here}`);
  browser.refusals.add(`${here}/release`);
  await page.fill("#number", "31");
  await Promise.all([page.waitForNavigation(), page.click("#release")]);
  expect((await page.textContent("[role=alert]")).includes("Type 3 to release this run"), "refused without a word");
  expect(await page.inputValue("#number") === "31", "what was typed is gone");
  await look(browser, "a refused release");
  await page.fill("#number", "3");
  await Promise.all([page.waitForNavigation(), page.click("#release")]);
  expect(page.url() === `${here}?said=released`, `released: ${page.url()}`);
  expect((await page.textContent("#status")).includes("The run is released"), "released without a word");
  const deadline = Date.now() + 30_000;
  while (!(await page.textContent("#progress")).includes("Done") && Date.now() < deadline) {
    if (script !== "script") await page.reload();
    await page.waitForTimeout(200);
  }
  expect((await page.textContent("#progress")).includes("Done"), "the page does not come to an end");
  // The rest of the page is of the end, too, without being asked for.
  if (script === "script") {
    await page.waitForFunction(() => document.querySelectorAll("#entries tbody tr").length === 3);
    expect(!(await page.textContent("main")).includes("in the works"), "the page says that the run is still in the works");
    expect(await page.locator("main a:has-text('Undo')").count() === 1, "a run that has ended offers no undo");
  }
  await visit(browser, `/runs/${run}`);
  expect(await page.locator("#entries tbody tr").count() === 3, "not an entry for each step");
  await browser.close();
});
