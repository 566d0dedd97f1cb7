//! The v2 API: `POST /topics/{topic}`.

use serde::Deserialize;

use super::{
    answer::Answer,
    dialect::Dialect,
    explain::{self, RecordError},
    read,
    redact::Redactor,
    redpanda,
    verdict::Finding,
    write,
};
use crate::{cluster::Format, record::Record, verdict::Verdict};

/// The body that carries these records.
pub fn body(records: &[&Record], format: Format) -> Vec<u8> {
    let mut out = br#"{"records":["#.to_vec();
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_record(&mut out, record, format);
    }
    out.extend_from_slice(b"]}");
    out
}

/// No member that the proxy might not know: it would refuse the whole POST.
fn write_record(out: &mut Vec<u8>, record: &Record, format: Format) {
    out.push(b'{');
    if let Some(key) = &record.key {
        write::member(out, "key");
        match format {
            Format::Binary => write::base64(out, key),
            Format::Json => write::string(out, key),
        }
    }
    write::member(out, "value");
    match (&record.value, format) {
        (None, _) => out.extend_from_slice(b"null"),
        (Some(value), Format::Binary) => write::base64(out, value),
        (Some(value), Format::Json) if record.value_is_json => out.extend_from_slice(value),
        (Some(value), Format::Json) => write::string(out, value),
    }
    if let Some(partition) = record.partition {
        write::member(out, "partition");
        out.extend_from_slice(partition.to_string().as_bytes());
    }
    if let Some(timestamp) = record.timestamp_ms {
        write::member(out, "timestamp");
        out.extend_from_slice(timestamp.to_string().as_bytes());
    }
    write::headers(out, "key", &record.headers);
    out.push(b'}');
}

#[derive(Deserialize)]
struct Offsets {
    offsets: Vec<Entry>,
}

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
    error: Option<String>,
    /// What Strimzi calls it.
    message: Option<String>,
}

impl Entry {
    /// The error, if it has one.
    pub(super) fn error(&self, dialect: Dialect) -> Option<RecordError<'_>> {
        // In Kafka's own codes 0 is none.
        let code = self
            .error_code
            .filter(|code| dialect != Dialect::Redpanda || *code != 0)?;
        let message = self.error.as_deref().or(self.message.as_deref());
        Some(RecordError {
            code,
            message: message.unwrap_or_default(),
        })
    }
}

/// One verdict per record that was posted, in order.
///
/// JSON that is complete counts, though the connection broke after it.
pub fn verdicts(
    dialect: Dialect,
    records: &[&Record],
    answer: &Answer,
    redactor: &Redactor,
) -> Vec<Verdict> {
    let whole = || vec![explain::of_post(dialect, answer, records.len(), redactor); records.len()];
    // 422: Karapace's answer when some failed; 401 and 403: Confluent's when one
    // failed for that.
    if !matches!(answer.status, 200 | 401 | 403 | 422) {
        return whole();
    }
    let Ok(Offsets { offsets }) = serde_json::from_slice(&answer.body) else {
        return whole();
    };
    if dialect == Dialect::Redpanda {
        return redpanda::verdicts(records, &offsets, redactor);
    }
    if offsets.len() != records.len() {
        return vec![miscounted(&offsets, records.len()); records.len()];
    }
    offsets
        .iter()
        .zip(records)
        .map(|(entry, record)| of_entry(dialect, entry, (record, records.len()), redactor))
        .collect()
}

/// The verdict on a record of a POST of so many.
pub(super) fn of_entry(
    dialect: Dialect,
    entry: &Entry,
    (record, records): (&Record, usize),
    redactor: &Redactor,
) -> Verdict {
    if let Some(error) = entry.error(dialect) {
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
