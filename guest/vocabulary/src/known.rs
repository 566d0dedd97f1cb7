//! What is known of records before there is an event.

/// What is known of a record's value before there is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownValue {
    /// Every event has this JSON text.
    FixedJson(String),
    /// Every event has this plain text.
    FixedText(String),
    /// JSON text of so many bytes or more.
    Json(usize),
    /// Plain text of so many bytes or more.
    Text(usize),
    /// JSON text or plain text, of so many bytes or more.
    Either(usize),
}

/// What is known of a queue's records before there is an event, beside their value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRecord {
    /// The least bytes of the key; 0 where there may be none.
    pub key_bytes: usize,
    /// The headers, in order.
    pub headers: Vec<KnownHeader>,
    /// How many records have a timestamp.
    pub timestamp: Frequency,
    /// The timestamp, where it is the same for every event.
    pub timestamp_ms: Option<i64>,
    /// How many records are tombstones, which have no value.
    pub tombstone: Frequency,
}

/// What is known of a header before there is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHeader {
    /// Its name.
    pub name: String,
    /// The least bytes of its value.
    pub value_bytes: usize,
    /// Whether the value is the same for every event.
    pub is_fixed: bool,
}

/// How many of a queue's records have something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Not one.
    None,
    /// It depends on the event.
    Some,
    /// Each.
    All,
}
