// Run by `npm test` where edge/ has been made, and by the tests of the crate action-triggers-edge.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { ConfigurationError, MisuseError, Publisher, TrapError } from "action-triggers-edge";

const WRITTEN = '{"offsets":[{"partition":2,"offset":7}]}';
const SALE = '{"id":"1","signal":"post_save","content_type":"shop.sale","instance":{"id":1,"price":10.50}}';

function config(restUrl, payload = { price: "{{ price }}" }) {
  return JSON.stringify({
    ACTION_TRIGGERS: { brokers: { kafka: { broker_type: "kafka", conn_details: { bootstrap_servers: "a:9092" } } } },
    clusters: { "a:9092": { rest_url: restUrl, linger_ms: 0, auth: { bearer: { env: "TOKEN" } } } },
    triggers: [
      {
        config_signals: ["post_save"],
        content_types: ["shop.sale"],
        msg_broker_queues: [{ name: "kafka", parameters: { topic: "sales" } }],
        payload,
      },
    ],
  });
}

const answering = (status, body) => async () =>
  new Response(body, { status, headers: { "content-type": "application/vnd.kafka.v2+json" } });

const usual = (more = {}) => ({
  config: config("http://proxy"),
  secrets: { TOKEN: "t0k3n" },
  fetch: answering(200, WRITTEN),
  onReport: () => {},
  ...more,
});

const create = (more) => Publisher.create(usual(more));
const says = (words) => (error) => error instanceof TypeError && words.test(error.message);

test("a record ends in a report of plain numbers", async () => {
  const reports = [];
  const publisher = await create({ onReport: (report) => reports.push(report) });
  const outcomes = publisher.process([SALE]);
  assert.deepEqual(outcomes, [{ event: "1", publications: [{ trigger: "0", queue: 0, topic: "sales" }] }]);
  await publisher.flush();
  const expected = { event: "1", trigger: "0", queue: 0, topic: "sales", attempts: 1, partition: 2, offset: 7 };
  assert.deepEqual(reports, [expected]);
});

test("options that are undefined are left out", async () => {
  const publisher = await create({ syntax: undefined, files: undefined, random: undefined });
  assert.deepEqual(publisher.warnings, []);
});

test("what fails for a while is sent again", async () => {
  const answers = [answering(503, ""), answering(200, WRITTEN)];
  const reports = [];
  const publisher = await create({
    fetch: () => answers.shift()(),
    onReport: (report) => reports.push(report),
  });
  publisher.process([SALE]);
  await publisher.flush();
  assert.equal(reports[0].attempts, 2);
});

test("a request carries the secret, and is sent to a real server", async () => {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.setHeader("content-type", "application/vnd.kafka.v2+json").end(WRITTEN);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const reports = [];
  const publisher = await create({
    config: config(`http://127.0.0.1:${port}`),
    fetch,
    onReport: (report) => reports.push(report),
  });
  publisher.process([SALE]);
  await publisher.flush();
  publisher.renew({ TOKEN: "new" });
  publisher.process([SALE]);
  await publisher.flush();
  server.close();
  server.closeAllConnections();
  assert.deepEqual(seen, ["Bearer t0k3n", "Bearer new"]);
  assert.equal(reports.length, 2);
});

test("a record that is refused or given up has a failure, which says whether it may be written", async () => {
  const reports = [];
  const onReport = (report) => reports.push(report);
  const refusing = await create({ fetch: answering(413, '{"error_code":413,"message":"large"}'), onReport });
  refusing.process([SALE]);
  await refusing.flush();
  const hanging = await create({ fetch: () => new Promise(() => {}), onReport });
  hanging.process([SALE]);
  hanging.giveUp();
  await hanging.flush();
  const codes = reports.map(({ failure }) => failure.code);
  assert.equal(codes.length, 2);
  assert.ok(codes.every((code) => typeof code === "string"), codes);
  // The first was refused; the other is on its way, and nobody knows how far.
  assert.deepEqual(reports.map(({ mayBeWritten }) => mayBeWritten), [false, true]);
});

test("every fault of a configuration is listed", async () => {
  const bad = config("http://proxy", { a: "{{ a|uper }}", b: "{{ b|lowr }}" });
  const error = await create({ config: bad }).catch((error) => error);
  assert.ok(error instanceof ConfigurationError);
  assert.deepEqual(
    error.problems.map(({ code, path }) => [code, path]),
    ["a", "b"].map((name) => ["template_unknown_filter", `$.triggers[0].payload.${name}`]),
  );
  assert.match(error.message, /did you mean `upper`/);
});

test("secrets that are missing are named", async () => {
  await assert.rejects(create({ secrets: {} }), (error) => error instanceof ConfigurationError && /TOKEN/.test(error.message));
});

test("events that are not a list of texts are refused with what to write", async () => {
  const publisher = await create();
  for (const [events, words] of [
    [SALE, /events is a string: give a list, as in `process\(\[event\]\)`/],
    [JSON.parse(SALE), /events is an object: give a list/],
    [undefined, /events is missing/],
    [Promise.resolve([SALE]), /events is a Promise: await it first/],
    [[JSON.parse(SALE)], /events\[0\] is an object: give the JSON text that it came as/],
    [[SALE, Promise.resolve(SALE)], /events\[1\] is a Promise: await it first/],
    [[new TextEncoder().encode(SALE)], /events\[0\] is bytes: decode them/],
    [[null], /events\[0\] is null/],
  ]) {
    assert.throws(() => publisher.process(events), says(words), String(words));
  }
});

test("options that are wrong are refused with what to write", async () => {
  for (const [more, words] of [
    [{ config: {} }, /config is an object: give the text of a configuration file/],
    [{ config: Promise.resolve("") }, /config is a Promise: await it first/],
    [{ syntax: "yaml" }, /invalid syntax "yaml"/],
    [{ files: [] }, /files is a list: give an object of texts/],
    [{ files: { "triggers.json": [] } }, /files\["triggers.json"\] is a list: give a text/],
    [{ secrets: { TOKEN: Promise.resolve("") } }, /secrets\["TOKEN"\] is a Promise: await it first/],
    [{ onReport: undefined }, /onReport is missing: give a function/],
    [{ secret: {} }, /unknown option "secret": there are config, syntax, files, secrets, onReport/],
    [{ random: () => "dice" }, /what random gave is a string: give a Uint8Array/],
    [{ random: async () => new Uint8Array(16) }, /random gave a Promise/],
  ]) {
    await assert.rejects(create(more), says(words), String(words));
  }
  await assert.rejects(Publisher.create(), says(/give an object/));
  assert.throws(() => new Publisher(), says(/write `await Publisher.create/));
});

test("an async onReport is refused, for nobody waits for it", async () => {
  const publisher = await create({ onReport: async () => {} });
  publisher.process([SALE]);
  await assert.rejects(publisher.flush(), says(/onReport gave a Promise, and nobody waits for it/));
  await publisher.flush();
});

test("a hostile template fails alone, by fuel or by what it writes", async (context) => {
  const loop = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ long }}{% endfor %}{% endfor %}{% endfor %}";
  const bomb = (long) =>
    JSON.stringify({
      signal: "post_save",
      content_type: "shop.sale",
      instance: { xs: Array.from({ length: 500 }, (_, place) => place), long },
    });
  const publisher = await create({ config: config("http://proxy", loop) });
  for (const [long, code] of [
    ["a", "template_out_of_fuel"],
    ["a".repeat(100_000), "template_output_too_large"],
  ]) {
    const start = performance.now();
    const [hostile, good] = publisher.process([bomb(long), SALE]);
    context.diagnostic(`${code} after ${Math.round(performance.now() - start)} ms`);
    assert.equal(hostile.publications[0].failure.code, code);
    assert.equal(good.publications[0].topic, "sales");
  }
});

test("a full outbox is a misuse with a code", async () => {
  const small = JSON.parse(config("http://proxy"));
  small.outbox = { messages: 1 };
  const publisher = await create({ config: JSON.stringify(small), fetch: () => new Promise(() => {}) });
  publisher.process([SALE]);
  assert.throws(
    () => publisher.process([SALE]),
    (error) => error instanceof MisuseError && error.code === "outbox_full",
  );
  publisher.giveUp();
});

test("a component that broke down says so from then on", async () => {
  const publisher = await create({ fetch: () => new Promise(() => {}) });
  publisher.process([SALE]);
  const flushed = assert.rejects(publisher.flush(), TrapError);
  const more = "a".repeat(260 << 20);
  const isTrap = (error) => error instanceof TrapError && /create another Publisher/.test(error.message);
  assert.throws(() => publisher.process([more]), isTrap);
  await flushed;
  assert.throws(() => publisher.process([SALE]), isTrap);
  await assert.rejects(publisher.flush(), TrapError);
});
