//! What is wrong only where two parts of a configuration meet, which they hardly do by chance.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::configurations::LARGE;

/// Changes of a configuration that belong together: where, and what stands there then.
type Changes = Vec<(&'static str, Value)>;

const TRIGGERS: [&str; 2] = ["/triggers/0", "/triggers/triggers/0"];

/// Mostly none.
pub(super) fn coincidences() -> BoxedStrategy<Changes> {
    prop_oneof![
        6 => Just(Vec::new()),
        2 => of_topics(),
        1 => of_large_numbers(),
        1 => of_room(),
    ]
    .boxed()
}

/// The configuration, changed so. What is not there stays so.
pub(super) fn changed(mut config: Value, changes: Changes) -> Value {
    for (place, value) in changes {
        let places = match place.strip_prefix("TRIGGER") {
            Some(rest) => TRIGGERS.map(|trigger| format!("{trigger}{rest}")).into(),
            None => vec![place.to_owned()],
        };
        for place in places {
            let (parent, name) = place.rsplit_once('/').unwrap();
            if let Some(Value::Object(members)) = config.pointer_mut(parent) {
                members.insert(name.to_owned(), value.clone());
            }
        }
    }
    config
}

/// Records that name their topics, and bounds of these.
fn of_topics() -> BoxedStrategy<Changes> {
    let allowed = select(vec![
        json!(["orders.*"]),
        json!(["orders.eu"]),
        json!(["orders.*", "sales"]),
    ]);
    let topics = select(vec![
        json!("orders.eu"),
        json!("sales"),
        json!("orders.{{ region }}"),
        json!("{{ 'orders.EU'|lower }}"),
    ]);
    let bounds = select(vec![
        json!({"orders.eu": 4}),
        json!({"orders.eu": 4, "orders.us": 4, "orders.": 4, "orders.x": 4}),
        json!({"sales": 4, "topic": 4}),
        json!({"orders.eu": 100_000}),
    ]);
    let bound_of_others = select(vec![json!(4), json!(100_000), json!(100_000)]);
    let parts = (allowed, topics, bounds, bound_of_others);
    parts
        .prop_map(|(allowed, topic, bounds, others)| {
            let broker = json!({
                "broker_type": "kafka",
                "conn_details": {"bootstrap_servers": "k:1"},
                "topics": allowed,
            });
            vec![
                ("/ACTION_TRIGGERS/brokers/first", broker),
                (
                    "TRIGGER/msg_broker_queues/0/record",
                    json!({"topic": topic}),
                ),
                ("/clusters/k:1/topic_max_record_bytes", bounds),
                ("/clusters/k:1/max_record_bytes", others),
            ]
        })
        .boxed()
}

/// A number beyond 64-bit floats, for a proxy that takes JSON.
fn of_large_numbers() -> BoxedStrategy<Changes> {
    let formats = select(vec![json!("json"), json!("binary")]);
    formats
        .prop_map(|format| {
            vec![
                ("TRIGGER/payload", json!({"a": [LARGE], "b": "{{ id }}"})),
                ("/clusters/k:1/format", format),
            ]
        })
        .boxed()
}

/// Several records in a call with little room.
fn of_room() -> BoxedStrategy<Changes> {
    let limits = select(vec![
        json!({"records_per_call": 1}),
        json!({"record_bytes_per_call": 11}),
        json!({"record_bytes_per_call": 12}),
    ]);
    limits
        .prop_map(|limits| {
            let queue = json!({"name": "first"});
            vec![
                ("TRIGGER/msg_broker_queues", json!([queue, queue])),
                ("TRIGGER/payload", json!({"a": "{{ id }}", "b": 1})),
                ("/limits", limits),
            ]
        })
        .boxed()
}
