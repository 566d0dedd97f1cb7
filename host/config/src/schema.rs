//! JSON Schemas of what users write: the reference of every key, with its
//! meaning, unit and default.

use serde_json::Value;

const CONFIGURATION: &str = include_str!("schema/configuration.json");
const TRIGGERS: &str = include_str!("schema/triggers.json");

/// The JSON Schema (2020-12) of a configuration, with the triggers that may
/// stand in it.
pub fn configuration() -> String {
    let mut schema = read(CONFIGURATION);
    let triggers = read(TRIGGERS);
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    let more = triggers.get("$defs").and_then(Value::as_object);
    if let (Some(definitions), Some(more)) = (definitions, more) {
        definitions.extend(more.clone());
    }
    written(&schema)
}

/// The JSON Schema (2020-12) of a set of triggers in a file of its own.
pub fn triggers() -> String {
    written(&read(TRIGGERS))
}

/// A file of this crate; a test holds that both are JSON.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn written(schema: &Value) -> String {
    format!("{schema:#}\n")
}
