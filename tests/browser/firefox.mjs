// Firefox by WebDriver BiDi, for engines.py: one request in JSON a line on the standard input, one
// answer a line on the standard output. The arguments are the program, the scheme of colours (light
// or dark) and how many pixels of the picture make a pixel of the page.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [executablePath, scheme, scale] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "layout.css.prefers-color-scheme.content-override": scheme === "dark" ? 0 : 1,
    "layout.css.devPixelsPerPx": scale,
    "ui.useOverlayScrollbars": 1, // as on a phone: the whole width is the page's
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
  },
});
const pages = new Map();

const commands = {
  async open({ url, width, height }) {
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    await page.goto(url, { waitUntil: "load" });
    pages.set(pages.size, page);
    return pages.size - 1;
  },
  async resize({ page, width, height }) {
    await pages.get(page).setViewport({ width, height });
  },
  async evaluate({ page, script }) {
    return (await pages.get(page).evaluate(script)) ?? null;
  },
  async screenshot({ page }) {
    return pages.get(page).screenshot({ encoding: "base64", captureBeyondViewport: false });
  },
  async press({ page, key }) {
    await pages.get(page).keyboard.press(key);
  },
  async close({ page }) {
    await pages.get(page).close();
  },
};

process.stdout.write(`${JSON.stringify({ value: await browser.version() })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[request.command](request)) ?? null };
  } catch (error) {
    answer = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
