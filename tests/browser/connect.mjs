// A source is tried out: a wrong key is named, the right one gives the lines for the configuration.
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, site, secret, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token, "/sources");
  const click = (what) => Promise.all([page.waitForNavigation(), page.click(what)]);
  await click("a:has-text('Connect a source')");
  await look(browser, "/connect");
  await click("a:has-text('Jira Data Center')");
  for (const product of ["jira-dc", "jira-cloud", "crowd", "atlassian-org"]) await visit(browser, `/connect?product=${product}`);
  await page.goto("/connect?product=jira-dc");
  if (script === "script") await keyboard(browser, "/connect?product=jira-dc");
  const test = async (address, key) => {
    await page.fill("#name", "Acme Jira");
    await page.fill("#base_url", address);
    await page.fill("#secret", key);
    await click("#test");
  };
  browser.refusals.add(new URL("/connect", url).href);
  await test("ftp://x", "mistyped");
  expect((await page.textContent("[role=alert]")).includes("was not tested"), "refused without a word");
  expect(await page.inputValue("#base_url") === "ftp://x", "what was typed is gone");
  await look(browser, "a refused source");
  await test(site, "mistyped");
  expect((await page.textContent("section.confirm")).includes("Fail"), "a wrong key passes");
  expect(await page.inputValue("#secret") === "", "the secret comes back");
  await look(browser, "a wrong key");
  await test(site, secret);
  expect((await page.textContent("section.confirm")).includes("No check failed"), "the right key fails");
  expect((await page.textContent("section.confirm pre")).includes("ACME_JIRA_TOKEN"), "no lines for the configuration");
  await page.setViewportSize({ width: 320, height: 800 });
  await look(browser, "a right key on a narrow screen");
  await browser.close();
});
