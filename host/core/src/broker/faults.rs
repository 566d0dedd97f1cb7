//! What can be told of a broker before there is any record.

use action_triggers_vocabulary::members::queue::{BOOTSTRAP_SERVERS, TOPIC};
use serde_json::Map;

use super::{
    Broker,
    destination::{check_topic, field},
};
use crate::settings::Settings;

impl Broker {
    /// What is wrong with the fields that it sets itself, by the field's name:
    /// each keeps every record of the broker from being published.
    pub fn faults(&self, settings: &Settings) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let none = Map::new();
        for (name, members) in [
            (BOOTSTRAP_SERVERS, &self.conn_details),
            (TOPIC, &self.params),
        ] {
            if !members.contains_key(name) {
                continue;
            }
            let value = field(members, &none, name, settings);
            let checked = value.and_then(|value| match name {
                TOPIC => check_topic(&value),
                _ => Ok(()),
            });
            faults.extend(checked.err().map(|fault| (name, fault)));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn faults(servers: &Value, topic: &Value) -> Vec<&'static str> {
        let settings = Settings::builder()
            .value("a.topic", "sales")
            .value("a.sentence", "not a topic")
            .value("a.secret", "x")
            .allow("a.topic")
            .allow("a.sentence")
            .allow("a.nothing")
            .build();
        let mut broker = Broker::default();
        broker
            .conn_details
            .insert("bootstrap_servers".into(), servers.clone());
        broker.params.insert("topic".into(), topic.clone());
        let faults = broker.faults(&settings).into_iter();
        faults.map(|(name, _)| name).collect()
    }

    #[test]
    fn a_broker_that_could_never_publish_says_which_field_it_is() {
        for topic in [
            json!("sales"),
            json!("{{ a.topic }}"),
            json!("x-{{a.topic}}"),
        ] {
            assert!(faults(&json!("a:1"), &topic).is_empty(), "{topic}");
        }
        for topic in [
            json!(""),
            json!("not a topic"),
            json!(7),
            json!(null),
            json!(["sales"]),
            json!("{{ a.sentence }}"),
            json!("{{ a.secret }}"),
            json!("{{ a.nothing }}"),
        ] {
            assert_eq!(faults(&json!("a:1"), &topic), ["topic"], "{topic}");
        }
        for servers in [json!(""), json!(9092), json!(["a:1"])] {
            assert_eq!(
                faults(&servers, &json!("sales")),
                ["bootstrap_servers"],
                "{servers}"
            );
        }
        assert!(Broker::default().faults(&Settings::default()).is_empty());
    }
}
