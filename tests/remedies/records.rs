//! Remedies for events and for records that are not made or not taken.

use serde_json::{Value, json};

use super::cases::{CLUSTER, Case, Edits, QUEUE, Row, TRIGGER, edited, event, good};

const EVENTS: &str = "Events";
const MADE: &str = "Records that are not made";
const TAKEN: &str = "Records that are refused";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = events();
    rows.extend(conditions_and_payloads());
    rows.extend(settings());
    rows.extend(refused());
    rows
}

fn row(area: &'static str, code: &'static str, wrong: Case, right: Case) -> Row {
    Row {
        area,
        code,
        wrong,
        right,
    }
}

fn events() -> Vec<Row> {
    let lines = |bytes: &[u8]| Case::Events(good(), bytes.to_vec());
    let of = |members: Value| Case::Events(good(), event(&members));
    let good_line = event(&json!({}));
    let pretty = serde_json::from_slice::<Value>(&good_line).unwrap();
    let pretty = serde_json::to_vec_pretty(&pretty).unwrap();
    let mut marked = good_line.clone();
    marked.extend("\u{feff}".bytes());
    marked.extend(&good_line);
    let (mut latin, mut utf8) = (good_line.clone(), good_line.clone());
    latin.extend(b"\xff\n");
    utf8.extend(&good_line);
    vec![
        row(EVENTS, "event_not_utf8", lines(&latin), lines(&utf8)),
        row(
            EVENTS,
            "event_malformed",
            lines(b"{\"signal\": 1}"),
            lines(&good_line),
        ),
        row(EVENTS, "event_malformed", lines(&pretty), lines(&good_line)),
        row(EVENTS, "event_malformed", lines(&marked), lines(&utf8)),
        row(
            EVENTS,
            "unknown_signal",
            of(json!({"signal": "post_svae"})),
            of(json!({"signal": "post_save"})),
        ),
        row(
            EVENTS,
            "invalid_content_type",
            of(json!({"content_type": "sale"})),
            of(json!({"content_type": "shop.sale"})),
        ),
        row(
            EVENTS,
            "invalid_event_id",
            of(json!({"id": "x".repeat(513)})),
            of(json!({"id": "x".repeat(512)})),
        ),
        row(
            EVENTS,
            "invalid_event_id",
            of(json!({"id": 1.5})),
            of(json!({"id": 1})),
        ),
    ]
}

fn conditions_and_payloads() -> Vec<Row> {
    let with = |name: &str, value: Value, instance: Value| {
        let config = edited(&[(&format!("{TRIGGER}/{name}"), value)]);
        Case::Events(config, event(&json!({"instance": instance})))
    };
    let paid = || json!({"id": 7, "status": "paid", "n": null});
    let before = event(&json!({"instance": paid(), "before": {"status": "new"}}));
    let asked = edited(&[(&format!("{TRIGGER}/when"), json!("before.status != status"))]);
    let native = |value: Value| {
        let config = edited(&[
            (&format!("{TRIGGER}/payload"), value),
            (&format!("{TRIGGER}/payload_types"), json!("native")),
        ]);
        Case::Events(config, event(&json!({"instance": {"id": 7, "n": 1}})))
    };
    vec![
        row(
            MADE,
            "before_missing",
            with("when", json!("before.status != status"), paid()),
            Case::Events(asked, before),
        ),
        row(
            MADE,
            "before_missing",
            with("when", json!("before.status != status"), paid()),
            with(
                "when",
                json!("not event.before or before.status != status"),
                paid(),
            ),
        ),
        row(
            MADE,
            "template_failed",
            with("payload", json!("{{ n|first }}"), paid()),
            with("payload", json!("{{ n|default:'none'|first }}"), paid()),
        ),
        row(
            MADE,
            "payload_ambiguous",
            with(
                "payload",
                json!("{\"a\": \"x\", {{ rest }}"),
                json!({"rest": "\"b\": 1}"}),
            ),
            with(
                "payload",
                json!("{\"a\": \"x\", \"rest\": \"{{ rest }}\"}"),
                json!({"rest": "\"b\": 1}"}),
            ),
        ),
        row(
            MADE,
            "payload_not_json",
            native(json!(["{{ 1e400 }}"])),
            native(json!(["{{ 1e400|stringformat:'s' }}"])),
        ),
    ]
}

/// A queue whose `note` is this placeholder, beside what the host has for it.
fn noted(note: &str, host: Edits<'_>) -> Case {
    let mut config = edited(host);
    config["triggers"][0]["msg_broker_queues"][0]["parameters"] = json!({"note": note});
    Case::Events(config, event(&json!({})))
}

fn settings() -> Vec<Row> {
    const ALLOWED: &str = "/ACTION_TRIGGER_SETTINGS/ALLOWED_DYNAMIC_IMPORT_PATHS";
    let allowed = json!(["a.note"]);
    let value = |value: Value| ("/values", json!({"a.note": value}));
    vec![
        row(
            MADE,
            "setting_not_allowed",
            noted("{{ a.note }}", &[value(json!("x"))]),
            noted(
                "{{ a.note }}",
                &[value(json!("x")), (ALLOWED, allowed.clone())],
            ),
        ),
        row(
            MADE,
            "setting_not_found",
            noted("{{ a.note }}", &[(ALLOWED, allowed.clone())]),
            noted(
                "{{ a.note }}",
                &[(ALLOWED, allowed.clone()), value(json!("x"))],
            ),
        ),
        row(
            MADE,
            "setting_failed",
            noted(
                "{{ a.note }}",
                &[
                    (ALLOWED, allowed.clone()),
                    value(json!({"env": "ACTION_TRIGGERS_TEST_NOT_SET"})),
                ],
            ),
            noted(
                "{{ a.note }}",
                &[(ALLOWED, allowed.clone()), value(json!({"env": "PATH"}))],
            ),
        ),
        row(
            MADE,
            "setting_not_text",
            noted(
                "x{{ a.note }}",
                &[(ALLOWED, allowed.clone()), value(json!(["x"]))],
            ),
            noted(
                "x{{ a.note }}",
                &[(ALLOWED, allowed.clone()), value(json!("x"))],
            ),
        ),
        row(
            MADE,
            "setting_not_text",
            noted(
                "x{{ a.note }}",
                &[(ALLOWED, allowed.clone()), value(json!(["x"]))],
            ),
            noted("{{ a.note }}", &[(ALLOWED, allowed), value(json!(["x"]))]),
        ),
    ]
}

fn refused() -> Vec<Row> {
    let with = |edits: Edits<'_>| Case::Events(edited(edits), event(&json!({})));
    let (name, record) = (format!("{QUEUE}/name"), format!("{QUEUE}/record"));
    let (payload, most) = (
        format!("{TRIGGER}/payload"),
        format!("{CLUSTER}/max_record_bytes"),
    );
    let servers = "/ACTION_TRIGGERS/brokers/kafka_1/conn_details";
    vec![
        row(
            TAKEN,
            "unknown_broker",
            with(&[(&name, json!("kafka_2"))]),
            with(&[(&name, json!("kafka_1"))]),
        ),
        row(
            TAKEN,
            "unknown_broker",
            with(&[(&name, json!("kafka_2"))]),
            with(&[
                (&name, json!("kafka_2")),
                (
                    "/ACTION_TRIGGERS/brokers/kafka_2",
                    good()["ACTION_TRIGGERS"]["brokers"]["kafka_1"].clone(),
                ),
            ]),
        ),
        row(
            TAKEN,
            "invalid_destination",
            with(&[(servers, json!({"bootstrap_servers": ""}))]),
            with(&[(servers, json!({"bootstrap_servers": "k:1"}))]),
        ),
        row(
            TAKEN,
            "too_large",
            with(&[
                (&payload, json!("x{{ id|ljust:200 }}x")),
                (&most, json!(100)),
            ]),
            with(&[
                (&payload, json!("x{{ id|ljust:200 }}x")),
                (&most, json!(1000)),
            ]),
        ),
        row(
            TAKEN,
            "invalid_record",
            with(&[(&record, json!({"partition": "{{ id|floatformat:1 }}"}))]),
            with(&[(&record, json!({"partition": "{{ id }}"}))]),
        ),
    ]
}

/// What is said of the events of a configuration.
async fn told(lines: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, good().to_string()).unwrap();
    let failures = super::cases::failures(&file, lines).await;
    let told = failures
        .iter()
        .map(|(code, message)| format!("{code}: {message}"));
    told.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn events_of_several_lines_and_marks_of_byte_order_are_called_that() {
    let pretty =
        told(b"{\n  \"signal\": \"post_save\",\n  \"content_type\": \"shop.sale\"\n}\n").await;
    assert!(pretty.contains("write each event on one line"), "{pretty}");
    let line = String::from_utf8(event(&json!({}))).unwrap();
    let marked = told(format!("{line}\u{feff}{line}").as_bytes()).await;
    assert!(
        marked.contains("byte order mark (BOM); remove it"),
        "{marked}"
    );
    let inside = told(line.replacen('{', "{\u{feff}", 1).as_bytes()).await;
    assert!(inside.contains("byte order mark (BOM)"), "{inside}");
}
