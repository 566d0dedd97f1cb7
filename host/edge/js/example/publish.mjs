// Publishes a sale through a REST proxy: node publish.mjs [ADDRESS]
import { Publisher } from "action-triggers-edge";

const restUrl = process.argv[2] ?? "http://localhost:8082";
const config = `
triggers = "triggers.json"

[ACTION_TRIGGERS.brokers.my_kafka_broker]
broker_type = "kafka"
conn_details = { bootstrap_servers = "localhost:9092" }

[clusters."localhost:9092"]
rest_url = "${restUrl}"
`;
const triggers = `[{
  "config_signals": ["post_save"],
  "content_types": ["myapp.sale"],
  "msg_broker_queues": [{"name": "my_kafka_broker", "parameters": {"topic": "my_topic"}}],
  "payload": {"customer": "{{ customer.name }}", "quantity": "{{ quantity }}"}
}]`;

const publisher = await Publisher.create({
  config,
  syntax: "toml",
  files: { "triggers.json": triggers },
  onReport: (report) => console.log(JSON.stringify(report)),
});
const outcomes = publisher.process([
  '{"id": "1", "signal": "post_save", "content_type": "myapp.sale", "instance": {"id": 7, "quantity": 3, "customer": {"name": "Alice"}}}',
]);
console.log(JSON.stringify(outcomes));
await publisher.flush();
