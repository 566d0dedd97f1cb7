//! One field of a destination: merged, resolved and checked.

use action_triggers_vocabulary::{
    SettingError, kind,
    placeholder::{self, Part},
    setting::{self, Scalar},
    topic,
};
use serde_json::{Map, Value};

use crate::settings::Settings;

/// Whether any of a broker's own texts names a setting.
pub(super) fn has_placeholder(broker: &Map<String, Value>, field: &str) -> bool {
    matches!(broker.get(field), Some(Value::String(text)) if placeholder::has(text))
}

/// A field that must come out as a text that is not empty. The broker's value
/// wins, and only there a placeholder is resolved: the guest has resolved the
/// queue's, and what it answers is never read as a placeholder again.
pub(super) fn field(
    broker: &Map<String, Value>,
    queue: &Map<String, Value>,
    name: &str,
    settings: &Settings,
) -> Result<String, String> {
    let value = match (broker.get(name), queue.get(name)) {
        (Some(Value::String(text)), _) => resolve(text, settings)
            .map_err(|reason| format!("the field `{name}` of the broker: {reason}"))?,
        (Some(value), _) | (None, Some(value)) => value.clone(),
        (None, None) => return Err(format!("the field `{name}` must be provided")),
    };
    match value {
        Value::String(text) if text.is_empty() => {
            Err(format!("the field `{name}` must not be empty"))
        }
        Value::String(text) => Ok(text),
        other => Err(format!(
            "the field `{name}` must be a text, not {}",
            kind_of(&other)
        )),
    }
}

/// Replaces each `{{ path }}` by the setting.
pub(super) fn resolve(text: &str, settings: &Settings) -> Result<Value, String> {
    let mut resolved = String::with_capacity(text.len());
    for part in placeholder::parts(text) {
        match part {
            Part::Text(text) => resolved.push_str(text),
            Part::Path(path) => {
                let value = setting_in_text(path, settings)
                    .map_err(|error| format!("placeholder `{path}`: {error}"))?;
                resolved.push_str(&value);
            }
        }
    }
    Ok(Value::from(resolved))
}

pub(super) fn setting_in_text(path: &str, settings: &Settings) -> Result<String, SettingError> {
    let json = settings.get(path)?;
    let value = serde_json::from_str(&json).map_err(|_| SettingError::not_json())?;
    let scalar = match &value {
        Value::String(text) => Scalar::Text(text),
        Value::Number(_) => Scalar::Number(&json),
        Value::Bool(value) => Scalar::Bool(*value),
        other => Scalar::Other(kind_of(other)),
    };
    Ok(setting::as_text(scalar)?.to_owned())
}

/// Checks what Kafka asks of a topic's name.
pub(super) fn check_topic(name: &str) -> Result<(), String> {
    if topic::is_name(name) {
        Ok(())
    } else {
        Err(topic::invalid(name))
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => kind::NULL,
        Value::Bool(_) => kind::BOOLEAN,
        Value::Number(_) => kind::NUMBER,
        Value::String(_) => kind::STRING,
        Value::Array(_) => kind::LIST,
        Value::Object(_) => kind::OBJECT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::builder()
            .value("host", "kafka")
            .value("port", 9092)
            .value("flag", true)
            .value("list", serde_json::json!(["a:1"]))
            .value("again", "{{ host }}")
            .value("denied", "secret")
            .allow("host")
            .allow("port")
            .allow("flag")
            .allow("list")
            .allow("again")
            .build()
    }

    #[test]
    fn placeholders_of_the_broker_are_resolved_once() {
        for (text, expected) in [
            ("plain", "plain"),
            ("{{ host }}:{{port}}", "kafka:9092"),
            ("{{ flag }}", "True"),
            ("{{ again }}", "{{ host }}"),
            ("{{ a\n}}", "{{ a\n}}"),
            ("{{ open", "{{ open"),
        ] {
            assert_eq!(resolve(text, &settings()), Ok(expected.into()), "{text}");
        }
    }

    #[test]
    fn placeholders_that_cannot_be_resolved_say_why_without_the_value() {
        insta::assert_snapshot!(
            resolve("{{ denied }}", &settings()).unwrap_err(),
            @"placeholder `denied`: the path is not on the allow-list: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`"
        );
        insta::assert_snapshot!(
            resolve("{{ list }}", &settings()).unwrap_err(),
            @"placeholder `list`: it stands in a text, but its value is a list"
        );
    }
}
