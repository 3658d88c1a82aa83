// The list of first steps: the second one ticks itself off when a webhook has come; without script by Refresh.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token, "/start");
  await look(browser, "/start");
  const second = () => page.textContent("ol.inbox li:nth-child(2)");
  const deadline = Date.now() + 30_000;
  while (!(await second()).includes("Done") && Date.now() < deadline) {
    if (script !== "script") await page.reload();
    await page.waitForTimeout(200);
  }
  expect((await second()).includes("Done"), "the step does not tick itself off");
  await visit(browser, "/start");
  if (script === "script") await keyboard(browser, "/start");
  await page.setViewportSize({ width: 320, height: 800 });
  await visit(browser, "/start");
  await Promise.all([page.waitForNavigation(), page.click("#dismiss")]);
  expect(new URL(page.url()).pathname === "/", `dismissed: ${page.url()}`);
  expect(await page.locator("a:has-text('Getting started')").count() === 0, "it is still on Today");
  await browser.close();
});
