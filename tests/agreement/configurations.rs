//! Configurations with sets of triggers: mostly right, each part now and then
//! wrong in one of the ways in which people have it wrong.

use std::path::PathBuf;

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::payloads;

/// One of these, the first more often than all others together; null leaves it out.
fn mostly(first: Value, others: Vec<Value>) -> BoxedStrategy<Value> {
    prop_oneof![24 => Just(first), 1 => select(others)].boxed()
}

/// An object without the members that are null.
fn object(members: Vec<(&'static str, Value)>) -> Value {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    let members: Map<_, _> = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::from(members)
}

/// Stands for a null that is written.
pub(super) const NULL: &str = "written null";

/// Stands for a number that no `Value` of this crate holds.
pub(super) const LARGE: &str = "1e400";

/// A configuration as it stands in its file.
pub(super) fn text(config: &Value) -> String {
    config.to_string().replace("\"1e400\"", LARGE)
}

fn with_nulls(value: Value) -> Value {
    match value {
        Value::String(text) if text == NULL => Value::Null,
        Value::Array(items) => items.into_iter().map(with_nulls).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name, with_nulls(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

fn servers(first: Value) -> BoxedStrategy<Value> {
    let others = vec![
        json!("k:1"),
        json!("other:1"),
        json!(""),
        json!(7),
        json!(NULL),
        json!(["k:1"]),
        json!("{{ a.servers }}"),
        json!("{{ a.denied }}"),
        json!("{{ a.nothing }}"),
        json!("k:{{ a.number }}"),
        json!("{{ a.list }}"),
        json!("{{ instance.servers }}"),
        Value::Null,
    ];
    mostly(first, others)
}

fn topic(first: Value) -> BoxedStrategy<Value> {
    let others = vec![
        json!("sales"),
        json!("not a topic"),
        json!(""),
        json!(".."),
        json!(7),
        json!(NULL),
        json!(["sales"]),
        json!("t".repeat(250)),
        json!("{{ a.topic }}"),
        json!("x-{{ a.topic }}"),
        json!("{{ a.file }}"),
        json!("{{ a.no_file }}"),
        json!("{{ a.variable }}"),
        json!("{{ a.sentence }}"),
        json!("{{ a.list }}"),
        json!("x{{ a.list }}"),
        json!("{{ a.number }}"),
        json!("{{ a.empty }}"),
        json!("{{ a.denied }}"),
        json!("{{ a.nothing }}"),
        json!("{{ instance.topic }}"),
        Value::Null,
    ];
    mostly(first, others)
}

fn broker() -> BoxedStrategy<Value> {
    let kinds = vec![json!("KAFKA"), json!("redis"), json!("kafak"), Value::Null];
    let topics = vec![
        json!(["orders.*"]),
        json!(["sales", "orders.eu"]),
        json!([]),
        json!(["not a topic"]),
        json!(""),
        json!([""]),
    ];
    let parts = (
        mostly(json!("kafka"), kinds),
        servers(json!("k:1")),
        topic(json!("sales")),
        mostly(Value::Null, topics),
    );
    parts
        .prop_map(|(kind, servers, topic, topics)| {
            object(vec![
                ("broker_type", kind),
                ("conn_details", object(vec![("bootstrap_servers", servers)])),
                ("params", object(vec![("topic", topic)])),
                ("topics", topics),
            ])
        })
        .boxed()
}

fn record() -> BoxedStrategy<Value> {
    let keys = vec![
        json!("k"),
        json!("{{ id|nope }}"),
        json!(7),
        json!("k".repeat(2_000_000)),
        json!("{{ id|ljust:120 }}"),
        json!("of {{ id|ljust:120 }}"),
    ];
    let topics = vec![
        json!("orders.{{ region }}"),
        json!("orders {{ region }}"),
        json!("other.{{ region }}"),
        json!("orders.{{ id|ljust:250 }}"),
        json!("orders.eu"),
        json!("sales"),
        json!("not a topic"),
        json!(7),
    ];
    let many: Map<_, _> = (0..101).map(|n| (format!("h{n}"), json!("x"))).collect();
    let headers = vec![
        json!({"a": "{{ id }}"}),
        json!({"": "x"}),
        json!({"a": ""}),
        json!({"a": "{{ '' }}"}),
        json!({"a": "{% if id %}{% endif %}"}),
        json!({"a": []}),
        json!({"a": "{{ id|ljust:120 }}"}),
        json!(["a"]),
        json!([{"name": "a", "value": "1"}, {"name": "a", "value": 2}]),
        json!([{"name": "a"}]),
        Value::from(many),
    ];
    let partitions = vec![
        json!(0),
        json!("1"),
        json!("{{ quantity }}"),
        json!("p{{ quantity }}"),
        json!("{% if id %}{{ id }}.{% else %}-{% endif %}1"),
        json!("{{ 'p' }}"),
        json!("{{ 'p'|upper }}"),
        json!(-1),
        json!(2_147_483_648_u32),
        json!(1.5),
        json!("abc"),
        json!(""),
        json!([]),
    ];
    let timestamps = vec![
        json!(0),
        json!("2024-01-02T03:04:05Z"),
        json!(-5),
        json!("now"),
        json!("at {{ quantity }}"),
        json!("{{ 5 }}"),
        json!(1e300),
        json!(""),
        json!(999_999_999_999_999_i64),
        json!({}),
    ];
    let tombstones = vec![
        json!(true),
        json!(false),
        json!("quantity > 100"),
        json!("quantity >"),
        json!("1 == 1"),
        json!("2 == 1"),
        json!(1),
    ];
    let parts = (
        mostly(json!("{{ id }}"), keys),
        mostly(Value::Null, topics),
        mostly(Value::Null, headers),
        mostly(Value::Null, partitions),
        mostly(Value::Null, timestamps),
        mostly(Value::Null, tombstones),
    );
    let record = parts.prop_map(|(key, topic, headers, partition, timestamp, tombstone)| {
        object(vec![
            ("key", key),
            ("topic", topic),
            ("headers", headers),
            ("partition", partition),
            ("timestamp", timestamp),
            ("tombstone", tombstone),
        ])
    });
    prop_oneof![Just(Value::Null), record].boxed()
}

fn queue() -> BoxedStrategy<Value> {
    let names = vec![
        json!("second"),
        json!("third"),
        json!(""),
        json!(7),
        Value::Null,
    ];
    let timeouts = vec![
        json!(5),
        json!(0),
        json!(0.0),
        json!(1e-12),
        json!(-1),
        json!(1e300),
        json!("5"),
        json!(NULL),
    ];
    let notes = vec![
        json!("{{ a.topic }}"),
        json!("x{{ a.list }}"),
        json!("{{ a.list }}"),
        json!("{{ a.nothing }}"),
        json!(["{{ a.denied }}"]),
        json!({"x": "{{ a.no_file }}"}),
    ];
    let parts = (
        mostly(json!("first"), names),
        servers(Value::Null),
        topic(Value::Null),
        mostly(Value::Null, notes),
        mostly(Value::Null, timeouts),
        record(),
        any::<bool>(),
    );
    parts
        .prop_map(
            |(name, servers, topic, note, timeout, record, is_written)| {
                let conn_details =
                    object(vec![("bootstrap_servers", servers), ("note", note.clone())]);
                let parameters = object(vec![("topic", topic)]);
                let given = |value: Value| if is_written { value } else { Value::Null };
                object(vec![
                    ("name", name),
                    ("conn_details", given(conn_details)),
                    ("parameters", given(parameters)),
                    ("timeout_secs", timeout),
                    ("record", record),
                ])
            },
        )
        .boxed()
}

fn trigger() -> BoxedStrategy<Value> {
    let signals = vec![
        json!(["post_save"]),
        json!([{"signal": "post_svae"}]),
        json!([]),
        json!([7]),
        json!("post_save"),
        Value::Null,
    ];
    let types = vec![
        json!(["shop.Sale"]),
        json!(["sale"]),
        json!([{"app_label": "shop"}]),
        json!([]),
        json!("shop.sale"),
        Value::Null,
    ];
    let conditions = vec![
        json!("quantity"),
        json!("event.before and before.quantity != 5 or quantity"),
        json!("event.nope"),
        json!("id|divisibleby:0"),
        json!("5|first"),
        json!("1 == 2"),
        json!("id|divisibleby:0 or quantity"),
        json!("id >< 3"),
        json!(7),
        json!(true),
    ];
    let actives = vec![json!(true), json!("yes"), json!(1)];
    let unknown = vec![json!(1), json!({"x": 1})];
    let more = vec![
        json!({"name": "same"}),
        json!({"name": ""}),
        json!({"name": 7}),
        json!({"id": 7}),
        json!({"autoescape": true}),
        json!({"autoescape": "yes"}),
        json!({"webhooks": []}),
        json!({"config_signals": [{"signal": "post_save"}, {"signal": "post_save"}]}),
        json!({"content_types": [{"app_label": "shop", "model": "sale"}]}),
        json!({"payload": "{\"id\": \"{{ id }}\", \"n\": {{ quantity|default:0 }}}"}),
        json!({"payload": "{'id': '{{ id }}'}"}),
        json!({"payload": "{\"id\": \"{{ id }}\""}),
        json!({"payload": {"a": "{{ nothing }}", "{{ region }}": "{% if quantity > 2 %}many{% endif %}"}}),
        json!({"payload": "{{ instance }}", "payload_types": "native"}),
        json!({"payload": ["{{ 1e999 }}"], "payload_types": "native"}),
        json!({"payload": "{{ 1e999 }}", "payload_types": "native"}),
        json!({"payload": "{\"a\": {{ \"tr\" }}ue}"}),
        json!({"payload": "{\"a\": {{ \"tr\" }}ue, \"b\": \"{{ id }}\"}"}),
        json!({"payload": {"a": {"b": LARGE}, "c": "{{ id }}"}}),
        json!({"content_types": ["shop.*"]}),
        json!({"payload": "{% for a in 5 %}{{ a }}{% endfor %}"}),
        json!({"payload": "{% firstof id|divisibleby:0 %}"}),
    ];
    let parts = (
        mostly(json!({}), more),
        mostly(json!([{"signal": "post_save"}]), signals),
        mostly(json!([{"app_label": "shop", "model_name": "Sale"}]), types),
        proptest::collection::vec(queue(), 1..4),
        prop_oneof![
            9 => mostly(json!({"quantity": "{{ quantity }}"}), payloads::short()),
            2 => select(payloads::long()),
        ],
        mostly(Value::Null, conditions),
        mostly(Value::Null, actives),
        mostly(Value::Null, unknown),
        mostly(
            Value::Null,
            vec![json!("native"), json!("strings"), json!("nativ")],
        ),
        0..40_u8,
    );
    parts
        .prop_map(
            |(more, signals, types, queues, payload, when, active, unknown, kinds, twice)| {
                let mut trigger = object(vec![
                    ("config_signals", signals),
                    ("content_types", types),
                    ("msg_broker_queues", queues.clone().into()),
                    ("payload", payload),
                    ("when", when),
                    ("active", active),
                    ("unknown", unknown),
                    ("payload_types", kinds),
                ]);
                for (name, value) in more.as_object().into_iter().flatten() {
                    trigger[name] = value.clone();
                }
                if twice == 0 {
                    trigger["message_broker_queues"] = queues.into();
                }
                trigger
            },
        )
        .boxed()
}

fn cluster() -> BoxedStrategy<Value> {
    let flavors = vec![
        json!("karapace"),
        json!("strimzi"),
        json!("redpanda"),
        json!("apache"),
    ];
    let parts = (
        mostly(Value::Null, flavors),
        mostly(Value::Null, vec![json!("v3"), json!("v2"), json!("v9")]),
        mostly(Value::Null, vec![json!("json"), json!("binary")]),
        mostly(
            json!("http://127.0.0.1:9"),
            vec![json!("nowhere"), Value::Null],
        ),
        prop_oneof![
            4 => mostly(Value::Null, vec![json!(100_000), json!(0), json!(-1)]),
            1 => select(vec![json!(4), json!(110), json!(121), json!(122), json!(128), json!(132)]),
        ],
        mostly(
            Value::Null,
            vec![
                json!({"orders.eu": 4}),
                json!({"sales": 4}),
                json!({"sales": 110, "topic": 4}),
                json!({"orders.eu": 4, "orders.us": 4, "orders.x": 4}),
                json!({"orders.eu": 100_000}),
                json!({"sales": 0}),
            ],
        ),
    );
    parts
        .prop_map(|(flavor, api, format, rest_url, most, of_topics)| {
            object(vec![
                ("flavor", flavor),
                ("api", api),
                ("format", format),
                ("rest_url", rest_url),
                ("max_record_bytes", most),
                ("topic_max_record_bytes", of_topics),
            ])
        })
        .boxed()
}

/// A whole configuration; files that it names stand in this folder.
pub(super) fn configuration(folder: PathBuf) -> BoxedStrategy<Value> {
    let whitelists = vec![
        json!(["shop.sale"]),
        json!(["shop.order"]),
        json!(["sale"]),
        json!([]),
        json!(["shop.order", "SHOP.Sale"]),
        json!(["shop.*"]),
        json!("shop.sale"),
    ];
    let models = vec![
        json!({"shop.sale": {"quantity": "decimal", "region": "text"}}),
        json!({"Shop.Sale": {"quantity": "datetime"}}),
        json!({"shop.sale": {"quantity": "decimla"}}),
        json!({"sale": {}}),
        json!([]),
    ];
    let limits = vec![
        json!({"output_bytes": 100_000, "trigger_fuel": 100_000}),
        json!({"output_bytes": "8"}),
        json!({"trigger_fuel": -1}),
        json!({"workers": 0}),
        json!({"outptu_bytes": 8}),
    ];
    let timeouts = vec![json!(5), json!(0), json!(-1), json!("5")];
    let parts = (
        broker(),
        broker(),
        cluster(),
        proptest::collection::vec(trigger(), 1..3),
        mostly(Value::Null, whitelists),
        mostly(Value::Null, timeouts),
        mostly(
            Value::Null,
            vec![json!("json"), json!("raw"), json!("utf8")],
        ),
        0..30_u8,
        mostly(Value::Null, models),
        prop_oneof![
            4 => mostly(Value::Null, limits),
            1 => select(vec![json!({"output_bytes": 124}), json!({"output_bytes": 200}), json!({"output_bytes": 260})]),
            1 => select(vec![json!({"trigger_fuel": 1}), json!({"trigger_fuel": 2})]),
            1 => select(vec![
                json!({"record_bytes_per_call": 2}), json!({"record_bytes_per_call": 16}), json!({"records_per_call": 1}),
            ]),
        ],
    );
    parts
        .prop_map(move |(first, second, cluster, triggers, whitelist, timeout, encoding, unknown, models, limits)| {
            let triggers = match models {
                Value::Null => triggers.into(),
                models => json!({"models": models, "triggers": triggers}),
            };
            let allowed = [
                "servers", "number", "list", "topic", "file", "no_file", "variable", "sentence", "empty", "nothing",
            ];
            let allowed: Vec<_> = allowed.iter().map(|name| format!("a.{name}")).collect();
            let file = |name: &str| json!({"file": folder.join(name)});
            let mut config = object(vec![
                ("ACTION_TRIGGERS", object(vec![
                    ("brokers", json!({"first": first, "second": second})),
                    ("whitelisted_content_types", whitelist),
                ])),
                ("ACTION_TRIGGER_SETTINGS", object(vec![
                    ("ALLOWED_DYNAMIC_IMPORT_PATHS", json!(allowed)),
                    ("MAX_BROKER_TIMEOUT", timeout),
                ])),
                ("clusters", json!({"k:1": cluster})),
                ("values", json!({
                    "a.servers": "k:1", "a.number": 1, "a.list": ["k:1"], "a.topic": "sales", "a.denied": "sales",
                    "a.file": file("topic.txt"), "a.no_file": file("nothing.txt"), "a.sentence": "not a topic",
                    "a.variable": {"env": "ACTION_TRIGGERS_TEST_NOT_SET"}, "a.empty": "",
                })),
                ("text_encoding", encoding),
                ("limits", limits),
                ("triggers", triggers),
            ]);
            if unknown == 0 {
                config["unknown"] = json!(1);
            }
            with_nulls(config)
        })
        .boxed()
}
