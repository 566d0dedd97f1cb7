//! What a v2 answer says of one record, or, from Redpanda, of one partition.

use serde::Deserialize;

use super::{
    dialect::Dialect,
    explain::{self, RecordError},
    read,
    redact::Redactor,
    verdict::Finding,
};
use crate::{record::Record, verdict::Verdict};

/// A record's line of the answer; Redpanda's are a partition's.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "read::whole")]
    pub(super) partition: Option<i64>,
    #[serde(default, deserialize_with = "read::whole")]
    offset: Option<i64>,
    #[serde(default, deserialize_with = "read::whole")]
    error_code: Option<i64>,
    /// What Confluent and Karapace call the error's message.
    #[serde(default, deserialize_with = "read::text")]
    error: Option<String>,
    /// What Strimzi calls it.
    #[serde(default, deserialize_with = "read::text")]
    message: Option<String>,
}

impl Entry {
    /// The error, if it has one.
    pub(super) fn error(&self) -> Option<RecordError<'_>> {
        // In Kafka's own codes 0 is none, in those of HTTP what begins with 2.
        let is_error = |code: &i64| !matches!(code, 0 | 200..=299);
        let code = self.error_code.filter(is_error)?;
        let message = self.error.as_deref().or(self.message.as_deref());
        Some(RecordError {
            code,
            message: message.unwrap_or_default(),
        })
    }
}

/// The verdict on a record of a POST of so many.
pub(super) fn of_entry(
    dialect: Dialect,
    entry: &Entry,
    (record, records): (&Record, usize),
    redactor: &Redactor,
) -> Verdict {
    if let Some(error) = entry.error() {
        return explain::of_record(dialect, &error, (record, records), redactor);
    }
    let partition = entry
        .partition
        .and_then(|partition| u32::try_from(partition).ok());
    match (partition, entry.offset) {
        // Seen: beside offset -1 Karapace says partition 0 wherever it wrote.
        (Some(_), Some(-1)) if dialect == Dialect::Karapace => Verdict::Delivered {
            partition: None,
            offset: None,
        },
        // A producer that waits for no broker (acks=0) knows no offset: it says -1.
        (partition, Some(offset)) => Verdict::Delivered {
            partition,
            offset: u64::try_from(offset).ok(),
        },
        _ => {
            let said = entry.error.as_deref().or(entry.message.as_deref());
            let said =
                said.map_or_else(String::new, |said| format!(": {}", redactor.message(said)));
            Finding::Unknown("bad_answer").verdict(
                format!("the proxy named neither an offset nor an error_code for the record{said}"),
                None,
                1,
            )
        }
    }
}

pub(super) fn miscounted(entries: &[Entry], records: usize) -> Verdict {
    let mut message = format!(
        "the proxy answered for {} records, {records} were sent",
        entries.len()
    );
    // Redpanda's answers; each record is delivered again until `flavor` says so.
    if (1..records).contains(&entries.len()) {
        message += "; if it answers once a partition, as Redpanda does, set `flavor` to `redpanda`";
    }
    Finding::Unknown("bad_answer").verdict(message, None, 1)
}
