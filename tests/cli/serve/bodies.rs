//! Bodies of other tools, as they send them.

use serde_json::{Value, json};

use super::client::{Service, serving};
use crate::cli::{
    processes::blocking,
    support::{NOWHERE, proxy},
};

const CLOUDEVENT: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";
const JSON: &str = "application/json";

/// A configuration that knows the others' table as `shop.order`, and whose records are
/// what each event says.
fn telling(rest_url: &str) -> Value {
    let tables = json!({"content_types": {"public.orders": "shop.order"}});
    let mut config = serving(rest_url);
    config["sources"] = json!({"debezium": tables, "hasura": tables, "supabase": tables});
    config["triggers"][0]["config_signals"] = json!(["post_save", "post_delete"]);
    config["triggers"][0]["content_types"] = json!(["shop.order"]);
    config["triggers"][0]["payload"] =
        json!("{{ event.signal }} {{ event.created }} {{ id }} {{ total }} {{ placed }}");
    config
}

/// A change event of Debezium; `source` says which table.
fn change(op: &str, before: &Value, after: &Value) -> Value {
    json!({"op": op, "before": before, "after": after, "ts_ms": 1_714_557_600_456_u64,
        "source": {"connector": "postgresql", "schema": "public", "table": "orders"}})
}

/// The same in its envelope; the row says what its fields are.
fn in_envelope(change: &Value) -> Value {
    let row = json!([
        {"field": "id", "type": "int32"},
        {"field": "total", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal",
            "parameters": {"scale": "2"}},
        {"field": "placed", "type": "int32", "name": "io.debezium.time.Date"},
    ]);
    let row =
        |field: &str| json!({"field": field, "type": "struct", "optional": true, "fields": row});
    json!({"schema": {"type": "struct", "fields": [row("before"), row("after")]}, "payload": change})
}

/// A request: its path, its headers, its body.
type Sent = (&'static str, Vec<(&'static str, &'static str)>, String);

fn sent(query: &'static str, content_type: &'static str, body: &impl ToString) -> Sent {
    (
        query,
        vec![("Content-Type", content_type)],
        body.to_string(),
    )
}

/// `CloudEvents` in their three modes.
fn cloudevents() -> Vec<(Sent, &'static [&'static str])> {
    let event = |id: &str| {
        json!({"specversion": "1.0", "id": id, "source": "/shop", "type": "com.example.shop.order.created",
            "data": {"id": 7, "total": 10}})
    };
    let attributes = [
        ("Content-Type", JSON),
        ("ce-specversion", "1.0"),
        ("ce-id", "3"),
        ("ce-source", "/shop"),
        ("ce-type", "shop.order.deleted"),
    ];
    let binary = (
        "",
        attributes.to_vec(),
        r#"{"id":8,"total":10.50}"#.to_owned(),
    );
    vec![
        (sent("", CLOUDEVENT, &event("1")), &["post_save True 7 10 "]),
        (
            sent("", BATCH, &json!([event("2"), event("2b")])),
            &["post_save True 7 10 "; 2],
        ),
        // Every digit of a number is kept.
        (binary, &["post_delete  8 10.50 "]),
    ]
}

fn changes() -> Vec<(Sent, &'static [&'static str])> {
    let nothing = Value::Null;
    let (old, new) = (
        json!({"id": 7, "total": "9.50"}),
        json!({"id": 7, "total": "10.50"}),
    );
    // 10.50, and the first of May 2024.
    let encoded = json!({"id": 9, "total": "BBo=", "placed": 19_844});
    let lines = [
        change("u", &old, &new).to_string(),
        "null".to_owned(),
        change("d", &old, &nothing).to_string(),
    ];
    vec![
        (
            sent("?format=debezium", JSON, &change("c", &nothing, &new)),
            &["post_save True 7 10.50 "],
        ),
        (
            sent("?format=debezium", LINES, &lines.join("\n")),
            &["post_save False 7 10.50 ", "", "post_delete  7 9.50 "],
        ),
        // Rows that a snapshot reads are taken where they are asked for.
        (
            sent("?format=debezium", JSON, &change("r", &nothing, &new)),
            &[""],
        ),
        (
            sent(
                "?format=debezium",
                JSON,
                &in_envelope(&change("c", &nothing, &encoded)),
            ),
            &["post_save True 9 10.50 2024-05-01"],
        ),
    ]
}

fn webhooks() -> Vec<(Sent, &'static [&'static str])> {
    let (old, new) = (json!({"id": 7, "total": 9}), json!({"id": 7, "total": 10}));
    let hasura = json!({"id": "0f7c2a54", "created_at": "2024-05-01T10:00:00Z",
        "event": {"op": "UPDATE", "data": {"old": old, "new": new}},
        "table": {"schema": "public", "name": "orders"}, "trigger": {"name": "order_changed"}});
    let supabase = json!({"type": "DELETE", "schema": "public", "table": "orders", "record": null,
        "old_record": old});
    vec![
        (
            sent("?format=hasura", JSON, &hasura),
            &["post_save False 7 10 "],
        ),
        (
            sent("?format=supabase", JSON, &supabase),
            &["post_delete  7 9 "],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_tools_send_becomes_events_whose_records_are_delivered() {
    let proxy = proxy().await;
    let config = telling(&proxy.url());
    let all = [cloudevents(), changes(), webhooks()].concat();
    let expected: Vec<_> = all
        .iter()
        .flat_map(|(_, values)| *values)
        .copied()
        .collect();
    blocking(move || {
        let mut service = Service::start(&config);
        for ((query, headers, body), values) in all {
            let path = format!("/v1/events{query}");
            let answer = service.request("POST", &path, &headers, &body);
            assert_eq!(answer.status, 202, "{body}: {answer:?}");
            // What needs no record gives none.
            let status = |value: &&str| match *value {
                "" => "nothing_fired",
                _ => "accepted",
            };
            let statuses: Vec<_> = values.iter().map(status).collect();
            assert_eq!(answer.statuses(), statuses, "{body}");
        }
        service.running.signal("-TERM");
        assert!(service.running.end().status.success());
    })
    .await;
    let mut expected: Vec<_> = expected.into_iter().filter(|one| !one.is_empty()).collect();
    let stored = proxy.records("sales");
    let values = stored.iter().filter_map(|record| record.value.as_deref());
    let mut values: Vec<_> = values.map(|value| str::from_utf8(value).unwrap()).collect();
    expected.sort_unstable();
    values.sort_unstable();
    assert_eq!(values, expected);
}

#[test]
fn a_body_in_another_format_than_it_says_is_refused_with_the_name_of_its_own() {
    let service = Service::start(&telling(NOWHERE));
    let body = change("c", &Value::Null, &json!({"id": 7})).to_string();
    let refused = service.post("/v1/events", &body);
    assert_eq!(
        (refused.status, refused.statuses()),
        (422, vec!["rejected".into()])
    );
    let error = &refused.json()["events"][0]["errors"][0];
    assert_eq!(error["code"], "other_format");
    assert!(refused.text.contains("debezium"), "{}", refused.text);
    let unknown = service.post("/v1/events?format=avro", &body);
    assert_eq!(
        (unknown.status, unknown.code()),
        (400, "unknown_format".into())
    );
    // Of several the last one counts, and what a query says besides does not matter.
    let twice = service.post("/v1/events?format=json&x=%ff&&format=debezium", &body);
    assert_eq!(twice.statuses(), ["accepted"]);
}

#[test]
fn a_value_that_cannot_be_decoded_rejects_its_event_and_names_its_place() {
    let mut config = telling(NOWHERE);
    let triggers = config["triggers"].take();
    config["triggers"] =
        json!({"models": {"shop.order": {"total": "decimal"}}, "triggers": triggers});
    let service = Service::start(&config);
    let good = change("c", &Value::Null, &json!({"id": 7, "total": "1.50"}));
    // Bytes whose scale only a schema tells.
    let bad = change("c", &Value::Null, &json!({"id": 8, "total": "BBo="}));
    let answer = service.post(
        "/v1/events?format=debezium",
        &json!([good, bad]).to_string(),
    );
    assert_eq!(
        (answer.status, answer.statuses()),
        (207, vec!["accepted".into(), "rejected".into()])
    );
    let error = &answer.json()["events"][1]["errors"][0];
    assert_eq!(error["code"], "unsupported_encoding", "{error}");
    assert_eq!(error["path"], "$[1].after.total", "{error}");
}
