// Every page: whole for everybody, by keyboard alone, in both themes, without script, on a narrow screen.
import { expect, keyboard, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, run) => {
  const pages = [
    "/", "/runs", "/runs?state=held", "/runs?state=cancelled", `/runs/${run}`, `/runs/${run}?result=held`, "/schemes",
    "/schemes?q=nobody", "/schemes/staff", "/schemes/staff?user=KEY1", "/schemes/staff/run", "/schemes/staff/delete",
    "/schemes/staff/history", "/sources", "/sources/acme", "/start", "/dead-letters", "/audit", "/audit?by=nobody",
    "/settings", "/settings/components",
  ];
  for (const script of [true, false]) {
    const browser = await open(url, { script });
    await visit(browser, "/sign-in");
    await signIn(browser, token);
    for (const path of pages) await visit(browser, path);
    await visit(browser, "/runs/none", 404);
    await visit(browser, "/runs?state=odd", 400);
    if (script) {
      for (const path of pages) {
        await browser.page.goto(path);
        await keyboard(browser, path);
      }
    }
    await browser.page.setViewportSize({ width: 320, height: 800 });
    for (const path of pages) await visit(browser, path);
    await browser.close();
  }

  const browser = await open(url);
  const { page } = browser;
  await signIn(browser, token);
  // A filter keeps the page, and what is shown is told.
  await page.goto("/runs");
  await page.selectOption("#state", "held");
  await page.click("form.filters button");
  await page.waitForURL(/state=held/);
  await page.waitForFunction(() => document.getElementById("status").textContent === "1 run is shown");
  expect(await page.locator("#runs tbody tr").count() === 1, "the filter does not filter");
  await page.goto("/runs?state=held");
  expect(await page.locator("#state").inputValue() === "held", "the address does not keep the filter");
  // Theme and density are kept by forms.
  await page.goto("/settings");
  await Promise.all([page.waitForNavigation(), page.click("button:has-text('Dark')")]);
  await Promise.all([page.waitForNavigation(), page.click("button:has-text('Compact')")]);
  const looks = await page.evaluate(() => ({ ...document.documentElement.dataset }));
  expect(looks.theme === "dark" && looks.density === "compact", `it looks ${JSON.stringify(looks)}`);
  await visit(browser, "/settings/components");
  await browser.close();
});
