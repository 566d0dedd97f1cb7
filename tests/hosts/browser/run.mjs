// Opens page.html in headless Chromium: node run.mjs FOLDER
//
// FOLDER holds the unpacked package as package/, and jobs.ndjson. Prints what the page posts. The page's
// server is not the REST proxy; a proxy that has not been told to allow this page's origin (CORS) is
// reached only because the browser is told not to mind.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";

const [folder] = process.argv.slice(2);
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const profile = await mkdtemp(join(tmpdir(), "browser-"));
let browser;

async function end(printed) {
  console.log(printed);
  browser.kill();
  await new Promise((resolve) => browser.once("exit", resolve));
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://page");
  if (request.method === "POST") {
    const printed = await text(request);
    response.end();
    return end(printed);
  }
  const path = pathname === "/page.html" ? new URL("page.html", import.meta.url) : join(folder, pathname);
  const body = await readFile(path).catch(() => undefined);
  response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(pathname)] ?? "text/plain" }).end(body);
}

const server = createServer((request, response) => answer(request, response).catch((error) => console.error(error)));
server.listen(0, "127.0.0.1", () => {
  const page = `http://127.0.0.1:${server.address().port}/page.html`;
  const options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-web-security", `--user-data-dir=${profile}`];
  browser = spawn("chromium", [...options, page], { stdio: "ignore" });
});
