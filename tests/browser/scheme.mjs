// A scheme is written in five steps: what does not go with its trigger is disabled with why, the draft is offered again after
// the browser was closed, each answer is changed from the overview, and it is saved in test mode after a preview.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, script) => {
  const withScript = script === "script";
  let browser = await open(url, { script: withScript });
  let { page } = browser;
  const go = async (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  // A group by a part of its name: proposed while typing, or looked up.
  const pick = async (group) => {
    await page.locator("#names_more").pressSequentially(group.slice(0, 2));
    if (withScript) {
      await page.waitForFunction((name) => document.querySelector(`#names_names option[value="${name}"]`), group);
      await page.fill("#names_more", group);
    } else {
      await go("button[value='look:names']");
      await look(browser, "groups that were looked up");
      await page.check(`input[name=names_found][value="${group}"]`);
    }
    await go("button[value='more:names']");
    expect(await page.inputValue("#action-field") === group, `picked: ${await page.inputValue("#action-field")}`);
    await look(browser, "a group that was picked");
  };
  await signIn(browser, token, "/schemes");
  await visit(browser, "/schemes");
  await go("a:has-text('New scheme')");
  await look(browser, "step 1");

  // Refused: kept as typed, in the summary, with a link to the field.
  browser.refusals.add(page.url());
  await page.fill("#id", "New Comers");
  await page.selectOption("#source", "acme");
  await page.check("#kind-on_create");
  await go("button.first");
  const here = page.url();
  expect((await page.title()).startsWith("Error: "), `the title is ${await page.title()}`);
  expect(await page.inputValue("#id") === "New Comers", "the id that was typed is gone");
  expect(await page.locator(".errors a[href='#id']").count() === 1, `no link to the id: ${await page.textContent(".errors")}`);
  if (withScript) expect(await page.evaluate(() => document.activeElement.matches(".errors")), "the errors have no focus");
  await look(browser, "step 1, refused");
  await page.fill("#id", "newcomers-2");
  await go("button.first");
  expect(page.url().endsWith("/users"), `after step 1: ${page.url()} from ${here}`);

  // Step 2: time conditions are disabled with why.
  await look(browser, "step 2");
  expect(await page.isDisabled("#last_login"), "a time condition is open for on_create");
  expect((await page.textContent("#last-why")).includes("no logins"), "disabled without why");
  // A group: what is typed beside its button stays, and it is taken out again.
  await page.fill("#domain", "acme.example");
  await go("button:has-text('Add a group')");
  await look(browser, "a group of conditions");
  await page.check("#match-none");
  await page.fill("#domain_not", "other.example");
  await go("button.first");
  expect(new URL(page.url()).search === "", `after the group: ${page.url()}`);
  expect(await page.inputValue("#domain") === "acme.example", "what was typed beside the group is gone");
  expect((await page.textContent("ol.actions")).includes("None of these hold"), "the group is not listed");
  await look(browser, "step 2 with a group");
  await go("button[value='remove:1']");
  expect(await page.locator("ol.actions").count() === 0, "the group is still there");
  await page.fill("#domain", "acme.example");
  if (withScript) {
    await page.dispatchEvent("#domain", "change");
    await page.waitForFunction(() => document.getElementById("count").textContent.includes("By the last list"));
  }
  await go("button.first");

  // Step 3, left and found again.
  const left = page.url();
  expect(left.endsWith("/actions"), `after step 2: ${left}`);
  await look(browser, "step 3");
  expect(await page.isDisabled("#kind-delete"), "delete is open for on_create");
  expect((await page.textContent("#kind-delete-about")).includes("schedule or a person"), "delete is disabled without why");
  await browser.close();
  browser = await open(url, { script: withScript });
  page = browser.page;
  await signIn(browser, token, "/schemes");
  await visit(browser, "/schemes");
  expect((await page.textContent("#drafts")).includes("newcomers-2"), "the draft is not offered");
  await go("#drafts a:has-text('newcomers-2')");
  expect(page.url() === left || page.url().endsWith("/users"), `the draft goes on at ${page.url()}`);
  await page.goto(left);

  // Two actions, in their order.
  for (const group of ["staff", "vip"]) {
    if (!(await page.locator("#kind-add_groups").isVisible())) await page.click("summary");
    await page.check("#kind-add_groups");
    await go("button[value=add]");
    await look(browser, "an action");
    if (group === "vip") {
      await pick(group);
    } else {
      await page.fill("#action-field", group);
    }
    await go("button[value=edit]");
  }
  await go("li:nth-child(2) button[value=up]");
  const order = await page.locator("ol.actions .detail").allTextContents();
  expect(order.join() === "vip,staff", `the order is ${order}`);
  await go("li:nth-child(1) button[value=remove]");
  await go("button[value=next]");
  await look(browser, "step 4");
  await page.fill("#name", "Newcomers <b>2</b>");
  await go("button.first");

  // The overview has all answers, and each is changed from there.
  await look(browser, "overview");
  const answers = await page.textContent("dl.answers");
  for (const said of ["newcomers-2", "acme", "When a user is created", "whoever has an address at acme.example",
    "The user is added to staff", "Newcomers <b>2</b>"]) {
    expect(answers.includes(said), `the overview does not say ${said}: ${answers}`);
  }
  await go("dl.answers a:has-text('Change Users')");
  await page.fill("#domain", "acme.example\nother.example");
  await go("button.first");
  expect(page.url().endsWith("/overview"), `Change leads back to ${page.url()}`);
  expect((await page.textContent("dl.answers")).includes("other.example"), "the change is gone");
  expect(await page.locator("button[value=on]").count() === 0, "it can be switched on before it was looked at");
  if (withScript) await keyboard(browser, "overview");

  // The preview first, then the number is in the button.
  await go("#look");
  const deadline = Date.now() + 30_000;
  while ((await page.locator("a:has-text('as CSV')").count()) === 0 && Date.now() < deadline) {
    if (!withScript) await page.reload();
    await page.waitForTimeout(200);
  }
  expect(await page.textContent("#selected") === "3", `selected: ${await page.textContent("#selected")}`);
  await look(browser, "preview");
  await go("a.first:has-text('Back to the overview')");
  expect((await page.textContent("button[value=on]")).includes("for 3 users"), "no number in the button");
  await page.setViewportSize({ width: 320, height: 800 });
  await look(browser, "overview, narrow");
  await page.setViewportSize({ width: 1280, height: 900 });
  await go("button[value=test]");
  expect(page.url().endsWith("/schemes/newcomers-2?said=created"), `saved: ${page.url()}`);
  expect((await page.textContent("main")).includes("Test mode"), "it is not in test mode");
  await look(browser, "the scheme");
  await page.goto("/schemes");
  expect(await page.locator("#drafts").count() === 0, "the draft is still offered");
  await browser.close();
});
