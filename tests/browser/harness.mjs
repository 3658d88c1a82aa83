// Plays a case in chromium and looks at every page on the way: nothing refused by the Content-Security-Policy, no other
// host, no error on the console, nothing that axe finds against A or AA of WCAG 2.2, in both themes.
import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(join(process.env.USHER_BROWSER_MODULES, "/"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PATIENCE = 30_000;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SWITCHES = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** What went wrong, and what was measured. */
const verdict = { failures: [], pages: [] };

/** Notes a failure; the case goes on. */
export function fail(text) {
  verdict.failures.push(text);
}

/** Notes a failure where `holds` is false. */
export function expect(holds, text) {
  if (!holds) fail(text);
}

/** A browser with an empty profile, at `url`, which may ask `hosts` besides. Without `script` pages run none. */
export async function open(url, { script = true, scheme = "light", hosts = [] } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "usher-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium", headless: true, args: SWITCHES, ignoreDefaultArgs: ["--enable-automation"],
    javaScriptEnabled: script, colorScheme: scheme, baseURL: url, viewport: { width: 1280, height: 900 },
  });
  context.setDefaultTimeout(PATIENCE);
  const page = context.pages()[0] ?? await context.newPage();
  const browser = { page, context, script, hosts: [new URL(url).host, ...hosts], refusals: new Set() };
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
    });
  });
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && !browser.hosts.includes(to.host)) fail(`${page.url()} asks ${to.href}`);
  });
  page.on("console", (message) => {
    const expected = message.text().startsWith("Failed to load resource") && browser.refusals.has(message.location().url);
    if (message.type() === "error" && !expected) fail(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => fail(`${page.url()}: ${error}`));
  browser.close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return browser;
}

/** Signs in with `token`, and gives the page where that leads. */
export async function signIn(browser, token, to = "/") {
  await browser.page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
  await browser.page.fill("#token", token);
  await Promise.all([browser.page.waitForNavigation(), browser.page.click("button[type=submit]")]);
}

/** Goes to `path`, which is answered `status`, and looks the page over. */
export async function visit(browser, path, status = 200) {
  const { page } = browser;
  if (status !== 200) browser.refusals.add(new URL(path, page.url()).href);
  const before = [];
  const count = (response) => before.push(response);
  page.on("response", count);
  const answer = await page.goto(path, { waitUntil: "load" });
  page.off("response", count);
  expect(answer.status() === status, `${path}: ${answer.status()} and not ${status}`);
  const sizes = await Promise.all(before.map((response) => response.request().sizes().catch(() => ({ responseBodySize: 0 }))));
  const firstByte = answer.request().timing().responseStart;
  verdict.pages.push({ path, bytes: sizes.reduce((sum, size) => sum + size.responseBodySize, 0), firstByte });
  await look(browser, path);
  return answer;
}

/** Looks the present page over, in both themes. */
export async function look(browser, name) {
  const { page } = browser;
  expect(await page.locator("h1").count() === 1, `${name}: not exactly one h1`);
  expect(await page.locator("main").count() === 1, `${name}: not exactly one main`);
  expect(await page.locator("[style], script:not([src])").count() === 0, `${name}: style or script in the page`);
  if (!browser.script) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: { type: "tag", values } }), RULES);
    for (const { id, nodes } of violations) fail(`${name}, ${colorScheme}: ${id}: ${nodes.map((node) => node.html).join(" ")}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow <= 0, `${name}: scrolls sideways by ${overflow} px`);
}

/** The keyboard reaches every link, button and field of the page, and each shows that it has the focus. */
export async function keyboard(browser, name) {
  const { page } = browser;
  const all = await page.evaluate(() => {
    const selector = "a[href], button:not([disabled]):not([tabindex='-1']), input:not([type=hidden]):not([disabled]), select, summary";
    return [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).length;
  });
  await page.evaluate(() => document.activeElement?.blur());
  const seen = new Set();
  for (let step = 0; step < all + 20; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      element.dataset.seen ??= String(Math.random());
      const ring = getComputedStyle(element);
      return { id: element.dataset.seen, html: element.outerHTML.slice(0, 90), ring: ring.outlineStyle !== "none" };
    });
    if (!at) continue;
    expect(at.ring, `${name}: no ring around ${at.html}`);
    seen.add(at.id);
  }
  expect(seen.size >= all, `${name}: the keyboard reaches ${seen.size} of ${all}`);
}

/** Plays the case; prints the verdict. */
export async function play(story) {
  const [url, ...given] = process.argv.slice(2);
  try {
    await story(url, ...given);
  } catch (error) {
    fail(`the case broke off: ${error.stack ?? error}`);
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  process.exit(0);
}
