//! `check`: every fault at once, each with its place.

use serde_json::json;

use super::support::{Place, binary, code, config, sale, stderr};

/// A set with a fault of every kind, among escapes and characters of more than
/// one byte.
const TRIGGERS: &str = r#"[
  {
    "name": "Größe",
    "config_signals": [{"signal": "post_svae"}],
    "content_types": [{"app_label": "shop", "model_name": "Sale"}, "sale"],
    "msg_broker_queues": [
      {"name": "kafka_1", "parameters": {"other": "ü\u00fc {{ myapp.settings.TOPIK }}"}, "timeout_secs": "5"},
      {"name": "kafka_l", "record": {"key": "{{ id|uper }}", "headers": {"é": "{% iff %}"}}},
      {"name": "kafka_2", "conn_details": {"set": "{{ by.the.broker }}"}, "record": {"partition": [], "tombstone": "quantity >", "value": 1}}
    ],
    "active": "yes",
    "when": "quantity >< 3",
    "payload": {
      "größe \u00fc \"x\"": "äöü\n\u00e9\ud83d\ude00 {{ größe|lowr }}\nline three {{ a b }}",
      "{{ \u00fc|nofilter }}": "{{ event.sgnal }}",
      "c": ["{% include 'x' %}", "{% for a in b %}{{ a }}"],
      "d": "{{ a|date }} {{ a|add }} {{ _x }}"
    },
    "payload_types": "nativ",
    "auto\u0065scap": true
  },
  {"name": "Größe", "config_signals": [], "content_types": [], "msg_broker_queues": [{}]},
  {"queues": []},
  7
]"#;

#[tokio::test]
async fn every_fault_of_the_triggers_is_shown_at_once() {
    let mut config = config("http://localhost:8082");
    config["triggers"] = json!("triggers.json");
    config["ACTION_TRIGGER_SETTINGS"]["ALLOWED_DYNAMIC_IMPORT_PATHS"] =
        json!(["myapp.settings.TOPIC"]);
    config["ACTION_TRIGGERS"]["brokers"]["kafka_2"] =
        json!({"broker_type": "kafka", "conn_details": {"set": 1}});
    let place = Place::new(&config);
    place.write("triggers.json", TRIGGERS);
    let output = place.call("check", "").await;
    assert_eq!(code(&output), 1);
    insta::assert_snapshot!("faults", stderr(&output));
    let summary = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(summary, "4 triggers, 24 errors, 14 warnings\n");
}

#[tokio::test]
async fn a_configuration_without_faults_passes() {
    let mut good = config("http://localhost:8082");
    good["ACTION_TRIGGER_SETTINGS"] = json!({"MAX_BROKER_TIMEOUT": 5});
    good["ACTION_TRIGGERS"]["whitelisted_content_types"] = json!(["myapp.sale"]);
    good["ACTION_TRIGGERS"]["whitelisted_webhook_endpoint_patterns"] = json!([]);
    good["outbox"] = json!({"path": "outbox.db"});
    let output = Place::new(&good).call("check", "").await;
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert_eq!(output.stdout, b"1 trigger, 0 errors, 0 warnings\n");
    for outbox in [json!("memory"), json!({"messages": 10})] {
        good["outbox"] = outbox;
        let output = Place::new(&good).call("check", "").await;
        let said = stderr(&output);
        assert!(said.starts_with("note: the outbox is in memory"), "{said}");
        assert_eq!((code(&output), said.lines().count()), (0, 1), "{said}");
    }
}

#[tokio::test]
async fn faults_of_the_host_and_of_the_triggers_are_shown_together() {
    let mut bad = config("http://localhost:8082");
    bad["triggers"][0]["config_signals"][0]["signal"] = json!("post_sav");
    bad["clusters"]["localhost:9092"]["api"] = json!("v9");
    let output = Place::new(&bad).call("check", "").await;
    let text = stderr(&output);
    assert_eq!(code(&output), 1, "{text}");
    assert!(
        text.contains("unknown_signal") && text.contains("unknown_value"),
        "{text}"
    );
    assert_eq!(code(&Place::new(&bad).call("run", "").await), 2);
    let missing = binary()
        .args(["check", "--config", "/nowhere.json"])
        .output()
        .unwrap();
    assert_eq!(code(&missing), 2);
}

/// What `check` has to find: a part of the configuration, replaced by something
/// with which no event can be published.
#[tokio::test]
async fn what_fails_for_every_event_is_found_by_check() {
    let faults = [
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/params",
            json!({"topic": "not a topic"}),
        ),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/params",
            json!({"topic": ""}),
        ),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/params",
            json!({"topic": 7}),
        ),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/params",
            json!({"topic": "{{ a.b }}"}),
        ),
        ("/ACTION_TRIGGERS/brokers/kafka_1/params", json!({})),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/conn_details",
            json!({"bootstrap_servers": ""}),
        ),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/conn_details",
            json!({"bootstrap_servers": "b:1"}),
        ),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/conn_details",
            json!({"bootstrap_servers": ["a:1"]}),
        ),
        ("/ACTION_TRIGGERS/brokers/kafka_1/conn_details", json!({})),
        (
            "/ACTION_TRIGGERS/brokers/kafka_1/broker_type",
            json!("redis"),
        ),
        ("/triggers/0/msg_broker_queues/0/name", json!("kafka_2")),
        (
            "/triggers/0/msg_broker_queues/0",
            json!({"name": "kafka_1", "conn_details": {"x": "{{ a.b }}"}}),
        ),
        (
            "/triggers/0/msg_broker_queues/0",
            json!({"name": "kafka_1", "record": {"partition": "abc"}}),
        ),
        (
            "/triggers/0/msg_broker_queues/0",
            json!({"name": "kafka_1", "record": {"partition": 2_147_483_648_u32}}),
        ),
        (
            "/triggers/0/msg_broker_queues/0",
            json!({"name": "kafka_1", "record": {"timestamp": "now"}}),
        ),
        (
            "/triggers/0/msg_broker_queues/0",
            json!({"name": "kafka_1", "timeout_secs": 0}),
        ),
        ("/triggers/0/payload", json!("{{ id|nope }}")),
        ("/triggers/0/when", json!("event.nope")),
    ];
    for (place, fault) in faults {
        let mut config = config("http://localhost:1");
        config["triggers"][0]["when"] = json!("id");
        *config.pointer_mut(place).unwrap() = fault.clone();
        let rendered = Place::new(&config).call("render", sale("1")).await;
        let checked = Place::new(&config).call("check", "").await;
        let shown = stderr(&checked);
        assert_ne!(code(&rendered), 0, "{place} = {fault} is published");
        assert_eq!(code(&checked), 1, "{place} = {fault} is not found: {shown}");
    }
}

#[tokio::test]
async fn what_never_fires_or_never_counts_is_a_warning() {
    let mut config = config("http://localhost:1");
    config["ACTION_TRIGGERS"]["whitelisted_content_types"] = json!(["shop.order"]);
    config["triggers"][0]["msg_broker_queues"][0]["parameters"] = json!({"topic": "refunds"});
    let output = Place::new(&config).call("check", "").await;
    let shown = stderr(&output);
    assert_eq!(code(&output), 0, "{shown}");
    for words in ["excluded_by_whitelist", "loses_to_broker", "refunds"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
