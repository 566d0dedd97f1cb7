//! The JSON Schemas say what the readers take: no more and no less.

use action_triggers_guest::{engine::Engine, limits::Limits};
use action_triggers_host::{Config, schema};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use tempfile::TempDir;

const README: &str = include_str!("../README.md");
const DELIVERY: &str = include_str!("../host/docs/delivery.md");
const TEMPLATES: &str = include_str!("../host/docs/templates.md");
const SOURCES: &str = include_str!("../host/docs/sources.md");
const CONTRACT: &str = include_str!("fixtures/oracle/contract.ndjson");

/// Contract cases that are about what the schema refuses, and `check` too.
const REFUSED: &[&str] = &[
    "api-bad-signal",
    "broker-user-params-string",
    "broker-wrong-type-bootstrap-int",
    "broker-wrong-type-bootstrap-list",
    "broker-wrong-type-bootstrap-null",
    "broker-wrong-type-topic-int",
    "var-datetime-timezone",
];

/// Problems that are about a value's type or name alone.
const OF_THE_SCHEMA: &[&str] = &[
    "wrong_type",
    "unknown_key",
    "missing_key",
    "unknown_value",
    "out_of_range",
    "empty_path",
    "literal_secret",
    "allow_list_is_text",
    "unknown_member",
    "missing_member",
    "given_twice",
    "empty_text",
    "unknown_payload_types",
    "invalid_timeout",
    "invalid_content_type",
    "invalid_rest_url",
    "invalid_proxy",
    "invalid_destination",
    "unknown_field_type",
];

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn of(text: &str) -> Self {
        let mut compiler = Compiler::new();
        let document = serde_json::from_str(text).unwrap();
        compiler.add_resource("schema.json", document).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn configuration() -> Self {
        Self::of(&schema::configuration())
    }

    fn fault(&self, document: &Value) -> Option<String> {
        let valid = self.schemas.validate(document, self.index);
        valid
            .err()
            .map(|error| error.to_string().replace('\n', " "))
    }
}

/// A configuration with every key.
fn everything() -> Value {
    json!({
        "ACTION_TRIGGERS": {
            "brokers": {"kafka_1": {
                "broker_type": "kafka",
                "conn_details": {"bootstrap_servers": "a:1"},
                "params": {"topic": "sales"},
            }},
            "webhooks": {}, "actions": {},
            "whitelisted_content_types": ["shop.sale"],
            "whitelisted_webhook_endpoint_patterns": [],
        },
        "ACTION_BROKERS": {"kafka_2": {
            "connection_details": {"bootstrap_servers": "a:1"}, "parameters": {}, "topics": ["x.*"],
        }},
        "ACTION_TRIGGER_SETTINGS": {
            "ALLOWED_DYNAMIC_IMPORT_PATHS": ["a.b"],
            "MAX_BROKER_TIMEOUT": 5, "MAX_WEBHOOK_TIMEOUT": 5, "MAX_ACTION_TIMEOUT": 5,
            "whitelisted_content_types": [],
        },
        "clusters": {
            "a:1": {
                "rest_url": "http://localhost:8082", "api": "v3", "flavor": "confluent",
                "format": "binary", "cluster_id": "c",
                "auth": {"bearer": {"env": "PATH"}}, "tls": {"ca_file": null, "identity": null},
                "connect_timeout_secs": 1, "request_timeout_secs": 1.5, "time_to_live_secs": 1,
                "linger_ms": 0, "max_batch_records": 1, "max_batch_bytes": 1,
                "max_record_bytes": 1, "topic_max_record_bytes": {"sales": 1},
                "max_in_flight": 1, "connection_max_age_secs": 1, "auth_retry_secs": 0,
                "headers": {"X-Tenant": "shop", "X-Key": {"env": "PATH"}},
                "proxy": {
                    "url": "http://proxy:3128",
                    "basic": {"username": "a", "password": {"env": "PATH"}},
                },
            },
            "b:1": {
                "rest_url": "http://localhost:8082", "proxy": "http://proxy:3128",
                "auth": {"basic": {"username": "a", "password": {"env": "PATH"}}},
            },
        },
        "values": {"a.b": "text", "c.d": {"env": "PATH"}, "e.f": {"file": "secret"}},
        "outbox": {
            "path": "outbox.db", "max_bytes": 1, "dedup_hours": 0, "dead_days": 1, "dead_bytes": 1,
            "messages": 1, "bytes": 1, "stalled_after_secs": 10, "shutdown_grace_secs": 1,
        },
        "serve": {
            "listen": "127.0.0.1:0", "token": {"env": "HOME"},
            "tls": {"cert": "secret", "key": {"file": "secret"}, "client_ca": "secret"},
            "max_body_bytes": 1, "max_connections": 1, "client_timeout_secs": 1,
            "shutdown_grace_secs": 0,
        },
        "limits": {
            "memory_bytes": 67_108_864, "stack_bytes": 1_048_576, "call_deadline_ms": 1,
            "load_deadline_ms": 1, "events_per_call": 1, "event_bytes": 1,
            "records_per_call": 1, "record_bytes_per_call": 1, "workers": 1,
            "trigger_fuel": 1, "call_fuel": 1, "output_bytes": 1, "event_depth": 1,
        },
        "sources": {
            "cloudevents": {
                "types": {"com.example.placed": {
                    "signal": "post_save", "content_type": "shop.order", "created": true,
                }},
                "subjects": {"orders": "shop.order"},
                "record_headers": true,
            },
            "debezium": {
                "content_types": {"public.orders": "shop.order"}, "snapshots": true,
                "time_precision": "microseconds", "datetimes_are_utc": true,
            },
            "hasura": {"content_types": {"public.orders": "shop.order"}},
            "supabase": {"content_types": {"public.orders": "shop.order"}},
        },
        "text_encoding": "raw",
        "triggers": [{
            "name": "n", "id": 1, "active": true,
            "config_signals": ["post_save", {"signal": "pre_save", "id": 1}],
            "content_types": ["shop.sale", {"app_label": "a", "model_name": "B", "id": 1},
                {"app_label": "a", "model": "B"}],
            "msg_broker_queues": [{
                "name": "kafka_1", "conn_details": {"x": 1}, "parameters": {"x": 1},
                "timeout_secs": 0.5, "id": 1,
                "record": {
                    "key": "{{ id }}", "headers": {"a": "x", "b": 1, "c": true},
                    "partition": 1, "timestamp": "{{ event.time }}", "tombstone": "not id",
                },
            }, {
                "name": "kafka_1", "connection_details": {},
                "record": {"headers": [{"name": "a", "value": "x"}]},
            }],
            "payload": {"a": "{{ id }}"}, "when": "id", "payload_types": "native",
            "autoescape": false, "webhooks": [], "actions": [], "created_by": 1,
            "created_at": "x", "updated_at": "x", "webhook_id": 1,
        }, {"message_broker_queues": null}],
    })
}

/// A configuration whose set of triggers is an object.
fn set_of_triggers() -> Value {
    json!({"ACTION_TRIGGERS": {}, "ACTION_TRIGGER_SETTINGS": {}, "triggers": {
        "models": {"shop.sale": {"price": "decimal", "customer.born": "date"}},
        "triggers": [{"name": "n"}],
    }})
}

/// What the readers of the host and of the component find wrong.
fn found(config: &Value) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, config.to_string()).unwrap();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    let mut codes: Vec<String> = match Config::examine(&file, None) {
        Ok((_, problems)) => problems,
        Err(error) => error.problems().to_vec(),
    }
    .into_iter()
    .filter(|problem| problem.is_error() && !problem.code().starts_with("action_triggers."))
    .map(|problem| format!("{} {}", problem.code(), problem.path()))
    .collect();
    let triggers = &config["triggers"];
    if triggers.is_array() || triggers.is_object() {
        let diagnostics = match Engine::load(triggers.to_string(), Vec::new(), Limits::default()) {
            Ok((_, loaded)) => loaded.diagnostics,
            Err(refusal) => refusal.diagnostics,
        };
        let named = diagnostics.into_iter().map(|one| (one.code, one.path));
        codes.extend(named.map(|(code, path)| format!("{code} {path}")));
    }
    let is_of_schema = |text: &String| OF_THE_SCHEMA.contains(&text.split(' ').next().unwrap());
    codes.retain(is_of_schema);
    codes
}

/// The document with each of its parts in turn replaced by each of these.
fn mutations(document: &Value, replacements: &[Value]) -> Vec<(String, Value)> {
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    places(value, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    places(value, &format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    places(document, "", &mut found);
    let mut mutations = Vec::new();
    for place in found.iter().skip(1) {
        for replacement in replacements {
            let mut mutation = document.clone();
            *mutation.pointer_mut(place).unwrap() = replacement.clone();
            mutations.push((format!("{place} = {replacement}"), mutation));
        }
    }
    mutations
}

#[test]
fn a_configuration_with_every_key_is_valid() {
    for document in [everything(), set_of_triggers()] {
        assert_eq!(found(&document), Vec::<String>::new());
        assert_eq!(Schema::configuration().fault(&document), None);
    }
}

#[test]
fn the_schema_refuses_what_the_readers_refuse_and_nothing_else() {
    let schema = Schema::configuration();
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(7),
        json!(""),
        json!("x"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"x": 1}),
    ];
    let mut differences = Vec::new();
    let documents = [everything(), set_of_triggers()];
    let mutations = documents
        .iter()
        .flat_map(|document| mutations(document, &values));
    for (what, mutation) in mutations {
        let read = found(&mutation);
        match schema.fault(&mutation) {
            Some(fault) if read.is_empty() => {
                differences.push(format!("{what}: only the schema refuses it: {fault}"));
            }
            None if !read.is_empty() => {
                differences.push(format!("{what}: only the readers refuse it: {read:?}"));
            }
            _ => {}
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_examples_of_the_documents_are_valid() {
    let blocks: Vec<Value> = [README, DELIVERY, TEMPLATES, SOURCES]
        .iter()
        .flat_map(|text| text.split("```json\n").skip(1))
        .map(|text| serde_json::from_str(text.split("```").next().unwrap()).unwrap())
        .collect();
    let configuration = Schema::configuration();
    let triggers = Schema::of(&schema::triggers());
    let mut valid = 0;
    for block in blocks {
        let schema = match &block {
            Value::Array(_) => &triggers,
            block if block.get("models").is_some() => &triggers,
            block if block.get("signal").is_some() => continue,
            _ => &configuration,
        };
        assert_eq!(schema.fault(&block), None, "{block}");
        valid += 1;
    }
    assert_eq!(valid, 7);
}

#[test]
fn upstreams_own_configurations_and_triggers_are_valid() {
    let schema = Schema::configuration();
    let mut refused = Vec::new();
    for line in CONTRACT.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut document = case["settings"].clone();
        document["values"] = json!({});
        document["triggers"] = case["configs"].clone();
        if let Some(fault) = schema.fault(&document) {
            let read = found(&document);
            assert!(!read.is_empty(), "{}: {fault}", case["name"]);
            refused.push(case["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(refused, REFUSED);
}
