// The pictures of docs/console.md. Some more people come to the demo first, and schemes run over them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { open, play, signIn } from "./harness.mjs";

const PATIENCE = 60_000;

const FIRST = ["Anna", "Bela", "Chen", "Deniz", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kim", "Lena", "Malik", "Nora", "Omar", "Pia"];
const LAST = ["Berg", "Costa", "Doyle", "Eriksen", "Fuchs", "Garcia", "Hansen", "Ito", "Jansen", "Kaya", "Lopez", "Meyer"];
const SCHEMES = [
  `{ id: old-vpn, name: "Contractors leave the old VPN", source: acme, trigger: manual, test_mode: false,
     select: { email_domain: [contractor.example] }, actions: [{ remove_groups: [vpn-legacy] }, { add_groups: [vpn-info] }], limits: { users: 20 } }`,
  `{ id: weekly-staff, name: "Employees are staff", source: acme, trigger: { cron: "0 3 * * MON", timezone: Europe/Berlin }, test_mode: false,
     select: { email_domain: [acme.example] }, exempt: { groups: [jira-administrators] }, actions: [{ add_groups: [staff] }], limits: { users: 300 } }`,
  `{ id: partners, name: "Partners without a contract", source: acme, trigger: manual, test_mode: true,
     select: { email_domain: ["*.partner.example"] }, actions: [{ remove_groups: [contractors] }, { deactivate: {} }], limits: { users: 50 } }`,
];
const DRAFT = {
  step: 2,
  scheme: {
    id: "interns", name: "Interns after the summer", source: "acme", trigger: { cron: "0 4 1 * *", timezone: "Europe/Berlin" },
    select: { email_domain: ["intern.acme.example"] }, exempt: { groups: ["jira-administrators"] },
    actions: [{ remove_groups: ["staff"] }, { deactivate: {} }], limits: { users: 40 },
  },
};

/** Sends JSON or text; gives the answer. */
async function ask(method, url, { token, body } = {}) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(url, { method, headers, body: body && (typeof body === "string" ? body : JSON.stringify(body)) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} is answered ${answer.status}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** What `look` gives, once it gives something. */
async function eventually(what, look) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${PATIENCE} ms`);
    await new Promise((again) => setTimeout(again, 200));
  }
}

/** Somebody of Acme: of five, one is of a contractor, one of a partner; of a directory that can't be written now and then. */
function person(first, last, number) {
  const name = `${first}.${last}`.toLowerCase();
  const domain = ["acme.example", "contractor.example", "acme.example", "north.partner.example", "intern.acme.example"][number % 5];
  return {
    id: `JIRAUSER${20_000 + number}`, name, display_name: `${first} ${last}`, email: `${name}@${domain}`,
    active: number % 17 !== 0, read_only: number % 40 === 2,
  };
}

/** More people and more work; gives a run that is held, one that has ended, and a draft. */
async function enliven(url, token, sandbox) {
  const api = (method, path, body) => ask(method, new URL(`api/v1/${path}`, url), { token, body });
  const control = (method, path, body) => ask(method, new URL(`_sandbox/${path}`, sandbox), { body });
  const people = FIRST.flatMap((first, row) => LAST.map((last, column) => person(first, last, row * LAST.length + column)));
  await control("PUT", "users?site=jira-dc", people);
  await control("PUT", "groups?site=jira-dc", ["vpn-legacy"]);
  for (const { id } of people.filter(({ email }) => email.endsWith("@contractor.example")).slice(0, 30)) {
    await control("PUT", `members?site=jira-dc&user=${id}&group=vpn-legacy`);
  }
  for (const scheme of SCHEMES) await api("POST", "schemes", scheme);
  const run = async (scheme, state) => {
    const { id } = await api("POST", `schemes/${scheme}/run`);
    await eventually(`${scheme} is ${state}`, async () => (await api("GET", `runs/${id}`)).state === state);
    return id;
  };
  const done = await run("weekly-staff", "failed");
  await run("partners", "done");
  const held = await run("old-vpn", "held");
  await api("POST", "sources/acme/roster/refresh");
  await eventually("the users are listed", async () => (await api("GET", "sources/acme")).roster.users > people.length);
  await api("POST", "sources/acme/test");
  const { id: draft } = await api("POST", "drafts", DRAFT);
  const user = people.find(({ read_only, email }) => read_only && email.endsWith("@acme.example"));
  return { done, held, draft, user: user.id };
}

await play(async (url, token, sandbox, folder) => {
  const { done, held, draft, user } = await enliven(url, token, sandbox);
  const browser = await open(url);
  const { page } = browser;
  await page.setViewportSize({ width: 1280, height: 860 });
  await signIn(browser, token);
  const shot = async (name) => {
    await page.waitForLoadState("networkidle");
    await page.evaluate(() => document.activeElement?.blur());
    writeFileSync(join(folder, `${name}.png`), await page.screenshot());
  };
  const take = async (name, path, prepare = async () => {}) => {
    await page.goto(path);
    await prepare();
    await shot(name);
  };
  await take("today", "/");
  await take("schemes", "/schemes");
  await take("scheme", "/schemes/contractors?user=carla", async () => {
    await page.evaluate(() => scrollTo(0, document.getElementById("why").offsetTop - 24));
  });
  await take("wizard", `/drafts/${draft}/users`);
  await take("preview", `/drafts/${draft}/overview`, async () => {
    await Promise.all([page.waitForNavigation(), page.click("button:has-text('Look at whom it selects')")]);
    await page.waitForSelector("#looking table");
  });
  await take("run", `/runs/${held}`);
  await take("undo", `/runs/${done}/undo`);
  await take("users", "/users?source=acme");
  await take("user", `/users/acme/${user}`);
  await take("dead-letters", "/dead-letters");
  await browser.close();
});
