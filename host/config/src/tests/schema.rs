//! The schema has the keys that are read, and describes each of them.

use std::collections::BTreeSet;

use action_triggers_vocabulary::members::{
    MODELS, TRIGGERS, content_type, header, queue, record, signal, trigger,
};
use serde_json::{Map, Value, json};

use super::super::keys;

fn definitions() -> Value {
    let schema: Value = serde_json::from_str(&super::super::schema::configuration()).unwrap();
    schema["$defs"].clone()
}

/// The keys that an object of the schema has.
fn described(definitions: &Value, name: &str) -> BTreeSet<String> {
    let properties = definitions[name]["properties"].as_object();
    properties
        .unwrap_or_else(|| panic!("the schema has no object `{name}`"))
        .keys()
        .cloned()
        .collect()
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_keys_of_a_configuration_are_those_of_the_schema() {
    let definitions = definitions();
    for known in keys::ALL {
        let keys = owned(known.names.iter().copied());
        assert_eq!(described(&definitions, known.name), keys, "{}", known.name);
    }
}

#[test]
fn the_members_of_a_trigger_are_those_of_the_schema() {
    let definitions = definitions();
    for (name, members) in [
        ("trigger_set", [TRIGGERS, MODELS].as_slice()),
        ("trigger", trigger::ALL),
        ("signal", signal::ALL),
        ("content_type", content_type::ALL),
        ("queue", queue::ALL),
        ("record", record::ALL),
        ("header", header::ALL),
    ] {
        let members = owned(members.iter().copied().flatten().copied());
        assert_eq!(described(&definitions, name), members, "{name}");
    }
}

#[test]
fn every_key_is_described_once_and_every_reference_leads_somewhere() {
    let definitions = definitions();
    let mut faults = Vec::new();
    for (name, definition) in definitions.as_object().unwrap() {
        for (key, value) in definition["properties"].as_object().into_iter().flatten() {
            let target = value["$ref"]
                .as_str()
                .and_then(|path| path.rsplit('/').next());
            let of_target = target.map(|target| &definitions[target]["description"]);
            let text = value["description"]
                .as_str()
                .or(of_target.and_then(Value::as_str));
            if !text.is_some_and(|text| text.ends_with('.')) {
                faults.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(faults.is_empty(), "not described: {}", faults.join(", "));
    let text = definitions.to_string();
    for reference in text.split("\"#/$defs/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(definitions[name].is_object(), "{name}");
    }
}

/// A configuration in which a table of this name has these keys.
fn with(table: &str, mut keys: Map<String, Value>) -> Value {
    match table {
        "configuration" => Value::Object(keys),
        "cluster" => {
            keys.insert("rest_url".into(), json!("http://localhost:8082"));
            json!({"clusters": {"a:1": keys}})
        }
        "outbox_file" => {
            keys.insert("path".into(), json!("outbox.db"));
            json!({"outbox": keys})
        }
        "source_of_cloudevents" => json!({"sources": {"cloudevents": keys}}),
        "source_of_changes" => json!({"sources": {"debezium": keys}}),
        name => json!({name: keys}),
    }
}

/// All that a configuration says.
fn meaning(configuration: &Value) -> String {
    let (read, _) = super::examined(&configuration.to_string());
    let tables = (&read.clusters, &read.limits, &read.outbox, &read.sources);
    format!("{tables:?} {:?} {:?}", read.service, read.text_encoding)
}

/// Something else than the default that may stand in its place.
fn another(key: &Value) -> Value {
    match &key["default"] {
        Value::Bool(default) => json!(!default),
        Value::Number(default) => json!(default.as_u64().unwrap() * 2),
        Value::String(default) if default.contains(':') => json!("127.0.0.1:1"),
        default => {
            let choices = key["enum"].as_array().into_iter().flatten();
            let mut others = choices.filter(|choice| choice.is_string() && *choice != default);
            others
                .next()
                .cloned()
                .unwrap_or(json!({"path": "outbox.db"}))
        }
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_that_count() {
    let definitions = definitions();
    let mut seen = 0;
    for name in keys::ALL.iter().map(|known| known.name) {
        // What bounds an outbox in a file does not bound one in memory, and the reverse.
        let tables = match name {
            "outbox" => vec!["outbox", "outbox_file"],
            name => vec![name],
        };
        let meanings = |keys: Map<String, Value>| -> Vec<String> {
            let tables = tables.iter();
            let all = tables.map(|table| meaning(&with(table, keys.clone())));
            all.collect()
        };
        for (key, value) in definitions[name]["properties"].as_object().unwrap() {
            let Some(default) = value.get("default") else {
                continue;
            };
            let given = |worth: Value| meanings([(key.clone(), worth)].into_iter().collect());
            let left_out = meanings(Map::new());
            assert_eq!(given(default.clone()), left_out, "{name}.{key}");
            assert_ne!(given(another(value)), left_out, "{name}.{key}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}
