// Empty pages say why they are empty and what fills them.
import { expect, open, play, signIn, visit } from "./harness.mjs";

await play(async (url, token) => {
  const browser = await open(url);
  await signIn(browser, token);
  for (const [path, text] of [
    ["/", "Nothing waits for a person."],
    ["/runs", "Nothing has run yet."],
    ["/schemes", "There is no scheme yet."],
    ["/dead-letters", "Nothing was given up."],
  ]) {
    await visit(browser, path);
    expect((await browser.page.textContent("main")).includes(text), `${path} does not say: ${text}`);
  }
  await browser.close();
});
