//! What is known of records, across the boundary.

use super::bindings::exports::action_triggers::engine::triggers;
use crate::outcome::{Frequency, KnownHeader, KnownRecord, KnownValue};

impl From<triggers::KnownValue> for KnownValue {
    fn from(value: triggers::KnownValue) -> Self {
        match value {
            triggers::KnownValue::FixedJson(text) => Self::FixedJson(text),
            triggers::KnownValue::FixedText(text) => Self::FixedText(text),
            triggers::KnownValue::Json(bytes) => Self::Json(widened(bytes)),
            triggers::KnownValue::Text(bytes) => Self::Text(widened(bytes)),
            triggers::KnownValue::Either(bytes) => Self::Either(widened(bytes)),
        }
    }
}

impl From<triggers::KnownRecord> for KnownRecord {
    fn from(record: triggers::KnownRecord) -> Self {
        let header = |header: triggers::KnownHeader| KnownHeader {
            name: header.name,
            value_bytes: widened(header.value_bytes),
            is_fixed: header.is_fixed,
        };
        Self {
            key_bytes: widened(record.key_bytes),
            headers: record.headers.into_iter().map(header).collect(),
            timestamp: record.timestamp.into(),
            timestamp_ms: record.timestamp_ms,
            tombstone: record.tombstone.into(),
        }
    }
}

impl From<triggers::Frequency> for Frequency {
    fn from(frequency: triggers::Frequency) -> Self {
        match frequency {
            triggers::Frequency::None => Self::None,
            triggers::Frequency::Some => Self::Some,
            triggers::Frequency::All => Self::All,
        }
    }
}

fn widened(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
