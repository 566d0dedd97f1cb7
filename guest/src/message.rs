//! Records as they are handed to the host.

/// A record's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text: compact, members in the order written.
    Json(String),
    /// Plain text, which is not JSON.
    Text(String),
    /// No value: deletes the key in a compacted topic.
    Tombstone,
}

impl Payload {
    /// Its bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(text) | Self::Text(text) => text.len(),
            Self::Tombstone => 0,
        }
    }
}

/// A queue's own destination, without what its broker sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its `conn_details`, a JSON object.
    pub conn_details: String,
    /// Its `parameters`, a JSON object.
    pub parameters: String,
}

/// A record, and what identifies, orders and addresses it. Events, triggers and
/// queues are named by their place, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The event's place in the call.
    pub event: u32,
    /// The trigger's place in the set.
    pub trigger: u32,
    /// The queue's place in its trigger.
    pub queue: u32,
    /// Content type and primary key; none without a primary key.
    pub ordering_key: Option<String>,
    /// Where the record goes, if that was resolved for this event.
    pub destination: Option<Destination>,
    /// The topic, if the queue renders it for each event.
    pub topic: Option<String>,
    /// The record's key.
    pub key: Option<String>,
    /// Names and values, in order.
    pub headers: Vec<(&'a str, String)>,
    /// The partition to write to.
    pub partition: Option<u32>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: Option<i64>,
    /// The record's value.
    pub value: Payload,
}
