//! Upstream's system checks, under their own codes, and what a configuration
//! may hardly mean. They are for `check`: nothing of it stops a run.

use action_triggers_vocabulary::{placeholder, suggest::did_you_mean};

use super::{
    document::Value,
    keys,
    reading::{Field, Reading, Table},
    upstream::Upstream,
};
use crate::settings::Settings;

/// Upstream's `BrokerType`.
const BROKER_TYPES: &[&str] = &[
    "rabbitmq",
    "kafka",
    "redis",
    "aws_sqs",
    "aws_sns",
    "gcp_pubsub",
];

impl<'a> Reading<'a> {
    pub(super) fn upstream_checks(&mut self, root: &Table<'a>) {
        let (triggers, brokers) = (root.get("ACTION_TRIGGERS"), root.get("ACTION_BROKERS"));
        if triggers.is_none() && brokers.is_none() {
            let message = "`ACTION_TRIGGERS` is not set".to_owned();
            let help = "add `ACTION_TRIGGERS` with its `brokers`";
            self.error("action_triggers.E001", &root.field, message, help);
        }
        if let Some(triggers) = triggers.and_then(|field| self.table(&field)) {
            if let Some(brokers) = triggers.get("brokers").and_then(|field| self.table(&field)) {
                self.broker_types(&brokers);
            }
            self.whitelists(root, &triggers);
        }
        if let Some(brokers) = brokers.and_then(|field| self.table(&field)) {
            self.broker_types(&brokers);
        }
        self.timeouts(root);
    }

    fn broker_types(&mut self, brokers: &Table<'a>) {
        for (name, field) in brokers.fields() {
            let Some(table) = self.table(&field) else {
                continue;
            };
            let Some(broker_type) = table.get("broker_type") else {
                let message = format!("`broker_type` is not set for broker `{name}`");
                self.error(
                    "action_triggers.E002",
                    &field,
                    message,
                    "set it to \"kafka\"",
                );
                continue;
            };
            let Some(text) = self.text(&broker_type) else {
                continue;
            };
            if !BROKER_TYPES.contains(&text.to_lowercase().as_str()) {
                let message = format!("unknown broker type `{text}`");
                let help = did_you_mean(text, BROKER_TYPES);
                self.error("action_triggers.E003", &broker_type, message, &help);
            } else if !text.eq_ignore_ascii_case("kafka") {
                let message = format!("this host serves only `kafka`, not `{text}`");
                let help = "queues of this broker will fail; leave the broker out";
                self.warning("unserved_broker_type", &broker_type, message, help);
            }
        }
    }

    fn whitelists(&mut self, root: &Table<'a>, triggers: &Table<'a>) {
        let field = &triggers.field;
        let settings = root.get("ACTION_TRIGGER_SETTINGS");
        let settings = settings.and_then(|field| self.table(&field));
        let mut tables = [Some(triggers), settings.as_ref()].into_iter().flatten();
        let whitelist = tables.find_map(|table| table.get("whitelisted_content_types"));
        if whitelist.is_none_or(|field| self.list(&field).is_some_and(|names| names.is_empty())) {
            let message = "`whitelisted_content_types` names none, so any content type may fire";
            let help = "list the content types that may, such as \"shop.sale\"";
            self.warning("action_triggers.W001", field, message.to_owned(), help);
        }
        if !triggers.has("whitelisted_webhook_endpoint_patterns") {
            let message = "`whitelisted_webhook_endpoint_patterns` is not set: upstream would call any webhook";
            let help =
                "this host calls no webhooks; set it to [] where upstream reads this file too";
            self.warning("action_triggers.W002", field, message.to_owned(), help);
        }
    }

    fn timeouts(&mut self, root: &Table<'a>) {
        let Some(field) = root.get("ACTION_TRIGGER_SETTINGS") else {
            let message = "`ACTION_TRIGGER_SETTINGS` is not set".to_owned();
            let help = "add it; {} will do";
            self.error("action_triggers.E004", &root.field, message, help);
            return;
        };
        let Some(settings) = self.table(&field) else {
            return;
        };
        // The timeouts of webhooks and actions bound nothing here.
        if settings.get("MAX_BROKER_TIMEOUT").is_none() {
            let message = "`MAX_BROKER_TIMEOUT` is not set".to_owned();
            let help = "set it to the seconds that an attempt to publish may take at most";
            self.warning("action_triggers.W003", &field, message, help);
        }
    }

    /// Fields of brokers with which no record could be published. The other
    /// brokers go on, so this is for `check` alone.
    pub(super) fn fields_of_brokers(
        &mut self,
        root: &Table<'a>,
        upstream: &Upstream,
        settings: &Settings,
    ) {
        // As a run would read them.
        let settings = settings.clone().or_environment(self.around.environment());
        for broker in upstream.brokers.iter().filter(|broker| broker.is_kafka()) {
            for (name, fault) in broker.faults(&settings) {
                let field = self.field_of_broker(root, &broker.name, name);
                let message = format!(
                    "no record of broker `{}` can be published: {fault}",
                    broker.name
                );
                let help =
                    format!("correct it, or leave it out where each queue brings its own `{name}`");
                self.error("invalid_destination", &field, message, &help);
            }
        }
    }

    /// Where a broker sets a field; the whole file where that cannot be told.
    fn field_of_broker(&mut self, root: &Table<'a>, broker: &str, name: &str) -> Field<'a> {
        let triggers = root
            .get("ACTION_TRIGGERS")
            .and_then(|field| self.table(&field));
        let brokers = triggers.and_then(|table| table.get("brokers"));
        for brokers in [brokers, root.get("ACTION_BROKERS")].into_iter().flatten() {
            let broker = self.table(&brokers).and_then(|table| table.get(broker));
            let Some(broker) = broker.and_then(|field| self.table(&field)) else {
                continue;
            };
            let parts = keys::BROKER
                .names
                .iter()
                .filter_map(|part| broker.get(part));
            let mut tables = parts.filter(|part| matches!(part.node.value, Value::Table(_)));
            let found = tables.find_map(|part| self.table(&part)?.given(name));
            if let Some(field) = found {
                return field;
            }
        }
        root.field.clone()
    }

    /// Brokers that lead nowhere, placeholders that stand for nothing.
    pub(super) fn hardly_meant(&mut self, root: &Table<'a>, upstream: &Upstream, known: &[&str]) {
        let clusters = root.get("clusters").unwrap_or_else(|| root.field.clone());
        for broker in &upstream.brokers {
            let servers = broker
                .conn_details
                .get("bootstrap_servers")
                .and_then(|s| s.as_str());
            let Some(servers) = servers.filter(|servers| !placeholder::has(servers)) else {
                continue;
            };
            if broker.is_kafka() && !known.contains(&servers) {
                let message = format!(
                    "broker `{}` names `{servers}`, which is not in `clusters`",
                    broker.name
                );
                let help = format!("add `{servers}` with its `rest_url` to `clusters`");
                self.warning("unknown_cluster", &clusters, message, &help);
            }
        }
        let values = root.get("values").and_then(|field| self.table(&field));
        let has_value = |path: &str| values.as_ref().is_some_and(|values| values.has(path));
        let settings = root
            .get("ACTION_TRIGGER_SETTINGS")
            .unwrap_or_else(|| root.field.clone());
        for path in upstream.allowed.iter().filter(|path| !has_value(path)) {
            let message = format!("`{path}` is allowed and has no value");
            self.warning(
                "setting_without_value",
                &settings,
                message,
                "add it to `values`",
            );
        }
    }
}
