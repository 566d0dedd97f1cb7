//! Remedies for sets of triggers.

use serde_json::{Value, json};

use super::cases::{BROKER, Case, QUEUE, Row, TRIGGER, checks, edited, event, good};

const AREA: &str = "Sets of triggers";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = texts();
    rows.extend(triggers());
    rows.extend(contents());
    rows.extend(queues());
    rows.extend(destinations());
    rows
}

/// A text nested so deep.
fn nested(levels: usize) -> String {
    let payload = "[".repeat(levels) + &"]".repeat(levels);
    format!(
        r#"[{{"config_signals": ["post_save"], "content_types": ["a.b"], "payload": {payload},
        "msg_broker_queues": [{{"name": "kafka"}}]}}]"#
    )
}

fn texts() -> Vec<Row> {
    let row = |code, wrong: &str, right: &str| Row {
        area: AREA,
        code,
        wrong: Case::Set(wrong.to_owned()),
        right: Case::Set(right.to_owned()),
    };
    vec![
        row("invalid_json", "[", "[]"),
        row("too_deep", &nested(200), &nested(20)),
        row("number_too_large", &numbered("1e400"), &numbered("1e300")),
    ]
}

/// A set with this number, which need not be one of Rust's.
fn numbered(number: &str) -> String {
    let triggers = edited(&[("/triggers/0/payload", json!({"n": "N"}))])["triggers"].to_string();
    triggers.replace("\"N\"", number)
}

fn at(of: &str, name: &str) -> String {
    format!("{of}/{name}")
}

fn triggers() -> Vec<Row> {
    let trigger = |name: &str| at(TRIGGER, name);
    let (second, first) = (good()["triggers"][0].clone(), trigger("name"));
    let mut named = second.clone();
    named["name"] = json!("a");
    let mut other = second;
    other["name"] = json!("b");
    checks(
        AREA,
        [
            (
                "wrong_type",
                &[(&trigger("payload_types"), json!(7))],
                &[(&trigger("payload_types"), json!("native"))],
            ),
            (
                "unknown_member",
                &[(&trigger("nam"), json!("a"))],
                &[(&trigger("name"), json!("a"))],
            ),
            // A member at the wrong level says where it belongs.
            (
                "unknown_member",
                &[(&at(QUEUE, "key"), json!("k"))],
                &[(&at(QUEUE, "record"), json!({"key": "k"}))],
            ),
            // Upstream's early spelling says today's.
            (
                "unknown_member",
                &[
                    (&at(QUEUE, "name"), Value::Null),
                    (&at(QUEUE, "broker_config_name"), json!("kafka_1")),
                ],
                &[(&at(QUEUE, "name"), json!("kafka_1"))],
            ),
            (
                "repeated_name",
                &[(&first, json!("a")), ("/triggers/-", named)],
                &[(&first, json!("a")), ("/triggers/-", other)],
            ),
            (
                "no_queues",
                &[(&trigger("msg_broker_queues"), Value::Null)],
                &[],
            ),
            (
                "never_fires",
                &[(&trigger("config_signals"), json!([]))],
                &[],
            ),
            (
                "not_run",
                &[(&trigger("webhooks"), json!([{"url": "https://a"}]))],
                &[],
            ),
        ],
    )
}

/// What triggers listen to and publish.
fn contents() -> Vec<Row> {
    let trigger = |name: &str| at(TRIGGER, name);
    let models = |models: Value| json!({"models": models, "triggers": good()["triggers"]});
    checks(
        AREA,
        [
            (
                "unknown_signal",
                &[(&trigger("config_signals"), json!(["post_svae"]))],
                &[(&trigger("config_signals"), json!(["post_save"]))],
            ),
            (
                "invalid_content_type",
                &[(&trigger("content_types"), json!(["sale"]))],
                &[(&trigger("content_types"), json!(["shop.sale"]))],
            ),
            (
                "unknown_payload_types",
                &[(&trigger("payload_types"), json!("nativ"))],
                &[(&trigger("payload_types"), json!("native"))],
            ),
            (
                "unknown_field_type",
                &[(
                    "/triggers",
                    models(json!({"shop.sale": {"price": "decimall"}})),
                )],
                &[(
                    "/triggers",
                    models(json!({"shop.sale": {"price": "decimal"}})),
                )],
            ),
            (
                "invalid_field_path",
                &[(
                    "/triggers",
                    models(json!({"shop.sale": {"customer..born": "date"}})),
                )],
                &[(
                    "/triggers",
                    models(json!({"shop.sale": {"customer.born": "date"}})),
                )],
            ),
            (
                "single_quotes",
                &[(&trigger("payload"), json!("{'a': '{{ id }}'}"))],
                &[(&trigger("payload"), json!("{\"a\": \"{{ id }}\"}"))],
            ),
            (
                "unquoted_variable",
                &[(&trigger("payload"), json!("{\"a\": {{ id }}}"))],
                &[(&trigger("payload"), json!("{\"a\": {{ id|default:0 }}}"))],
            ),
            (
                "excluded_by_whitelist",
                &[(
                    "/ACTION_TRIGGERS/whitelisted_content_types",
                    json!(["shop.order"]),
                )],
                &[(
                    "/ACTION_TRIGGERS/whitelisted_content_types",
                    json!(["shop.order", "shop.sale"]),
                )],
            ),
        ],
    )
}

fn queues() -> Vec<Row> {
    let (queue, record) = (
        |name: &str| at(QUEUE, name),
        |name: &str| at(QUEUE, &at("record", name)),
    );
    let trigger = |name: &str| at(TRIGGER, name);
    let queues = json!([{"name": "kafka_1"}]);
    checks(
        AREA,
        [
            (
                "missing_member",
                &[(&queue("name"), Value::Null)],
                &[(&queue("name"), json!("kafka_1"))],
            ),
            (
                "empty_text",
                &[(&queue("name"), json!(""))],
                &[(&queue("name"), json!("kafka_1"))],
            ),
            (
                "given_twice",
                &[(&trigger("message_broker_queues"), queues.clone())],
                &[],
            ),
            (
                "given_twice",
                &[
                    (&queue("conn_details"), json!({})),
                    (&queue("connection_details"), json!({})),
                ],
                &[(&queue("conn_details"), json!({}))],
            ),
            (
                "invalid_timeout",
                &[(&queue("timeout_secs"), json!(-1))],
                &[(&queue("timeout_secs"), json!(0.5))],
            ),
            (
                "tombstone_without_key",
                &[(&record("tombstone"), json!("quantity < 0"))],
                &[
                    (&record("tombstone"), json!("quantity < 0")),
                    (&record("key"), json!("{{ instance.pk }}")),
                ],
            ),
            (
                "invalid_record",
                &[(&record("partition"), json!("first"))],
                &[(&record("partition"), json!(1))],
            ),
            (
                "invalid_record",
                &[(&record("timestamp"), json!("now"))],
                &[
                    (&record("timestamp"), json!("{{ event.time }}")),
                    (&at("/clusters/k:1", "api"), json!("v3")),
                ],
            ),
        ],
    )
}

/// A broker that leaves topics to events.
fn topics() -> (String, String) {
    (at(BROKER, "params"), at(BROKER, "topics"))
}

fn destinations() -> Vec<Row> {
    let (params, topics) = topics();
    let (topic, parameters) = (at(QUEUE, "record/topic"), at(QUEUE, "parameters"));
    let mut rows = checks(
        AREA,
        [
            (
                "topic_not_allowed",
                &[(&topic, json!("orders.{{ region }}"))],
                &[
                    (&topic, json!("orders.{{ region }}")),
                    (&params, Value::Null),
                    (&topics, json!(["orders.*"])),
                ],
            ),
            (
                "invalid_topic",
                &[
                    (&topic, json!("orders.eu")),
                    (&params, Value::Null),
                    (&topics, json!(["refunds"])),
                ],
                &[
                    (&topic, json!("orders.eu")),
                    (&params, Value::Null),
                    (&topics, json!(["refunds", "orders.eu"])),
                ],
            ),
            (
                "event_placeholder",
                &[
                    (
                        &parameters,
                        json!({"topic": "orders.{{ instance.region }}"}),
                    ),
                    (&params, Value::Null),
                ],
                &[
                    (&topic, json!("orders.{{ instance.region }}")),
                    (&params, Value::Null),
                    (&topics, json!(["orders.*"])),
                ],
            ),
            (
                "loses_to_broker",
                &[(&parameters, json!({"topic": "refunds"}))],
                &[],
            ),
            (
                "loses_to_broker",
                &[(&parameters, json!({"topic": "refunds"}))],
                &[
                    (&parameters, json!({"topic": "refunds"})),
                    (&params, Value::Null),
                ],
            ),
        ],
    );
    let rendered = |topic_text: &str| {
        let config = edited(&[
            (&topic, json!(topic_text)),
            (&params, Value::Null),
            (&topics, json!(["orders.*"])),
        ]);
        Case::Events(
            config,
            event(&json!({"instance": {"id": 7, "region": "eu", "note": "not a topic"}})),
        )
    };
    rows.push(Row {
        area: "Records that are not made",
        code: "invalid_topic",
        wrong: rendered("orders.{{ note }}"),
        right: rendered("orders.{{ region }}"),
    });
    rows
}
