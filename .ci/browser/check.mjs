// Opens the pages of a folder in a real browser: node check.mjs FOLDER
//
// Each page has to load without an error and without a request, to have nothing that axe objects to in light and in
// dark, to be read at the width of a phone, to filter its findings, to keep hostile titles as text, and to print to two
// pages. Screenshots at two widths stay beside the pages.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const browsers = ["/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/usr/bin/chromium", "/usr/bin/chromium-browser"];
const WIDTHS = { phone: 390, wide: 1280 };
const PRINTED_PAGES = 2;

const folder = resolve(process.argv[2] ?? "");
const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));
const executablePath = process.env.CHROME_PATH ?? browsers.find((path) => existsSync(path));
if (!executablePath) throw new Error("Neither Chrome nor Chromium is here. Install it, or set CHROME_PATH.");
if (!pages.length) throw new Error(`${folder} has no page.`);

const problems = [];
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  for (const name of pages) {
    const wrong = (words) => problems.push(`${name}: ${words}`);
    const page = await browser.newPage();
    const own = pathToFileURL(join(folder, name)).href;
    page.on("console", (message) => message.type() === "error" && wrong(`console: ${message.text()}`));
    page.on("pageerror", (error) => wrong(`error: ${error.message}`));
    page.on("request", (request) => request.url() === own || wrong(`asks for ${request.url()}`));
    page.on("dialog", async (dialog) => { wrong(`dialog: ${dialog.message()}`); await dialog.dismiss(); });
    for (const [kind, width] of Object.entries(WIDTHS)) {
      await page.setViewport({ width, height: 900 });
      await page.goto(own, { waitUntil: "load" });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) wrong(`is ${wide} pixels too wide for ${width}`);
      await page.screenshot({ path: join(folder, `${name.replace(".html", "")}-${kind}.png`), fullPage: true });
    }
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.goto(own, { waitUntil: "load" });
      // The page's policy runs no script but its own: axe comes in by the debugger, which is not bound by it.
      const session = await page.createCDPSession();
      await session.send("Runtime.evaluate", { expression: readFileSync(axe, "utf8") });
      const answer = await session.send("Runtime.evaluate", {
        expression: "axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 120)}`)))",
        awaitPromise: true, returnByValue: true,
      });
      if (answer.exceptionDetails) wrong(`axe did not run: ${answer.exceptionDetails.text}`);
      else for (const words of JSON.parse(answer.result.value)) wrong(`${scheme}: ${words}`);
    }
    await checkLinks(page, wrong);
    await checkFilters(page, wrong);
    await checkKeyboard(page, wrong);
    const printed = await page.pdf({ format: "A4", landscape: false });
    const count = (Buffer.from(printed).toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length;
    if (count < 1 || count > PRINTED_PAGES) wrong(`prints to ${count} pages`);
    await page.close();
    console.log(`${name}: looked at in ${Object.keys(WIDTHS).length} widths and 2 colour schemes, prints to ${count}`);
  }
} finally {
  await browser.close();
}
for (const words of problems) console.error(words);
process.exitCode = problems.length ? 1 : 0;

async function checkLinks(page, wrong) {
  const dead = await page.$$eval("a[href]", (links) => links
    .map((link) => link.getAttribute("href"))
    .filter((target) => (target.startsWith("#") ? !document.getElementById(target.slice(1)) : !/^https:\/\/./.test(target))));
  for (const target of dead) wrong(`has a link that leads nowhere: ${target}`);
}

async function checkFilters(page, wrong) {
  if (!(await page.$("#findings-table"))) return;
  const shown = () => page.$$eval("#findings-table tbody tr", (rows) => rows.filter((row) => !row.hidden).map((row) => row.dataset.of));
  const all = await shown();
  for (const level of ["error", "warning", "notice"]) {
    await page.click(`[data-level="${level}"]`);
    const now = await shown();
    const wanted = all.filter((one) => one === level);
    if (now.join() !== wanted.join()) wrong(`shows ${now.length} of ${wanted.length} findings of the level ${level}`);
  }
  await page.click('[data-level="all"]');
  await page.type("#search", "no finding has these words");
  if ((await shown()).length) wrong("shows findings that do not have the words searched for");
  await page.$eval("#search", (field) => { field.value = ""; field.dispatchEvent(new Event("input")); });
  if ((await shown()).length !== all.length) wrong("does not show all findings again");
}

async function checkKeyboard(page, wrong) {
  const all = await page.$$eval("a[href], button, input", (elements) => elements.length);
  const reached = new Set();
  await page.evaluate(() => document.activeElement?.blur());
  for (let press = 0; press < all * 3 + 40; press += 1) {
    await page.keyboard.press("Tab");
    const index = await page.evaluate(() => [...document.querySelectorAll("a[href], button, input")].indexOf(document.activeElement));
    if (index >= 0) reached.add(index);
    if (reached.size === all) break;
  }
  if (reached.size !== all) wrong(`the keyboard reaches ${reached.size} of ${all} links, buttons and fields`);
}
