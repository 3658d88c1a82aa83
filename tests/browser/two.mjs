// Two people change one scheme: the second sees both versions and their own text. A scheme of the file is never changed. Test
// mode is switched off with the number typed.
import { expect, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, script, other) => {
  const people = [];
  for (const [name, secret] of [["first", token], ["second", other]]) {
    const browser = await open(url, { script: script === "script" });
    const { page } = browser;
    const go = async (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
    await signIn(browser, secret, "/schemes/leavers");
    await go("form[action$='/edit'] button");
    await go("dl.answers a:has-text('Change Name')");
    await page.fill("#name", `Leavers of the ${name}`);
    await go("button.first");
    people.push({ browser, page, go });
  }
  const [first, second] = people;
  await first.go("button[value=test]");
  expect(first.page.url().endsWith("/schemes/leavers?said=stored"), `the first is at ${first.page.url()}`);

  const { page, go, browser } = second;
  browser.refusals.add(page.url().replace("/overview", "/save"));
  await go("button[value=test]");
  expect((await page.title()).startsWith("Error: "), `the title is ${await page.title()}`);
  const shown = await page.textContent("main");
  for (const said of ["Nothing was stored", "Leavers", "first", "second", "Look at theirs"]) {
    expect(shown.includes(said), `the conflict does not say ${said}`);
  }
  await look(browser, "a conflict");
  await page.setViewportSize({ width: 320, height: 800 });
  await look(browser, "a conflict, narrow");
  await page.setViewportSize({ width: 1280, height: 900 });
  await go("button.destroys");
  expect(page.url().endsWith("/schemes/leavers?said=stored"), `written over: ${page.url()}`);
  expect((await page.textContent("h1")) === "Leavers of the second", "their text is not stored");
  await page.goto("/schemes/leavers/history");
  expect(await page.locator("tbody tr").count() === 3, "the history does not show both");
  await look(browser, "history");

  // A scheme of the file.
  await visit(browser, "/schemes/staff");
  expect((await page.textContent(".badges")).includes("From the file"), "no badge");
  expect(await page.isDisabled("button:has-text('Delete')"), "it can be deleted");
  await go("button:has-text('Change it as a draft')");
  expect(await page.isDisabled("button[value=test]"), "it can be stored");
  expect((await page.textContent("#yaml")).includes("id: staff"), "no YAML to copy");
  await look(browser, "a draft of a scheme of the file");

  // Test mode off.
  await visit(browser, "/schemes/leavers/live");
  await go("#look");
  const deadline = Date.now() + 30_000;
  while ((await page.locator("#number").count()) === 0 && Date.now() < deadline) {
    await page.waitForTimeout(300);
    await page.reload();
  }
  await look(browser, "test mode off");
  const number = await page.textContent("#selected");
  browser.refusals.add(new URL("/schemes/leavers/live", url).href);
  await page.fill("#number", "999");
  await go("#switch");
  expect((await page.textContent("[role=alert]")).includes(`Type ${number}`), "a wrong number is taken");
  await page.fill("#number", number);
  await go("#switch");
  expect(page.url().endsWith("/schemes/leavers?said=live"), `switched off: ${page.url()}`);
  for (const person of people) await person.browser.close();
});
