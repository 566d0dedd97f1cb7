//! The schema has the keys that are read, and describes each of them.

use std::collections::BTreeSet;

use action_triggers_vocabulary::members::{
    MODELS, TRIGGERS, content_type, header, queue, record, signal, trigger,
};
use serde_json::Value;

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
