//! What a v2 answer says of one record, or, from Redpanda, of one partition.

use serde::Deserialize;

use super::{
    dialect::Dialect,
    explain::{self, RecordError},
    read,
    redact::Redactor,
    verdict::{Finding, is_error},
};
use crate::{record::Record, verdict::Verdict};

/// A record's line of the answer; Redpanda's are a partition's.
#[derive(Default, Deserialize)]
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
        let message = self.error.as_deref().or(self.message.as_deref());
        let message = message.unwrap_or_default();
        let code = self.error_code.filter(|code| is_error(*code));
        let is_told = code.is_some() || (self.written().is_none() && !message.is_empty());
        is_told.then_some(RecordError { code, message })
    }

    /// Where the record lies, if the entry says that it is written: it names an offset, or
    /// -1 or a partition at least, and no error.
    fn written(&self) -> Option<Verdict> {
        let partition = self.partition.and_then(|id| u32::try_from(id).ok());
        // A producer that waits for no broker (acks=0) knows no offset: it says -1.
        let offset = self.offset.and_then(|offset| u64::try_from(offset).ok());
        let has_error = self.error.as_deref().or(self.message.as_deref());
        let has_error = has_error.is_some_and(|error| !error.is_empty());
        let is_named = self.offset.is_some() || partition.is_some();
        let is_written = offset.is_some() || (is_named && !has_error);
        is_written.then_some(Verdict::Delivered { partition, offset })
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
    match entry.written() {
        // Seen: beside offset -1 Karapace says partition 0 wherever it wrote.
        Some(Verdict::Delivered { offset: None, .. }) if dialect == Dialect::Karapace => {
            Verdict::Delivered {
                partition: None,
                offset: None,
            }
        }
        Some(written) => written,
        None => Finding::Unknown("bad_answer").verdict(explain::NOTHING_NAMED.to_owned(), None, 1),
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
