// A run is undone after a look at what that does; a failed entry has its details, and the focus comes back from them.
import { expect, keyboard, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, given, failed, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token);
  await visit(browser, `/runs/${failed}?result=failed`);
  const details = page.locator("#entries tbody a:has-text('Details')").first();
  const id = await details.getAttribute("id");
  await Promise.all([page.waitForNavigation(), details.click()]);
  expect((await page.textContent("main")).includes("What to do"), "the details don't say what to do");
  const address = new URL(page.url());
  await visit(browser, address.pathname + address.search);
  if (browser.script) await keyboard(browser, "details");
  await Promise.all([page.waitForNavigation(), page.click("a:has-text('Close')")]);
  expect(new URL(page.url()).hash === `#${id}`, `closed, it leads to ${page.url()}`);
  expect(await page.evaluate(() => document.activeElement.id) === id, "the focus does not come back from the details");

  const pages = [`/runs/${given}/diff`, "/runs/folded", "/runs/delete", "/runs/delete?before=2099-01-01", "/dead-letters"];
  for (const path of [...pages, `/runs/${given}/undo`]) {
    await visit(browser, path);
    if (browser.script) await keyboard(browser, path);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  for (const path of [...pages, `/runs/${given}/undo`, address.pathname + address.search]) await visit(browser, path);
  await page.setViewportSize({ width: 1280, height: 900 });

  await page.goto(`/runs/${given}`);
  await Promise.all([page.waitForNavigation(), page.click("a:has-text('Undo…')")]);
  const changes = await page.textContent("#undo");
  expect(/^Put back \d+ changes?$/.test(changes.trim()), `the button says ${changes}`);
  await page.fill("#reason", "the wrong group");
  await Promise.all([page.waitForNavigation(), page.click("#undo")]);
  expect(/\/runs\/[^/]+$/.test(new URL(page.url()).pathname) && !page.url().includes(given), `it leads to ${page.url()}`);
  const deadline = Date.now() + 30_000;
  while (!(await page.textContent("#progress")).includes("Done") && Date.now() < deadline) {
    if (!browser.script) await page.reload();
    await page.waitForTimeout(200);
  }
  expect((await page.textContent("#progress")).includes("Done"), "the undo does not come to its end");
  await visit(browser, new URL(page.url()).pathname);
  await browser.close();
});
