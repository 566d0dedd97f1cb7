//! 300 sales through the built binary: Kafka holds what `render` says, where
//! `run` says.

use std::{collections::HashSet, fs, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Kafka, Place};

/// Texts that somebody gets wrong: quotes, controls, line separators, markup,
/// nothing.
const NAMES: [&str; 8] = [
    "Alice",
    "Zoë 😀 日本語",
    "O'Brien \"x\" \\",
    "\u{2028}\u{0}\ttab\n",
    "<b>&amp;</b>",
    "",
    "{{ quantity }}",
    "None",
];

fn events() -> String {
    let quantities = [
        "3",
        "1.10",
        "-0.0",
        "12345678901234567890123",
        "1e400",
        "null",
        "true",
    ];
    let event = |number: usize| {
        let name = json!(NAMES[number % NAMES.len()]);
        let quantity = quantities[number % quantities.len()];
        format!(
            r#"{{"id":"{number}","signal":"post_save","content_type":"myapp.sale","instance":{{"id":{},"quantity":{quantity},"customer":{{"name":{name}}}}}}}"#,
            number % 40
        ) + "\n"
    };
    (0..300).map(event).collect()
}

fn config(kafka: &Kafka, topic: &str) -> Value {
    let bootstrap = &kafka.cluster.bootstrap_servers;
    let trigger = json!({
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
        "payload": {"{{ customer.name }}": "{{ customer.name }} bought {{ quantity }}"},
        "msg_broker_queues": [
            {"name": "kafka_1"},
            {"name": "kafka_1", "record": {"key": "{{ id }}/{{ customer.name }}"}},
            {"name": "kafka_1", "record": {"key": "{{ id }}", "partition": "2"}},
        ],
    });
    json!({
        "ACTION_TRIGGERS": {"brokers": {"kafka_1": {
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": bootstrap},
            "params": {"topic": topic},
        }}},
        "ACTION_TRIGGER_SETTINGS": {},
        "clusters": {bootstrap: {"rest_url": kafka.cluster.rest_url.as_str(), "flavor": kafka.flavor, "api": kafka.api}},
        "triggers": [trigger],
    })
}

/// Runs a command; its lines by event and queue.
fn call(command: &str, directory: &Path) -> Vec<Value> {
    let mut binary = Command::new(env!("CARGO_BIN_EXE_action-triggers"));
    binary.current_dir(directory);
    binary.args([command, "--config", "config.json", "events.ndjson"]);
    let output = binary.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = str::from_utf8(&output.stdout).unwrap();
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.sort_by_key(|line| (line["event"].to_string(), line["queue"].as_u64()));
    lines
}

#[tokio::test]
async fn sales_lie_where_run_says_as_render_says() {
    let Some(kafka) = Kafka::find().await else {
        return;
    };
    let topic = kafka.topic("sales");
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    fs::write(path.join("config.json"), config(&kafka, &topic).to_string()).unwrap();
    fs::write(path.join("events.ndjson"), events()).unwrap();
    let rendered = call("render", path);
    let delivered = call("run", path);
    assert_eq!((rendered.len(), delivered.len()), (900, 900));
    let place = |line: &Value| -> Place {
        let number = |name| line[name].as_u64().unwrap();
        (number("partition"), number("offset"))
    };
    let places: HashSet<Place> = delivered.iter().map(place).collect();
    assert_eq!(places.len(), 900);
    let Some(stored) = kafka.read(&topic) else {
        return;
    };
    assert_eq!(stored.len(), 900);
    for (rendered, delivered) in rendered.iter().zip(&delivered) {
        let stored = &stored[&place(delivered)];
        assert_eq!(rendered["event"], delivered["event"]);
        assert_eq!(stored["value"], rendered["value"]);
        assert_eq!(stored["key"], rendered["key"]);
        if !rendered["partition"].is_null() {
            assert_eq!(delivered["partition"], rendered["partition"]);
        }
    }
}
