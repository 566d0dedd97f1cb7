//! Whether a call has room for all the records of a trigger.

use super::finding::{error, name_of};
use crate::{
    limits::Limits,
    outcome::{Diagnostic, Frequency, KnownValue, LoadedQueue},
};

/// What the records of a trigger take of a call, one event alone in it.
pub(super) struct Room<'a> {
    limits: &'a Limits,
    records: u32,
    /// The least bytes of the records.
    bytes: usize,
}

impl<'a> Room<'a> {
    pub(super) fn of(limits: &'a Limits) -> Self {
        Self {
            limits,
            records: 0,
            bytes: 0,
        }
    }

    /// Takes room for the record of a queue, or says why none is left by the records before.
    pub(super) fn take(&mut self, queue: &LoadedQueue, value: &KnownValue) -> Option<Diagnostic> {
        let (records, bytes) = (
            self.limits.records_per_call,
            self.limits.record_bytes_per_call,
        );
        if self.records >= records {
            let message =
                format!("a call may publish {records} records, and the queues before this one do");
            return Some(too_many(queue, message, "records_per_call"));
        }
        if self.bytes >= bytes {
            let message = format!(
                "a call may publish records of {bytes} bytes, and those of the queues before this \
                 one have {} or more",
                self.bytes
            );
            return Some(too_many(queue, message, "record_bytes_per_call"));
        }
        self.records += 1;
        self.bytes = self.bytes.saturating_add(least_bytes(queue, value));
        None
    }
}

fn too_many(queue: &LoadedQueue, message: String, limit: &str) -> Diagnostic {
    let help = format!("raise `{limit}` in `limits`");
    error("too_many", &name_of(queue), message, help)
}

/// The least bytes of a queue's records.
fn least_bytes(queue: &LoadedQueue, value: &KnownValue) -> usize {
    let value = match value {
        KnownValue::FixedJson(text) | KnownValue::FixedText(text) => text.len(),
        KnownValue::Json(bytes) | KnownValue::Text(bytes) | KnownValue::Either(bytes) => *bytes,
    };
    let Some(records) = &queue.records else {
        return value;
    };
    let headers = records.headers.iter();
    let headers = headers.map(|header| header.name.len().saturating_add(header.value_bytes));
    let value = match records.tombstone {
        Frequency::None => value,
        Frequency::Some | Frequency::All => 0,
    };
    headers
        .chain([records.key_bytes])
        .fold(value, usize::saturating_add)
}
