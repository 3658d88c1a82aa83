// The users: listed by a button, found, and one of them: the facts, the schemes once the product has told, the timeline.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, user) => {
  for (const script of [true, false]) {
    const browser = await open(url, { script });
    const { page } = browser;
    await signIn(browser, token);
    await visit(browser, "/users?source=acme");
    await Promise.all([page.waitForNavigation(), page.click("button:has-text('List the users of acme')")]);
    const deadline = Date.now() + 30_000;
    while (!(await page.textContent("#rosters")).includes("Whole") && Date.now() < deadline) {
      if (!script) await page.reload();
      await page.waitForTimeout(200);
    }
    expect((await page.textContent("#rosters")).includes("Whole"), "the list does not come to its end");
    await visit(browser, "/users?source=acme");
    await page.fill("#q", "JANE");
    await Promise.all([page.waitForNavigation(), page.press("#q", "Enter")]);
    expect(await page.locator("#users tbody tr").count() === 1, `not exactly one Jane at ${page.url()}`);
    expect(page.url().includes("source=acme") && page.url().includes("q=JANE"), `the address is ${page.url()}`);
    await look(browser, "users that were found");
    await Promise.all([page.waitForNavigation(), page.click("#users tbody a")]);
    expect(new URL(page.url()).pathname.toLowerCase() === user.toLowerCase(), `the user is at ${page.url()}`);
    if (script) {
      await page.waitForSelector("#schemes .inbox");
      await page.waitForFunction(() => document.getElementById("status").textContent === "The schemes have answered.");
      await page.click("#read-now");
      await page.waitForSelector("#facts [data-says]");
      expect(await page.evaluate(() => document.activeElement.id) === "read-now", "the focus is gone after Read now");
    } else {
      await Promise.all([page.waitForNavigation(), page.click("#schemes a.button")]);
      expect(await page.locator("#schemes .inbox").count() === 1, "the schemes don't answer without script");
    }
    await page.locator("#schemes summary").first().click();
    expect(await page.locator("#schemes .tree").first().isVisible(), "the reasons are not shown");
    await look(browser, "a user whom the schemes know");
    const pages = ["/users", "/users?q=nobody-at-all", user, `${user}?read=now`, `${user}?kind=step`];
    for (const path of pages) {
      await visit(browser, path);
      if (script) await keyboard(browser, path);
    }
    await visit(browser, "/users/acme/nobody", 404);
    await page.setViewportSize({ width: 320, height: 800 });
    for (const path of pages) await visit(browser, path);
    await browser.close();
  }
});
