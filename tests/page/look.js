// Opens a page in headless Chromium and waits until it says what it should.
//
//   node look.js URL --until EXPRESSION [--width N] [--scheme light|dark] [--screenshot FILE] [--cut]
//
// Prints "loaded" once the page shows anything live. Ends with 0 once EXPRESSION is true in the page and nothing was wrong with
// it: no message of an error on the console, no script that failed, nothing wider than the window. With --cut it waits first until
// the stream of events has ended, prints "cut", and forgives what the browser has to say about that. Speaks the DevTools protocol
// through a pipe and needs nothing but node.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { parseArgs } = require("node:util");

const { values: wanted, positionals: [url] } = parseArgs({
  allowPositionals: true,
  options: { until: { type: "string" }, width: { type: "string", default: "1280" }, scheme: { type: "string", default: "light" }, screenshot: { type: "string" }, cut: { type: "boolean" } },
});
const LIMIT_MS = 60_000;
const complaints = [];

const profile = fs.mkdtempSync(path.join(os.tmpdir(), "crossfade-page-"));
const browser = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
  `--user-data-dir=${profile}`, "--remote-debugging-pipe"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

// Messages are JSON, each ended by a zero byte.
const waiting = new Map();
let session, number = 0, rest = "";
function ask(method, params = {}) {
  const id = ++number;
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId: session }) + "\0");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}
const hear = {
  "Runtime.exceptionThrown": (event) => complaints.push(event.exceptionDetails.exception?.description ?? event.exceptionDetails.text),
  "Runtime.consoleAPICalled": (event) => event.type === "error" && complaints.push(event.args.map((arg) => arg.value).join(" ")),
  "Log.entryAdded": ({ entry }) => entry.level === "error" && !(wanted.cut && entry.source === "network") && complaints.push(`${entry.text} ${entry.url ?? ""}`),
};
browser.stdio[4].on("data", (bytes) => {
  const messages = (rest + bytes).split("\0");
  rest = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (!message.id) hear[message.method]?.(message.params);
    else if (message.error) waiting.get(message.id).reject(new Error(message.error.message));
    else waiting.get(message.id).resolve(message.result);
  }
});

async function value(expression) {
  const { result, exceptionDetails } = await ask("Runtime.evaluate", { expression, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
  return result.value;
}

async function until(expression) {
  for (const giveUp = Date.now() + LIMIT_MS; Date.now() < giveUp; await new Promise((turn) => setTimeout(turn, 50))) {
    if (await value(expression)) return;
  }
  throw new Error(`not so within the limit: ${expression}\nThe page says:\n${await value("document.body.innerText")}`);
}

async function look() {
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  ({ sessionId: session } = await ask("Target.attachToTarget", { targetId, flatten: true }));
  for (const domain of ["Page", "Runtime", "Log"]) await ask(`${domain}.enable`);
  const width = Number(wanted.width);
  await ask("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
  await ask("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: wanted.scheme }] });
  await ask("Page.navigate", { url });
  await until("document.querySelector('#line')?.dataset.state === 'live'");
  console.log("loaded");
  if (wanted.cut) {
    await until("document.querySelector('#line').dataset.state === 'cut'");
    console.log("cut");
  }
  await until(wanted.until);
  const across = await value("document.documentElement.scrollWidth");
  if (across > width) complaints.push(`the page is ${across} wide in a window of ${width}`);
  if (wanted.screenshot) {
    const { data } = await ask("Page.captureScreenshot");
    fs.writeFileSync(wanted.screenshot, Buffer.from(data, "base64"));
  }
}

look().catch((error) => complaints.push(error.message)).finally(() => {
  browser.once("exit", () => {
    // The browser's own children may still be writing there for a moment.
    for (let attempt = 0; attempt < 20 && fs.existsSync(profile); ++attempt) {
      try {
        fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      } catch (error) {
        if (error.code !== "ENOTEMPTY") throw error;
      }
    }
    for (const complaint of complaints) console.log(complaint);
    process.exit(complaints.length === 0 ? 0 : 1);
  });
  browser.kill("SIGKILL");
});
