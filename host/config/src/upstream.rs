//! Upstream's own settings: `ACTION_TRIGGERS` and `ACTION_TRIGGER_SETTINGS`.

use std::time::Duration;

use action_triggers_vocabulary::content_type;
use serde_json::{Map, Value as Json};

use super::{
    document::Value,
    keys,
    reading::{Field, Reading, Table},
};
use crate::broker::Broker;

/// What upstream's settings say.
#[derive(Default)]
pub(super) struct Upstream {
    pub(super) brokers: Vec<Broker>,
    pub(super) allowed: Vec<String>,
    pub(super) whitelist: Vec<String>,
    pub(super) max_broker_timeout: Option<Duration>,
}

impl<'a> Reading<'a> {
    pub(super) fn upstream(&mut self, root: &Table<'a>) -> Upstream {
        let mut upstream = Upstream::default();
        let triggers = root
            .get("ACTION_TRIGGERS")
            .and_then(|field| self.table(&field));
        if let Some(triggers) = &triggers {
            self.know(triggers, &keys::ACTION_TRIGGERS);
            if let Some(brokers) = triggers.get("brokers") {
                upstream.brokers = self.brokers(&brokers);
            }
        }
        if let Some(alias) = root.get("ACTION_BROKERS") {
            let brokers = self.brokers(&alias);
            let repeats = |broker: &Broker| upstream.brokers.iter().any(|b| b.name == broker.name);
            if let Some(broker) = brokers.iter().find(|broker| repeats(broker)) {
                let message = format!("`{}` stands in `ACTION_TRIGGERS.brokers` too", broker.name);
                self.error("repeated_key", &alias, message, "keep one of them");
            }
            upstream.brokers.extend(brokers);
        }
        let settings = root
            .get("ACTION_TRIGGER_SETTINGS")
            .and_then(|field| self.table(&field));
        if let Some(settings) = &settings {
            self.know(settings, &keys::ACTION_TRIGGER_SETTINGS);
            let allowed = settings.get("ALLOWED_DYNAMIC_IMPORT_PATHS");
            upstream.allowed = allowed
                .map(|field| self.allow_list(&field))
                .unwrap_or_default();
            let timeout = settings.get("MAX_BROKER_TIMEOUT");
            upstream.max_broker_timeout = timeout.and_then(|field| self.duration(&field, 1.0));
        }
        let whitelists = [triggers, settings]
            .into_iter()
            .flatten()
            .filter_map(|table| table.get("whitelisted_content_types"));
        let whitelists: Vec<_> = whitelists
            .map(|field| self.content_types(&field).unwrap_or_default())
            .collect();
        upstream.whitelist = whitelists.into_iter().next().unwrap_or_default();
        upstream
    }

    fn brokers(&mut self, field: &Field<'a>) -> Vec<Broker> {
        let Some(table) = self.table(field) else {
            return Vec::new();
        };
        let brokers = table
            .fields()
            .filter_map(|(name, field)| self.broker(name, &field));
        brokers.collect()
    }

    fn broker(&mut self, name: &str, field: &Field<'a>) -> Option<Broker> {
        let table = self.table(field)?;
        self.know(&table, &keys::BROKER);
        let broker_type = table.get("broker_type");
        let mut broker = Broker::kafka(name);
        broker.broker_type = broker_type
            .and_then(|field| self.text(&field))
            .map(str::to_owned);
        broker.conn_details = self.free(&table, ["conn_details", "connection_details"]);
        broker.params = self.free(&table, ["params", "parameters"]);
        broker.topics = table
            .get("topics")
            .and_then(|field| self.texts(&field))
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        Some(broker)
    }

    /// An object whose members are not ours to judge, under either name.
    fn free(&mut self, table: &Table<'a>, names: [&str; 2]) -> Map<String, Json> {
        let mut given = names.iter().filter_map(|name| table.get(name));
        let Some(field) = given.next() else {
            return Map::new();
        };
        if let Some(second) = given.next() {
            let [first, other] = names;
            let message = format!("`{first}` and `{other}` are two spellings of one key");
            self.error("repeated_key", &second, message, "keep one of them");
        }
        if self.table(&field).is_none() {
            return Map::new();
        }
        match serde_json::from_str(&field.node.to_json()) {
            Ok(Json::Object(members)) => members,
            _ => Map::new(),
        }
    }

    /// Upstream searches in a string, so a part of it would do: only a list is
    /// taken, and its paths count as a whole.
    fn allow_list(&mut self, field: &Field<'a>) -> Vec<String> {
        if let Value::Text(_) = field.node.value {
            let message =
                "the allow-list is a string, in which any part would be allowed".to_owned();
            let help = "write a list of whole paths: [\"myapp.settings.TOPIC\"]";
            self.error("allow_list_is_text", field, message, help);
            return Vec::new();
        }
        let paths = self.texts(field).unwrap_or_default();
        paths.into_iter().map(str::to_owned).collect()
    }

    fn content_types(&mut self, field: &Field<'a>) -> Option<Vec<String>> {
        let items = self.list(field)?;
        let names = items.iter().filter_map(|item| {
            let text = self.text(item)?;
            if content_type::normalized(text).is_none() {
                let message = content_type::invalid(text);
                self.error("invalid_content_type", item, message, content_type::HELP);
            }
            Some(text.to_owned())
        });
        Some(names.collect())
    }
}
