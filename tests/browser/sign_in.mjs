// A wrong token, then the right one; the session is dead after signing out.
import { expect, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token) => {
  for (const script of [true, false]) {
    const browser = await open(url, { script });
    const { page, context } = browser;
    await visit(browser, "/runs");
    expect(page.url().endsWith("/sign-in?to=%2Fruns"), `nobody is signed in, and sees ${page.url()}`);
    browser.refusals.add(`${url}sign-in`);
    await signIn(browser, "a-guess", "/runs");
    expect((await page.title()).startsWith("Error: Sign in"), `the title is ${await page.title()}`);
    expect((await page.textContent("[role=alert]")).includes("This token is not known"), "refused without a word");
    if (script) {
      expect(await page.evaluate(() => document.activeElement.matches(".errors")), "the errors have no focus");
    }
    await look(browser, "a refused sign-in");
    await signIn(browser, token, "/runs");
    expect(page.url() === `${url}runs`, `after signing in: ${page.url()}`);
    const cookie = (await context.cookies()).find(({ name }) => name === "usher-session");
    expect(cookie?.httpOnly && cookie.sameSite === "Lax", `the cookie is ${JSON.stringify(cookie)}`);
    await Promise.all([page.waitForNavigation(), page.click("header button:has-text('Sign out')")]);
    expect((await page.textContent("[role=status]")).includes("You are signed out"), "signed out without a word");
    await context.addCookies([cookie]);
    await visit(browser, "/runs");
    expect(page.url().includes("/sign-in"), `the old session sees ${page.url()}`);
    await browser.close();
  }
});
