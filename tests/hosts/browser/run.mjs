// Opens page.html in headless Chromium: node run.mjs FOLDER
//
// FOLDER holds the unpacked package as package/, and jobs.ndjson. Prints what the page posts. The REST
// proxies of the jobs are of another origin than the page, and do not allow it. So the page reaches them
// through a gate, which allows this page alone as an operator would tell a REST proxy to (CORS).
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { buffer, text } from "node:stream/consumers";

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

/** Hands a request for /PORT/PATH on to that port, and its answer back. */
async function passOn(request, response) {
  response.setHeader("access-control-allow-origin", origin(pages));
  if (request.method === "OPTIONS") {
    response.setHeader("access-control-allow-headers", "accept, content-type");
    return response.writeHead(204).end();
  }
  const [, port, path] = /^\/(\d+)(\/.*)$/.exec(request.url);
  const { accept, "content-type": type } = request.headers;
  const headers = { accept, ...(type && { "content-type": type }) };
  const body = request.method === "POST" ? await buffer(request) : undefined;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: request.method, headers, body });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://page");
  if (request.method === "POST") {
    const printed = await text(request);
    response.end();
    return end(printed);
  }
  const path = pathname === "/page.html" ? new URL("page.html", import.meta.url) : join(folder, pathname);
  let body = await readFile(path).catch(() => undefined);
  if (pathname === "/jobs.ndjson") body = String(body).replaceAll(/http:\/\/127\.0\.0\.1:(\d+)/g, `${origin(gate)}/$1`);
  response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(pathname)] ?? "text/plain" }).end(body);
}

async function listening(answer) {
  const server = createServer((request, response) => answer(request, response).catch((error) => console.error(error)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const origin = (server) => `http://127.0.0.1:${server.address().port}`;
const gate = await listening(passOn);
const pages = await listening(answer);
const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
browser = spawn("chromium", [...options, `${origin(pages)}/page.html`], { stdio: "ignore" });
