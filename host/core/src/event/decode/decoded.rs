//! What bodies are decoded into.

use std::borrow::Cow;

use action_triggers_vocabulary::Place;

use super::error::DecodeError;

/// One event of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded<'a> {
    /// Its position among the events of the body, from 0.
    pub index: usize,
    /// The line of the body on which it begins, from 1.
    pub line: u64,
    /// Where in the body it is; in its line, where the body has one event a line.
    pub place: Place,
    /// The id that its sender gave it, in a form of another tool. One in our own form is read
    /// by the sandbox, which tells its id.
    pub id: Option<String>,
    /// Headers for the records that come of it: the attributes of a `CloudEvent`, where they
    /// are wanted ([`CloudEventsSource::record_headers`](super::CloudEventsSource)).
    pub headers: Vec<(String, String)>,
    /// What it is; or why it is not an event.
    pub content: Result<Content<'a>, DecodeError>,
}

/// What was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content<'a> {
    /// An event's text, as the sandbox reads it. Where the sender gave an id, it stands in it.
    Event(Cow<'a, str>),
    /// Nothing that triggers could fire for, and no fault: the sender is told that it was taken.
    Skipped(Skipped),
}

/// Why there is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// Debezium's null, which follows a delete for the sake of compacted topics.
    Tombstone,
    /// A row that Debezium read for a snapshot, which nobody asked for.
    Snapshot,
    /// What Debezium says of itself or of tables: heartbeats, transactions, changes of a
    /// schema, truncated tables, messages.
    Housekeeping,
}
