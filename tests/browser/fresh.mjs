// A fresh usher without a source: one is added with a wrong key, then with the right one; the first steps tick themselves
// off, the second one when a signed webhook has come; then its secret is rotated, and it is deleted.
import { createHmac } from "node:crypto";
import { expect, keyboard, look, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token, site, key, webhooks, body, script) => {
  const browser = await open(url, { script: script === "script" });
  const { page } = browser;
  await signIn(browser, token, "/start");
  const click = (what) => Promise.all([page.waitForNavigation(), page.click(what)]);
  const step = (number) => page.textContent(`ol.inbox li:nth-child(${number})`);
  expect(!(await step(1)).includes("Done"), "a source answers, and there is none");
  await look(browser, "/start of a fresh usher");
  await visit(browser, "/sources");

  await page.goto("/connect?product=jira-dc");
  const type = async (secret) => {
    await page.fill("#name", "Acme Jira");
    await page.fill("#base_url", site);
    await page.fill("#secret", secret);
  };
  await type("mistyped");
  await click("#test");
  expect((await page.textContent("section.confirm")).includes("check `auth`"), "the failed check is not named");
  browser.refusals.add(new URL("/connect", url).href);
  await type("mistyped");
  await click("#save");
  expect((await page.textContent("[role=alert]")).includes("was not saved"), "a wrong key is saved without a reason");
  await look(browser, "a source that is not saved");
  await type(key);
  await click("#save");
  expect((await page.textContent("h1")).includes("The source is saved"), `saved: ${await page.textContent("h1")}`);
  const secret = (await page.textContent("pre")).trim();
  expect(/^[0-9a-f]{64}$/.test(secret), `no secret: ${secret}`);
  await look(browser, "a saved source");

  await page.goto("/start");
  expect((await step(1)).includes("Done"), "the first step does not tick itself off");
  expect(!(await step(2)).includes("Done"), "a webhook has come, and none was sent");
  const send = async (signedBy) => {
    const signature = `sha256=${createHmac("sha256", signedBy).update(body).digest("hex")}`;
    const headers = { "content-type": "application/json", "x-hub-signature": signature };
    return (await fetch(`${webhooks}webhooks/acme-jira`, { method: "POST", headers, body })).status;
  };
  expect(await send("a guess") === 401, "a forged webhook is accepted");
  expect(await send(secret) === 200, "a signed webhook is refused");
  const deadline = Date.now() + 30_000;
  while (!(await step(2)).includes("Done") && Date.now() < deadline) {
    if (script !== "script") await page.reload();
    await page.waitForTimeout(200);
  }
  expect((await step(2)).includes("Done"), "the second step does not tick itself off");

  await page.goto("/sources/acme-jira");
  await look(browser, "a source that was made here");
  if (script === "script") await keyboard(browser, "/sources/acme-jira");
  await click("#add-secret");
  const second = (await page.textContent("pre")).trim();
  await look(browser, "a second secret");
  const until = Date.now() + 10_000;
  while (await send(second) !== 200 && Date.now() < until) await page.waitForTimeout(100);
  expect(await send(secret) === 200 && await send(second) === 200, "not both secrets count");
  await page.goto("/sources/acme-jira");
  await click("button:has-text('Remove webhook.hmac-1')");
  expect((await page.textContent("#status")).includes("is taken out"), "taken out without a word");
  while (await send(secret) !== 401 && Date.now() < until + 10_000) await page.waitForTimeout(100);
  expect(await send(secret) === 401 && await send(second) === 200, "the secret that was taken out counts");

  await visit(browser, "/sources/acme-jira/edit");
  expect(!(await page.content()).includes(second), "the secret is shown");
  await page.fill("#text", (await page.inputValue("#text")).replace("name: Acme Jira", "name: Acme <b>Jira</b>"));
  await page.fill("#secret", key);
  await click("#save");
  expect((await page.textContent("h1")).includes("Acme <b>Jira</b>"), `changed: ${await page.textContent("h1")}`);
  browser.refusals.add(new URL("/sources/acme-jira/edit", url).href);
  await page.goto("/sources/acme-jira/edit");
  await page.fill("#text", "id: [");
  await click("#save");
  expect(await page.inputValue("#text") === "id: [", "what was typed is gone");
  await look(browser, "a refused change");
  await page.setViewportSize({ width: 320, height: 800 });
  await visit(browser, "/sources/acme-jira/delete");
  await click("#delete");
  expect(new URL(page.url()).pathname === "/sources", `deleted: ${page.url()}`);
  await visit(browser, "/sources/acme-jira", 404);
  await browser.close();
});
