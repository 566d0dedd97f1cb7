//! What a queue's records meet whatever the event: tried before there is one.

use action_triggers_vocabulary::{
    PublishError, SettingError,
    members::queue::{BOOTSTRAP_SERVERS, TOPIC},
    placeholder::{self, Part},
    topic,
};
use serde_json::{Map, Value};

use super::{
    destination::{resolve, setting_in_text},
    offer::Offer,
    registry::{Registry, object},
};
use crate::{
    outcome::{LoadedQueue, QueueDestination},
    record::Destination,
    settings::Settings,
};

/// Stands for a topic that only an event tells, until its cluster is known.
const ANY_TOPIC: &str = "topic";

impl Registry {
    /// Addresses and checks a record of a queue as it will be done for every
    /// event, with what of the record is the same for each. The queue's
    /// placeholders are resolved here.
    ///
    /// # Errors
    ///
    /// No record of the queue would be taken.
    pub fn rehearse(&self, queue: &LoadedQueue, offer: Offer) -> Result<(), PublishError> {
        let own = self.resolved(&queue.destination)?;
        let any = queue.renders_topic.then_some(ANY_TOPIC);
        let mut destination = self.address(&queue.broker, &own, any)?;
        if queue.renders_topic
            && let Some(topic) = self.widest_topic(&destination)?
        {
            destination.topic = topic;
        }
        self.record(offer, &destination).map(drop)
    }

    /// Of the topics that a broker lets events decide the one that takes the longest records: what
    /// that refuses, all do.
    fn widest_topic(&self, destination: &Destination) -> Result<Option<String>, PublishError> {
        let cluster = self.cluster(&destination.cluster.bootstrap_servers)?;
        let allowed = self.allowed_topics(&destination.broker);
        let bounded = &cluster.topic_max_record_bytes;
        let named = bounded
            .keys()
            .filter(|name| topic::is_allowed(allowed, name));
        let others = allowed.iter();
        let others = others
            .filter_map(|pattern| topic::other_than(pattern, |name| bounded.contains_key(name)));
        let all = named.cloned().chain(others);
        Ok(all.max_by_key(|topic| cluster.max_record_bytes(topic)))
    }

    /// A queue's own destination, as the sandbox would resolve it: of its members
    /// only those that count.
    fn resolved(&self, own: &QueueDestination) -> Result<QueueDestination, PublishError> {
        let member = |what: &str, text: &str, name: &str| {
            let mut members = object(what, text)?;
            if let Some(Value::String(text)) = members.get(name) {
                let value = resolve(text, self.settings())?;
                members.insert(name.to_owned(), value);
            }
            Ok::<_, String>(Value::from(members).to_string())
        };
        let resolved = || {
            Ok(QueueDestination {
                conn_details: member("conn_details", &own.conn_details, BOOTSTRAP_SERVERS)?,
                parameters: member("parameters", &own.parameters, TOPIC)?,
            })
        };
        resolved().map_err(PublishError::InvalidDestination)
    }
}

impl QueueDestination {
    /// The placeholders that have no value, or none that fits where they stand:
    /// their dotted paths, and why.
    pub fn unresolvable(&self, settings: &Settings) -> Vec<(String, SettingError)> {
        let mut found = Vec::new();
        for (text, text_member) in [
            (&self.conn_details, BOOTSTRAP_SERVERS),
            (&self.parameters, TOPIC),
        ] {
            let members: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            for (name, value) in &members {
                unresolvable(value, name == text_member, settings, &mut found);
            }
        }
        found
    }
}

fn unresolvable(
    value: &Value,
    must_be_text: bool,
    settings: &Settings,
    found: &mut Vec<(String, SettingError)>,
) {
    match value {
        Value::String(text) => {
            let parts = placeholder::parts(text);
            // Alone it stands for the whole value, of whatever type.
            let is_part = parts.len() > 1 || must_be_text;
            for part in parts {
                let Part::Path(path) = part else { continue };
                let value = if is_part {
                    setting_in_text(path, settings)
                } else {
                    settings.get(path)
                };
                found.extend(value.err().map(|error| (path.to_owned(), error)));
            }
        }
        Value::Array(items) => {
            for item in items {
                unresolvable(item, false, settings, found);
            }
        }
        Value::Object(members) => {
            for member in members.values() {
                unresolvable(member, false, settings, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_placeholder_fits_where_the_sandbox_could_put_its_value() {
        let settings = Settings::builder()
            .value("a.text", "x")
            .value("a.list", json!(["x"]))
            .value("a.denied", "x")
            .allow("a.text")
            .allow("a.list")
            .allow("a.nothing")
            .build();
        let codes = |conn_details: Value, parameters: Value| {
            let own = QueueDestination {
                conn_details: conn_details.to_string(),
                parameters: parameters.to_string(),
            };
            let found = own.unresolvable(&settings);
            let codes: Vec<_> = found.iter().map(|(_, error)| error.code()).collect();
            codes
        };
        for fits in ["{{ a.text }}", "x{{ a.text }}", "{{ open", "x"] {
            assert!(codes(json!({"bootstrap_servers": fits}), json!({"topic": fits})).is_empty());
        }
        let whole = json!({"other": "{{ a.list }}", "deep": [{"x": "{{ a.list }}"}]});
        assert!(codes(whole.clone(), whole).is_empty());
        for (text, code) in [
            ("{{ a.denied }}", "setting_not_allowed"),
            ("{{ a.nothing }}", "setting_not_found"),
            ("x{{ a.list }}", "setting_not_text"),
        ] {
            let deep = json!({"deep": [{"x": text}]});
            assert_eq!(codes(deep, json!({})), [code], "{text}");
        }
        let list = json!({"topic": "{{ a.list }}"});
        assert_eq!(codes(json!({}), list), ["setting_not_text"]);
    }
}
