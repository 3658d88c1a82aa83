// The link to the identity provider is followed under the Content-Security-Policy, with and without script.
import { expect, keyboard, look, open, play, visit } from "./harness.mjs";

await play(async (url, issuer) => {
  for (const script of [true, false]) {
    const browser = await open(url, { script, hosts: [new URL(issuer).host] });
    const { page } = browser;
    await visit(browser, "/runs");
    if (script) {
      await keyboard(browser, "/sign-in");
      await page.setViewportSize({ width: 320, height: 800 });
      await look(browser, "/sign-in, narrow");
    }
    await Promise.all([page.waitForURL(`${url}runs`), page.click("a:has-text('Sign in with Acme')")]);
    expect((await page.textContent("header")).includes("ann@acme.example"), "the name of the person is not there");
    await look(browser, "/runs, by a person");
    await Promise.all([page.waitForNavigation(), page.click("header button:has-text('Sign out')")]);
    expect((await page.textContent("[role=status]")).includes("You are signed out"), "signed out without a word");
    await visit(browser, "/sign-in?fault=no-role", 403);
    expect((await page.title()).startsWith("Error: Sign in"), `the title is ${await page.title()}`);
    expect((await page.textContent("[role=alert]")).includes("none of your groups"), "refused without a word");
    await browser.close();
  }
});
