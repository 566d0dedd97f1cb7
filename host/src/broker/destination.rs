//! One field of a destination: merged, resolved and checked.

use serde_json::{Map, Value};

use crate::settings::Settings;

/// Longest name that Kafka takes for a topic.
pub(super) const MAX_TOPIC: usize = 249;

/// Whether any of a broker's own texts names a setting.
pub(super) fn has_placeholder(broker: &Map<String, Value>, field: &str) -> bool {
    matches!(broker.get(field), Some(Value::String(text)) if text.contains("{{"))
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
            kind(&other)
        )),
    }
}

/// Replaces each `{{ path }}` by the setting; one that is no text is written
/// as upstream's `str()` does.
fn resolve(text: &str, settings: &Settings) -> Result<Value, String> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, path, after)) = next_placeholder(rest) {
        let value = settings
            .get(path)
            .map_err(|error| format!("placeholder `{path}`: {error}"))?;
        resolved.push_str(before);
        match serde_json::from_str(&value) {
            Ok(Value::String(value)) => resolved.push_str(&value),
            Ok(Value::Number(_)) => resolved.push_str(&value),
            Ok(Value::Bool(value)) => resolved.push_str(if value { "True" } else { "False" }),
            Ok(other) => {
                return Err(format!(
                    "placeholder `{path}` stands for {}, not a text",
                    kind(&other)
                ));
            }
            Err(_) => return Err(format!("placeholder `{path}` has a value that is not JSON")),
        }
        rest = after;
    }
    resolved.push_str(rest);
    Ok(Value::from(resolved))
}

/// Text before, path and text after the first `{{ path }}`; a line break inside
/// the braces makes them text, as in upstream's pattern `{{(.*?)}}`.
pub(crate) fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find("{{")?;
        let inside = text.get(open + 2..)?;
        let close = inside.find("}}")?;
        let path = inside.get(..close)?;
        if !path.contains('\n') {
            return Some((text.get(..open)?, path.trim(), inside.get(close + 2..)?));
        }
        from = open + 1;
    }
}

/// Checks what Kafka asks of a topic's name.
pub(super) fn check_topic(topic: &str) -> Result<(), String> {
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    if topic.len() > MAX_TOPIC {
        return Err(format!(
            "the topic has {} bytes, Kafka takes {MAX_TOPIC}",
            topic.len()
        ));
    }
    if topic == "." || topic == ".." || !topic.chars().all(is_legal) {
        return Err(format!(
            "the topic `{topic}` is no legal name: letters, digits, `.`, `_` and `-` are, `.` and `..` alone are not"
        ));
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
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
            @"placeholder `list` stands for a list, not a text"
        );
    }

    #[test]
    fn topics_are_checked_as_kafka_does() {
        for topic in ["a", "A.b_c-9", "...", &"t".repeat(249)] {
            assert_eq!(check_topic(topic), Ok(()), "{topic}");
        }
        for topic in [".", "..", "a b", "a/b", "é", "a\n", &"t".repeat(250)] {
            assert!(check_topic(topic).is_err(), "{topic}");
        }
    }
}
