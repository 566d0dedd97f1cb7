//! What crosses between the sandbox and the brokers: records as the sandbox
//! offers them, and what it has to know of brokers.

use crate::outcome::QueueDestination;

/// A record as the sandbox hands it over: not yet checked, addressed or taken.
/// Event, trigger and queue are named by their place, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The event's place in the call.
    pub event: u32,
    /// The trigger's place in the set.
    pub trigger: u32,
    /// The queue's place in its trigger.
    pub queue: u32,
    /// Content type and primary key of the instance that changed; none where it
    /// has no primary key.
    pub ordering_key: Option<String>,
    /// The queue's own destination, where it was resolved for this event.
    pub destination: Option<QueueDestination>,
    /// The topic, where it was rendered for this event.
    pub topic: Option<String>,
    /// The record's key.
    pub key: Option<String>,
    /// The record's headers, in order.
    pub headers: Vec<(String, String)>,
    /// The partition to write to.
    pub partition: Option<u32>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: Option<i64>,
    /// The record's value.
    pub value: Payload,
}

impl Offer {
    /// A record with this value and nothing else, of the first event, trigger and queue.
    pub fn new(value: Payload) -> Self {
        Self {
            event: 0,
            trigger: 0,
            queue: 0,
            ordering_key: None,
            destination: None,
            topic: None,
            key: None,
            headers: Vec::new(),
            partition: None,
            timestamp_ms: None,
            value,
        }
    }
}

/// A record's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text.
    Json(String),
    /// Plain text, which is not JSON.
    Text(String),
    /// No value: deletes the key in a compacted topic.
    Tombstone,
}

/// Which members of a queue's destination a broker sets itself. The host's win,
/// so the sandbox drops a queue's own and never resolves their placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerMembers {
    /// The broker's name.
    pub name: String,
    /// Names of members of `conn_details`.
    pub conn_details: Vec<String>,
    /// Names of members of `parameters`.
    pub parameters: Vec<String>,
    /// The topics that queues may render for an event.
    pub topics: Vec<String>,
}
