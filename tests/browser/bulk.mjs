// A bulk action: ticks outlive pages and filters, all who match are picked, tried, confirmed by their number, done once.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  const press = (name) => Promise.all([page.waitForNavigation(), page.click(`button:has-text('${name}')`)]);
  const picked = () => page.textContent("#picked");
  await signIn(browser, token);
  await visit(browser, "/sources");
  await Promise.all([page.waitForNavigation(), page.click("a:has-text('Bulk action in acme')")]);
  expect(new URL(page.url()).pathname === "/bulk", `the source leads to ${page.url()}`);
  await look(browser, "users to pick");
  if (browser.script) {
    await keyboard(browser, "users to pick");
    await page.check("[data-tick-all]");
    expect(await page.locator("#users tbody input:checked").count() === 40, "not all of the page are ticked");
    await page.uncheck("[data-tick-all]");
  }
  const boxes = page.locator("#users tbody input[type=checkbox]");
  for (let place = 0; place < 3; place += 1) await boxes.nth(place).check();
  await press("Next page");
  expect((await picked()).startsWith("3 of "), `on the second page: ${await picked()}`);
  for (let place = 0; place < 2; place += 1) await boxes.nth(place).check();
  await page.fill("#q", "leaver");
  await Promise.all([page.waitForNavigation(), page.press("#q", "Enter")]);
  expect((await picked()).startsWith("5 of "), `with another filter: ${await picked()}`);
  expect(page.url().includes("q=leaver"), `the filter is not in the address: ${page.url()}`);
  await press("Show");
  expect(await boxes.count() === 5 && await page.locator("#users tbody input:checked").count() === 5, "Show does not list the 5");
  await look(browser, "those who are picked");
  await press("Clear");
  expect((await picked()).startsWith("0 of "), `cleared: ${await picked()}`);
  await page.goto("/bulk?source=acme&q=leaver");
  await press("Select all 12 that match");
  expect((await picked()).startsWith("12 of "), `all: ${await picked()}`);

  await press("Next: choose actions");
  await look(browser, "no action yet");
  await page.check("#kind-deactivate");
  await Promise.all([page.waitForNavigation(), page.click("button[value=add]")]);
  expect((await page.textContent(".actions")).includes("Deactivate the account"), "the action is not in the list");
  await look(browser, "one action");
  await press("Next: look at what would happen");
  if (browser.script) await page.waitForSelector("#plan table");
  else await Promise.all([page.waitForNavigation(), page.click("#plan a.button")]);
  expect(await page.textContent("#plan tbody td") === "12", `the plan: ${await page.textContent("#plan")}`);
  await look(browser, "the plan");
  if (browser.script) await keyboard(browser, "the plan");
  expect(await page.isDisabled("button:has-text('Deactivate 12 users')"), "it could be done without a test run");
  const before = new URL(page.url());
  await press("Try it on 12 users");
  const deadline = Date.now() + 30_000;
  // The page tells by itself that the test run has ended; without script it is read again.
  while (!browser.script && await page.isDisabled("button:has-text('Deactivate 12 users')") && Date.now() < deadline) {
    await page.waitForTimeout(200);
    await page.reload();
  }
  await page.waitForSelector("button:has-text('Deactivate 12 users'):not([disabled])");
  expect((await page.textContent("#tested")).includes("12 steps recorded"), `the test run: ${await page.textContent("#tested")}`);
  await look(browser, "after the test run");
  const tested = new URL(page.url());
  await page.fill("#number", "11");
  await page.fill("#reason", "they left");
  browser.refusals.add(new URL(before.pathname, before).href);
  await press("Deactivate 12 users");
  expect((await page.textContent(".errors")).includes("Type 12"), "a wrong number is not refused");
  expect(await page.inputValue("#reason") === "they left", "what was typed is gone");
  await look(browser, "a wrong number");
  await page.fill("#number", "12");
  await Promise.all([page.waitForURL(/\/runs\//), page.dblclick("button:has-text('Deactivate 12 users')")]);
  while (!(await page.textContent("#progress")).includes("Done") && Date.now() < deadline + 30_000) {
    if (!browser.script) await page.reload();
    await page.waitForTimeout(200);
  }
  expect((await page.textContent("h1")).includes("Bulk action by admin"), `the run is called ${await page.textContent("h1")}`);
  await visit(browser, new URL(page.url()).pathname);
  await page.setViewportSize({ width: 320, height: 800 });
  for (const path of ["/bulk?source=acme", before.pathname + before.search, tested.pathname + tested.search]) await visit(browser, path);
  await browser.close();
});
