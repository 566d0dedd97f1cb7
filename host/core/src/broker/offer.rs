//! What crosses between the sandbox and the brokers: records as the sandbox
//! offers them, and what it has to know of brokers.

/// A record as the sandbox hands it over: not yet checked, addressed or taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The event's id.
    pub event_id: String,
    /// The trigger's name.
    pub trigger: String,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// Content type and primary key of the instance that changed.
    pub ordering_key: String,
    /// The name of a broker.
    pub broker: String,
    /// The queue's own `conn_details`, a JSON object.
    pub conn_details: String,
    /// The queue's own `parameters`, a JSON object.
    pub parameters: String,
    /// The queue's own bound on an attempt to publish, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// The record's headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The partition to write to.
    pub partition: Option<u32>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: Option<i64>,
    /// The record's value.
    pub value: Payload,
}

/// The bytes of a record's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text in UTF-8.
    Json(Vec<u8>),
    /// Plain text in UTF-8, which is not JSON.
    Text(Vec<u8>),
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
}
