// Publishes events through edge.wasm, which jco has made a module of:
//
//   jco transpile edge.wasm -o edge
//   node publish.mjs edge/edge.js config.json events.ndjson
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, config, events] = process.argv.slice(2);
const { publisher } = await import(pathToFileURL(module));
const now = () => ({ monotonicMs: BigInt(Math.floor(performance.now())), unixMs: BigInt(Date.now()) });
const text = (value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? Number(one) : one));

async function send({ method, url, headers, body, timeoutMs }) {
  try {
    const signal = AbortSignal.timeout(Number(timeoutMs));
    const answer = await fetch(url, { method, headers, body, signal, redirect: "manual" });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { tag: "answered", val: { status: answer.status, headers: [...answer.headers], body: bytes } };
  } catch (error) {
    const isUnreachable = ["ECONNREFUSED", "ENOTFOUND"].includes(error.cause?.code);
    const reason = error.name === "TimeoutError" ? "timed-out" : isUnreachable ? "unreachable" : "lost";
    return { tag: "failed", val: { reason, message: String(error.cause ?? error) } };
  }
}

let timer;
function take({ requests, reports, wakeAtMs }) {
  reports.forEach((report) => console.log(text(report)));
  for (const request of requests) {
    send(request).then((response) => take(publisher.answer(request.id, response, now())));
  }
  clearTimeout(timer);
  if (wakeAtMs === undefined) return;
  timer = setTimeout(() => take(publisher.wake(now())), Number(wakeAtMs) - performance.now() + 1);
}

publisher.configure({ text: readFileSync(config, "utf8"), syntax: "json", files: [] });
publisher.start([], randomBytes(16));
const { outcomes, step } = publisher.process(readFileSync(events, "utf8").trim().split("\n"), now());
outcomes.forEach((outcome) => console.log(text(outcome)));
take(step);
