// Run by the tests of the crate action-triggers-edge where the package has been made of a baked component.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigurationError, Publisher } from "action-triggers-edge";

const SALE = '{"id":"1","signal":"post_save","content_type":"shop.sale","instance":{"id":1,"text":"a"}}';
const WRITTEN = '{"offsets":[{"partition":2,"offset":7}]}';
const skip = process.env.ACTION_TRIGGERS_BAKED ? false : "the component is not baked";

function create(more = {}) {
  const sent = [];
  const fetch = async (url, { headers }) => {
    sent.push(new Headers(headers).get("authorization"));
    return new Response(WRITTEN, { headers: { "content-type": "application/vnd.kafka.v2+json" } });
  };
  const reports = [];
  const options = { secrets: { TOKEN: "t0k3n" }, fetch, onReport: (report) => reports.push(report), ...more };
  return Publisher.create(options).then((publisher) => ({ publisher, sent, reports }));
}

test("a baked component needs its secrets and no configuration", { skip }, async () => {
  const { publisher, sent, reports } = await create();
  assert.deepEqual(publisher.warnings, []);
  publisher.process([SALE]);
  await publisher.flush();
  assert.deepEqual(sent, ["Bearer t0k3n"]);
  assert.equal(reports[0].offset, 7);
});

test("a baked component refuses a configuration, and goes without no secret", { skip }, async () => {
  const has = (words) => (error) => error instanceof ConfigurationError && words.test(error.message);
  await assert.rejects(create({ config: "{}" }), has(/already_configured/));
  await assert.rejects(create({ secrets: {} }), has(/TOKEN/));
});
