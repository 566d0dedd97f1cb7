//! What is known of records, across the boundary.

use super::{bindings::exports::action_triggers::engine::triggers, narrowed};
use action_triggers_vocabulary::known::{Frequency, KnownHeader, KnownRecord, KnownValue};

impl From<KnownValue> for triggers::KnownValue {
    fn from(value: KnownValue) -> Self {
        match value {
            KnownValue::FixedJson(text) => Self::FixedJson(text),
            KnownValue::FixedText(text) => Self::FixedText(text),
            KnownValue::Json(bytes) => Self::Json(narrowed(bytes)),
            KnownValue::Text(bytes) => Self::Text(narrowed(bytes)),
            KnownValue::Either(bytes) => Self::Either(narrowed(bytes)),
        }
    }
}

impl From<KnownRecord> for triggers::KnownRecord {
    fn from(record: KnownRecord) -> Self {
        let header = |header: KnownHeader| triggers::KnownHeader {
            name: header.name,
            value_bytes: narrowed(header.value_bytes),
            is_fixed: header.is_fixed,
        };
        Self {
            key_bytes: narrowed(record.key_bytes),
            headers: record.headers.into_iter().map(header).collect(),
            timestamp: record.timestamp.into(),
            timestamp_ms: record.timestamp_ms,
            tombstone: record.tombstone.into(),
        }
    }
}

impl From<Frequency> for triggers::Frequency {
    fn from(frequency: Frequency) -> Self {
        match frequency {
            Frequency::None => Self::None,
            Frequency::Some => Self::Some,
            Frequency::All => Self::All,
        }
    }
}
