// Held newcomers: from the inbox to the decision, with the number typed, with and without script.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token) => {
  for (const script of [false, true]) {
    const browser = await open(url, { script });
    const { page } = browser;
    await signIn(browser, token);
    await visit(browser, "/");
    await Promise.all([page.waitForNavigation(), page.click(".inbox li:has-text('newcomers') a")]);
    const here = page.url();
    expect(here.endsWith("/sources/acme/newcomers"), `the inbox leads to ${here}`);
    await look(browser, "newcomers");
    if (script) await keyboard(browser, "/sources/acme/newcomers");
    await page.goto(here);
    browser.refusals.add(`${here}/release`);
    await page.fill("#number", "6");
    await Promise.all([page.waitForNavigation(), page.click("#release")]);
    expect((await page.textContent("[role=alert]")).includes("Type 60"), "refused without a word");
    expect(await page.inputValue("#number") === "6", "what was typed is gone");
    await look(browser, "newcomers, refused");
    if (script) {
      await page.fill("#number", "60");
      await Promise.all([page.waitForNavigation(), page.click("#release")]);
      expect((await page.textContent("#status")).includes("They are released"), "released without a word");
      await look(browser, "newcomers, released");
    }
    await browser.close();
  }
});
