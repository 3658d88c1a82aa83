// Somebody who may only read: what they may not do is there, disabled, with why.
import { expect, look, open, play, signIn } from "./harness.mjs";

await play(async (url, _token, viewer, run) => {
  const browser = await open(url);
  const { page } = browser;
  await signIn(browser, viewer, `/runs/${run}`);
  await look(browser, "the page of a viewer");
  expect(await page.isDisabled("button:has-text('Release it for 3 users')"), "a viewer could release it");
  expect((await page.textContent("#release-why")).includes("Only an administrator"), "no word of who may");
  expect((await page.textContent("#cancel-why")).includes("Only an operator"), "no word of who may");
  await page.goto(`${url}audit`);
  await look(browser, "the record of who did what, to a viewer");
  expect((await page.textContent("tbody")).includes("vera"), "the sign-in is not in the record");
  await browser.close();
});
