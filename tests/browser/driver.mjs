// Drives one Chromium for browser.py: a JSON object a line in, one out. Its argument: where playwright-core is.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const { chromium } = createRequire(process.argv[2] + "/driver.mjs")("playwright-core");
const browser = await chromium.launch({
  executablePath: process.argv[3],
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"], // root has no sandbox, a container little shared memory
});
const pages = new Map();

/** What a test asks for, by name; `page` is the name of one. */
const calls = {
  async open({ page, url, ...options }) {
    const context = await browser.newContext(options);
    const made = await context.newPage();
    const seen = { errors: [], requests: [], page: made, context };
    pages.set(page, seen);
    made.on("pageerror", (error) => seen.errors.push(String(error)));
    made.on("console", (message) => { if (message.type() === "error") seen.errors.push(message.text()); });
    made.on("request", (request) => seen.requests.push(request.url()));
    const response = await made.goto(url, { waitUntil: "load", timeout: 30000 });
    return { status: response.status(), headers: response.headers() };
  },
  evaluate: ({ page, script }) => pages.get(page).page.evaluate(script),
  // Not by waitForFunction(), which a page's Content-Security-Policy forbids as it evaluates text within the page.
  async wait({ page, script, seconds }) {
    for (const until = Date.now() + 1000 * seconds; !(await pages.get(page).page.evaluate(script)); await sleep(50))
      if (Date.now() > until) throw new Error(`not within ${seconds} s: ${script}`);
  },
  press: ({ page, key }) => pages.get(page).page.keyboard.press(key),
  type: ({ page, text }) => pages.get(page).page.keyboard.type(text),
  click: ({ page, selector }) => pages.get(page).page.click(selector, { timeout: 10000 }),
  select: ({ page, selector, value }) => pages.get(page).page.selectOption(selector, value, { timeout: 10000 }),
  resize: ({ page, width, height }) => pages.get(page).page.setViewportSize({ width, height }),
  tree: ({ page, selector }) => pages.get(page).page.locator(selector).ariaSnapshot(),
  screenshot: async ({ page, path, whole }) => { await pages.get(page).page.screenshot({ path, fullPage: whole }); },
  seen: ({ page }) => ({ errors: pages.get(page).errors, requests: pages.get(page).requests }),
  close: ({ page }) => pages.get(page).context.close(),
};

console.log(JSON.stringify({ result: browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  const { call, ...given } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ result: (await calls[call](given)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
