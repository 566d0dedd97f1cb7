//! What a configuration says of the tools that events come from: `sources`.

use std::collections::BTreeMap;

use action_triggers_vocabulary::{Place, Signal, content_type};

use super::{error::DecodeError, temporal::Precision};

/// How the forms of other tools are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sources {
    /// `sources.cloudevents`.
    pub cloudevents: CloudEventsSource,
    /// `sources.debezium`.
    pub debezium: DebeziumSource,
    /// `sources.hasura.content_types`.
    pub hasura: Tables,
    /// `sources.supabase.content_types`.
    pub supabase: Tables,
}

/// How `CloudEvents` become events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudEventsSource {
    /// What events of a `type` say.
    pub types: BTreeMap<String, EventType>,
    /// The content types of subjects: of a whole `subject`, or of what stands before its
    /// first `/`.
    pub subjects: BTreeMap<String, String>,
    /// Whether records carry the attributes as headers: `ce_id` and so on.
    pub record_headers: bool,
}

/// What an event of some type says; its data is the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType {
    /// What happened.
    pub signal: Signal,
    /// Of which model; none where the subject tells it.
    pub content_type: Option<String>,
    /// Whether a save made the instance, where that is known.
    pub created: Option<bool>,
}

impl EventType {
    /// A type of events that says what happened, and nothing more.
    pub fn new(signal: Signal) -> Self {
        Self {
            signal,
            content_type: None,
            created: None,
        }
    }
}

/// How Debezium's change events become events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DebeziumSource {
    /// The content types of tables.
    pub tables: Tables,
    /// Whether rows that were read for a snapshot are saves.
    pub snapshots: bool,
    /// What numbers count that `models` declares to be a `datetime` or `time`, where events
    /// come without their schema.
    pub time_precision: Option<Precision>,
    /// Whether datetimes without a zone are in UTC, as those of Django in databases that
    /// have no zones.
    pub datetimes_are_utc: bool,
}

/// The content types of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    content_types: BTreeMap<String, String>,
}

impl Tables {
    /// With the content type of a table, which is called as its tool calls it, such as
    /// `public.orders`.
    pub fn with(mut self, table: impl Into<String>, content_type: impl Into<String>) -> Self {
        self.content_types.insert(table.into(), content_type.into());
        self
    }
}

/// A table as a tool names it: where it is, and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) schema: Option<&'a str>,
    pub(super) name: &'a str,
    /// Where in the event it is named.
    pub(super) place: &'a Place,
}

impl Tables {
    /// The content type of a table: the one that is configured, else `schema.table`.
    ///
    /// # Errors
    ///
    /// None is configured, and that is not a content type. `key` says where one belongs.
    pub(super) fn content_type(&self, table: Table<'_>, key: &str) -> Result<String, DecodeError> {
        let Table { schema, name, .. } = table;
        let full = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
        if let Some(configured) = self.content_types.get(&full) {
            return Ok(configured.clone());
        }
        if content_type::normalized(&full).is_some() {
            return Ok(full);
        }
        Err(DecodeError::no_content_type(
            table.place.clone(),
            &full,
            key,
        ))
    }
}
