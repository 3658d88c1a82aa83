// Dead letters: one is taken up again with script, another dismissed without; every page on the way.
import { expect, keyboard, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token) => {
  for (const script of [true, false]) {
    const browser = await open(url, { script });
    const { page } = browser;
    await signIn(browser, token);
    await visit(browser, "/dead-letters?state=open");
    const group = await page.locator("a[href*='again?group=']").first().getAttribute("href");
    const dismissed = group.replace("again", "dismiss");
    for (const path of [group, dismissed, "/dead-letters", group.replace("/again", "")]) {
      await visit(browser, path);
      if (script) await keyboard(browser, path);
    }
    await page.setViewportSize({ width: 320, height: 800 });
    for (const path of [group, dismissed, "/dead-letters"]) await visit(browser, path);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto("/dead-letters?state=open");
    const act = script ? "again" : "dismiss";
    await Promise.all([page.waitForNavigation(), page.click(`td a[href*='${act}?id=']`)]);
    await Promise.all([page.waitForNavigation(), page.click(`#${act}`)]);
    const said = await page.textContent("main [role=status]:not(#status)");
    expect(said.includes("1 dead letter."), `it says: ${said}`);
    await browser.close();
  }
});
