// Publishes through edge.wasm, which jco has made a module of:
//
//   jco transpile edge.wasm -o edge
//   node publish.mjs edge/edge.js jobs.ndjson
//
// A line of jobs.ndjson is {"config": text, "events": [text, …]}.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [module, jobs] = process.argv.slice(2);
const now = () => ({ monotonicMs: BigInt(Math.floor(performance.now())), unixMs: BigInt(Date.now()) });
const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);

async function send({ id, method, url, headers, body, timeoutMs }) {
  try {
    const signal = AbortSignal.timeout(Number(timeoutMs));
    const answer = await fetch(url, { method, headers, body, signal, redirect: "manual" });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return [id, { tag: "answered", val: { status: answer.status, headers: [...answer.headers], body: bytes } }];
  } catch (error) {
    const reason = { TimeoutError: "timed-out", ECONNREFUSED: "unreachable" }[error.cause?.code ?? error.name] ?? "lost";
    return [id, { tag: "failed", val: { reason, message: String(error.cause ?? error) } }];
  }
}

async function deliver(publisher, step) {
  const [reports, sent] = [[], new Map()];
  for (;;) {
    reports.push(...step.reports);
    for (const request of step.requests) sent.set(request.id, send(request));
    if (sent.size === 0 && step.wakeAtMs === undefined) return reports;
    // Called too early, `wake` does no harm.
    const rest = Math.min(500, Number(step.wakeAtMs ?? Infinity) - performance.now());
    const answer = await Promise.race([...sent.values(), sleep(rest)]);
    sent.delete(answer?.[0]);
    step = answer ? publisher.answer(...answer, now()) : publisher.wake(now());
  }
}

async function publish({ config, events }, number) {
  // Another address is another instance.
  const { publisher } = await import(new URL(`${module}?${number}`, `file://${process.cwd()}/`));
  publisher.configure({ text: config, syntax: "json", files: [] });
  publisher.start([], crypto.getRandomValues(new Uint8Array(16)));
  const start = performance.now();
  const { outcomes, step } = publisher.process(events, now());
  return [{ ms: performance.now() - start }, ...outcomes, ...(await deliver(publisher, step))];
}

for (const [number, job] of readFileSync(jobs, "utf8").trim().split("\n").entries()) {
  const done = await publish(JSON.parse(job), number).catch((error) => ({ refused: error.payload ?? String(error) }));
  console.log(JSON.stringify(done, plain));
}
