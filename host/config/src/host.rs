//! The host's own keys, and the file as a whole.

use std::path::Path;

use super::{
    Configuration, Triggers,
    document::{Document, Node, Value},
    keys, load,
    outbox::Outbox,
    reading::{Field, Reading, Table},
    secret::Origin,
    serve::Service,
    upstream::Upstream,
};
use crate::{
    broker::TextEncoding,
    cluster::Cluster,
    event::decode::Sources,
    limits::{Limits, MOST_MEMORY, MOST_STACK, MOST_WORKERS},
    problem::Problem,
    settings::{Settings, SettingsBuilder},
};

const ENCODINGS: &[(&str, TextEncoding)] =
    &[("raw", TextEncoding::Raw), ("json", TextEncoding::Json)];

impl Node {
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Value::Table(members) = &self.value else {
            return None;
        };
        members.first(name).map(|member| &member.node)
    }
}

/// What the file says, before it is known to be without errors.
pub(super) struct Parts {
    upstream: Upstream,
    clusters: Vec<Cluster>,
    settings: Settings,
    limits: Limits,
    workers: Option<usize>,
    outbox: Outbox,
    sources: Sources,
    service: Service,
    text_encoding: TextEncoding,
    triggers: Option<Triggers>,
}

impl Parts {
    pub(super) fn config(self, document: Document) -> Configuration {
        Configuration {
            brokers: self.upstream.brokers,
            clusters: self.clusters,
            settings: self.settings,
            whitelist: self.upstream.whitelist,
            max_broker_timeout: self.upstream.max_broker_timeout,
            limits: self.limits,
            outbox: self.outbox,
            sources: self.sources,
            service: self.service,
            workers: self.workers,
            text_encoding: self.text_encoding,
            triggers: self.triggers,
            document,
        }
    }
}

impl<'a> Reading<'a> {
    /// Reads the whole file; none where it is not even an object.
    pub(super) fn parts(&mut self, triggers: Option<&Path>) -> Option<Parts> {
        let root = self.root();
        let root = self.table(&root)?;
        self.know(&root, &keys::FILE);
        let upstream = self.upstream(&root);
        let clusters = root
            .get("clusters")
            .map(|field| self.clusters(&field))
            .unwrap_or_default();
        let settings = self.settings(&root, &upstream.allowed);
        let (limits, workers) = self.limits(&root);
        let outbox = self.outbox(&root);
        let sources = self.sources(&root);
        let service = self.service(&root);
        let encoding = root.get("text_encoding");
        let encoding = encoding.and_then(|field| self.choice(&field, ENCODINGS));
        let triggers = self.triggers(&root, triggers);
        self.notes(&root, &upstream, &clusters, &settings);
        Some(Parts {
            upstream,
            clusters,
            settings,
            limits,
            workers,
            outbox,
            sources,
            service,
            text_encoding: encoding.unwrap_or_default(),
            triggers,
        })
    }

    fn notes(
        &mut self,
        root: &Table<'a>,
        upstream: &Upstream,
        clusters: &[Cluster],
        settings: &Settings,
    ) {
        let before = std::mem::take(&mut self.problems);
        let known: Vec<&str> = clusters
            .iter()
            .map(|one| one.bootstrap_servers.as_str())
            .collect();
        self.upstream_checks(root);
        self.hardly_meant(root, upstream, &known);
        self.fields_of_brokers(root, upstream, settings);
        let notes = std::mem::replace(&mut self.problems, before);
        // What is plainly wrong has been said already.
        let is_new = |note: &Problem| !matches!(note.code(), "wrong_type" | "repeated_key");
        self.problems
            .extend(notes.into_iter().filter(is_new).map(Problem::into_note));
    }

    fn settings(&mut self, root: &Table<'a>, allowed: &[String]) -> Settings {
        let mut settings = Settings::builder();
        for path in allowed {
            settings = settings.allow(path);
        }
        let values = root.get("values").and_then(|field| self.table(&field));
        for (path, field) in values.iter().flat_map(Table::fields) {
            settings = self.setting(settings, path, &field);
        }
        settings.build()
    }

    fn setting(
        &mut self,
        settings: SettingsBuilder,
        path: &str,
        field: &Field<'a>,
    ) -> SettingsBuilder {
        if matches!(field.node.value, Value::Table(_)) {
            return match self.origin(field) {
                Some(Origin::Env(name)) => settings.env(path, name),
                Some(Origin::File(file)) => settings.file(path, file),
                None => settings,
            };
        }
        let value: Result<serde_json::Value, _> = serde_json::from_str(&field.node.to_json());
        match value {
            Ok(value) => settings.value(path, value),
            Err(_) => settings,
        }
    }

    fn limits(&mut self, root: &Table<'a>) -> (Limits, Option<usize>) {
        let mut limits = Limits::default();
        let Some(table) = root.get("limits").and_then(|field| self.table(&field)) else {
            return (limits, None);
        };
        self.know(&table, &keys::LIMITS);
        let bounded = [
            ("memory_bytes", &mut limits.memory_bytes, MOST_MEMORY),
            ("stack_bytes", &mut limits.stack_bytes, MOST_STACK),
        ];
        for (name, bound, most) in bounded {
            let given = table.get(name);
            if let Some(given) = given.and_then(|field| self.count_up_to(&field, most)) {
                *bound = given;
            }
        }
        let counts = [
            ("events_per_call", &mut limits.events_per_call),
            ("event_bytes", &mut limits.event_bytes),
            ("record_bytes_per_call", &mut limits.record_bytes_per_call),
        ];
        for (name, bound) in counts {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let fuels = [
            ("trigger_fuel", &mut limits.trigger_fuel),
            ("call_fuel", &mut limits.call_fuel),
        ];
        for (name, bound) in fuels {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let sizes = [
            ("output_bytes", &mut limits.output_bytes),
            ("event_depth", &mut limits.event_depth),
        ];
        for (name, bound) in sizes {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let records = table.get("records_per_call");
        if let Some(records) = records.and_then(|field| self.count(&field)) {
            limits.records_per_call = records;
        }
        let deadlines = [
            ("call_deadline_ms", &mut limits.call_deadline),
            ("load_deadline_ms", &mut limits.load_deadline),
        ];
        for (name, bound) in deadlines {
            if let Some(given) = table
                .get(name)
                .and_then(|field| self.duration(&field, 0.001))
            {
                *bound = given;
            }
        }
        (
            limits,
            table
                .get("workers")
                .and_then(|field| self.count_up_to(&field, MOST_WORKERS)),
        )
    }

    /// The set of triggers: from the file given with the call, from the file
    /// that the configuration names, or from the configuration itself.
    fn triggers(&mut self, root: &Table<'a>, given: Option<&Path>) -> Option<Triggers> {
        if let Some(file) = given {
            return self.triggers_file(file);
        }
        let Some(field) = root.get("triggers") else {
            let message = "there are no triggers".to_owned();
            let help = "add `triggers`: a list, or the path of a file; or call with --triggers";
            self.error("missing_triggers", &root.field, message, help);
            return None;
        };
        match &field.node.value {
            Value::Text(path) => {
                let file = self.directory.join(&**path);
                if !self.around.has_file(&file) {
                    let message = format!("there is no file `{}`", file.display());
                    self.error(
                        "file_unreadable",
                        &field,
                        message,
                        "paths are relative to this file",
                    );
                    return None;
                }
                self.triggers_file(&file)
            }
            Value::List(_) | Value::Table(_) => Some(Triggers::Inline),
            _ => {
                self.wrong_type(&field, "a list of triggers, or the path of a file");
                None
            }
        }
    }

    fn triggers_file(&mut self, file: &Path) -> Option<Triggers> {
        match load(file, self.around) {
            Ok(document) => Some(Triggers::File(Box::new(document))),
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }
}
