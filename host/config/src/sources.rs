//! `sources`: the tools that events come from, and what their tables and types are here.

use std::collections::BTreeMap;

use action_triggers_vocabulary::content_type;

use super::{
    event::{
        Signal,
        decode::{CloudEventsSource, DebeziumSource, EventType, Precision, Sources, Tables},
    },
    keys,
    reading::{Field, Reading, Table},
};

const PRECISIONS: &[(&str, Precision)] = &[
    ("milliseconds", Precision::Milliseconds),
    ("microseconds", Precision::Microseconds),
    ("nanoseconds", Precision::Nanoseconds),
];

impl<'a> Reading<'a> {
    pub(super) fn sources(&mut self, root: &Table<'a>) -> Sources {
        let mut sources = Sources::default();
        let Some(table) = root.get("sources").and_then(|field| self.table(&field)) else {
            return sources;
        };
        self.know(&table, &keys::SOURCES);
        if let Some(field) = table.get("cloudevents") {
            sources.cloudevents = self.cloudevents(&field);
        }
        if let Some(field) = table.get("debezium") {
            sources.debezium = self.debezium(&field);
        }
        for (name, tables) in [
            ("hasura", &mut sources.hasura),
            ("supabase", &mut sources.supabase),
        ] {
            let table = table.get(name).and_then(|field| self.table(&field));
            if let Some(table) = table {
                self.know(&table, &keys::SOURCE_OF_ROWS);
                *tables = self.tables(&table);
            }
        }
        sources
    }

    fn cloudevents(&mut self, field: &Field<'a>) -> CloudEventsSource {
        let mut source = CloudEventsSource::default();
        let Some(table) = self.table(field) else {
            return source;
        };
        self.know(&table, &keys::SOURCE_OF_CLOUDEVENTS);
        let types = table.get("types").and_then(|field| self.table(&field));
        for (name, field) in types.iter().flat_map(Table::fields) {
            if let Some(event_type) = self.event_type(&field) {
                source.types.insert(name.to_owned(), event_type);
            }
        }
        source.subjects = self.content_types_by_name(&table, "subjects");
        let record_headers = table.get("record_headers");
        source.record_headers = record_headers
            .and_then(|field| self.boolean(&field))
            .unwrap_or_default();
        source
    }

    fn event_type(&mut self, field: &Field<'a>) -> Option<EventType> {
        let table = self.table(field)?;
        self.know(&table, &keys::EVENT_TYPE);
        let signals = Signal::ALL.map(|signal| (signal.as_str(), signal));
        let signal = table.get("signal");
        if signal.is_none() {
            let message = "`signal` is missing".to_owned();
            let help = "say what events of this type tell, such as \"post_save\"";
            self.error("missing_key", field, message, help);
        }
        let signal = signal.and_then(|field| self.choice(&field, &signals));
        let content_type = table.get("content_type");
        let content_type = content_type.and_then(|field| self.content_type(&field));
        let created = table.get("created").and_then(|field| self.boolean(&field));
        let mut event_type = EventType::new(signal?);
        event_type.content_type = content_type;
        event_type.created = created;
        Some(event_type)
    }

    fn debezium(&mut self, field: &Field<'a>) -> DebeziumSource {
        let mut source = DebeziumSource::default();
        let Some(table) = self.table(field) else {
            return source;
        };
        self.know(&table, &keys::SOURCE_OF_CHANGES);
        source.tables = self.tables(&table);
        let precision = table.get("time_precision");
        source.time_precision = precision.and_then(|field| self.choice(&field, PRECISIONS));
        for (name, switch) in [
            ("snapshots", &mut source.snapshots),
            ("datetimes_are_utc", &mut source.datetimes_are_utc),
        ] {
            if let Some(given) = table.get(name).and_then(|field| self.boolean(&field)) {
                *switch = given;
            }
        }
        source
    }

    fn tables(&mut self, table: &Table<'a>) -> Tables {
        let content_types = self.content_types_by_name(table, "content_types");
        content_types
            .into_iter()
            .fold(Tables::default(), |tables, (name, content_type)| {
                tables.with(name, content_type)
            })
    }

    fn content_types_by_name(&mut self, table: &Table<'a>, key: &str) -> BTreeMap<String, String> {
        let names = table.get(key).and_then(|field| self.table(&field));
        let mut content_types = BTreeMap::new();
        for (name, field) in names.iter().flat_map(Table::fields) {
            if let Some(content_type) = self.content_type(&field) {
                content_types.insert(name.to_owned(), content_type);
            }
        }
        content_types
    }

    fn content_type(&mut self, field: &Field<'a>) -> Option<String> {
        let text = self.text(field)?;
        if content_type::normalized(text).is_none() {
            let message = content_type::invalid(text);
            self.error("invalid_content_type", field, message, content_type::HELP);
            return None;
        }
        Some(text.to_owned())
    }
}
