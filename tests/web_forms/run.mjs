// Shows XForms in the browser form component of ODK, in a headless Chromium, and fills them in as a person would.
//
//     node run.mjs [--post http://127.0.0.1:8080/key/TOKEN] [--out FOLDER] FORM.xml...
//
// A form's attached files lie in the folder FORM-media beside it. Each form must load without an error, be filled in,
// and be sent; what is sent goes to FOLDER/FORM.submission.xml, and with --post as the component hands it over to the
// address's /submission. Ends with 1 where any of that fails.

import { build } from "esbuild";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
// How often the form is gone through: each answer may make further questions appear.
const MOST_ROUNDS = 40;
// What is tried in turn where a rule refuses an answer.
const NUMBERS = ["1", "2", "0", "10", "50", "100", "2025"];
const TEXTS = ["测试", "91230700827ERYRL36", "A1", "2025", "13800000000", "test@example.org"];

const { values: options, positionals: forms } = parseArgs({
  allowPositionals: true,
  options: { post: { type: "string" }, out: { type: "string" }, browser: { type: "string" } },
});
if (forms.length === 0) {
  console.error("usage: node run.mjs [--post ADDRESS] [--out FOLDER] FORM.xml...");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "web-forms-"));
await build({
  entryPoints: [join(HERE, "page.js")],
  outfile: join(folder, "page.js"),
  bundle: true,
  format: "esm",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "error",
});

/** The page, its script, and what is posted to the server that is tested: a browser posts to its own origin only. */
const server = createServer(async (request, response) => {
  if (request.url === "/page.js") {
    response.setHeader("Content-Type", "text/javascript");
    response.end(readFileSync(join(folder, "page.js")));
  } else if (request.url === "/submission" && options.post) {
    const body = [];
    for await (const piece of request) body.push(piece);
    const answer = await fetch(`${options.post}/submission`, {
      method: "POST",
      headers: { "Content-Type": request.headers["content-type"], "X-OpenRosa-Version": "1.0" },
      body: Buffer.concat(body),
    });
    response.writeHead(answer.status).end(await answer.text());
  } else {
    response.setHeader("Content-Type", "text/html");
    response.end(
      '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="form"></div><script type="module" src="/page.js"></script>',
    );
  }
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const browser = await puppeteer.launch({
  executablePath: options.browser ?? CHROMIUM.find(existsSync),
  // The forms are our own; in containers there is no sandbox.
  args: ["--no-sandbox", "--lang=zh-CN"],
  headless: true,
});

/** The attached files of a form, by their names. */
function attachments(form) {
  const media = form.replace(/\.xml$/, "-media");
  const names = existsSync(media) ? readdirSync(media) : [];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(media, name), "utf8")]));
}

/** What is to be answered now: the questions that are required and empty, or whose answers a rule refuses. */
const open = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".question-container")]
      .filter((question) => question.offsetParent !== null)
      .map((question) => {
        const message = question.querySelector(".validation-message");
        const refused = (message?.innerText ?? "") !== "" && getComputedStyle(message).display !== "none";
        const boxes = [...question.querySelectorAll("input[type=radio], input[type=checkbox]")];
        const text = question.querySelector("input[type=text], input:not([type]), textarea");
        const answered = boxes.length > 0 ? boxes.some((box) => box.checked) : (text?.value ?? "") !== "";
        return {
          id: question.id,
          label: question.querySelector("label, .control-text")?.innerText.trim() ?? "",
          message: refused ? message.innerText : "",
          value: text?.value ?? "",
          kind: boxes[0]?.type ?? (question.querySelector("[role=spinbutton]") ? "number" : text ? "text" : "other"),
          wanted: refused || (question.querySelector(".required") !== null && !answered),
        };
      })
      .filter((question) => question.wanted),
  );

/** Answers a question; `attempt` counts the attempts at it. */
async function answer(page, question, attempt) {
  const within = `[id="${question.id}"]`;
  if (question.kind === "radio" || question.kind === "checkbox") {
    await page.evaluate(
      (within, attempt) => {
        const boxes = [...document.querySelectorAll(`${within} input[type=radio], ${within} input[type=checkbox]`)];
        boxes.filter((box) => box.type === "checkbox" && box.checked).forEach((box) => box.click());
        boxes[attempt % boxes.length].click();
      },
      within,
      attempt,
    );
    return;
  }
  const words = question.kind === "number" ? NUMBERS : TEXTS;
  const input = await page.$(`${within} input, ${within} textarea`);
  if (input === null) throw new Error(`a question of a kind that is not known: ${question.label}`);
  await input.focus();
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.press("Backspace");
  await input.type(words[attempt % words.length]);
  await page.keyboard.press("Tab");
}

/** Fills the form in and sends it; how many answers that took. */
async function fill(page) {
  const attempts = new Map();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const questions = await open(page);
    for (const question of questions) {
      const attempt = attempts.get(question.id) ?? 0;
      await answer(page, question, attempt);
      attempts.set(question.id, attempt + 1);
    }
    if (questions.length > 0) continue;
    await page.click(".footer button");
    await new Promise((settled) => setTimeout(settled, 100));
    if (await page.evaluate(() => window.sent.length > 0)) return attempts.size;
  }
  const left = await open(page);
  throw new Error(`it can't be filled in: ${left.map((question) => `${question.label}: '${question.value}' ${question.message}`).join("; ")}`);
}

/** Loads, fills in and sends one form; throws what is wrong. */
async function hold(form) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction("window.show !== undefined");
  await page.evaluate((xml, files) => window.show(xml, files), readFileSync(form, "utf8"), attachments(form));
  await page.waitForSelector(".form-initialization-status.ready, .form-initialization-status.error", { timeout: 30_000 });
  const failure = await page.$eval("body", (body) => body.querySelector("[role=dialog], .p-dialog")?.innerText ?? null);
  const shown = await page.$$eval(".question-container, .note-control", (questions) => questions.length);
  errors.push(...(await page.evaluate(() => window.problems)));
  if (failure !== null) errors.push(failure);
  if (shown === 0) errors.push("it shows no question");
  if (errors.length > 0) throw new Error(errors.join("\n  "));

  const answers = await fill(page);
  const xml = await page.evaluate(() => window.sentXml());
  if (options.out) writeFileSync(join(options.out, `${basename(form, ".xml")}.submission.xml`), xml);
  if (options.post) {
    for (const { status, text } of await page.evaluate(() => window.post("/submission"))) {
      if (status !== 201 && status !== 202) throw new Error(`the server answers ${status}: ${text}`);
    }
  }
  if (errors.length > 0) throw new Error(errors.join("\n  "));
  await page.close();
  return `${shown} questions at first, ${answers} answered, sent${options.post ? " and accepted" : ""}`;
}

let failed = false;
for (const form of forms) {
  try {
    console.log(`${basename(form)}: ${await hold(form)}`);
  } catch (error) {
    failed = true;
    console.log(`${basename(form)}: ${error.message}`);
  }
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
