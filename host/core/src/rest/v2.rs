//! The v2 API: `POST /topics/{topic}`.

use serde::Deserialize;

use super::{
    answer::Answer, dialect::Dialect, explain, redact::Redactor, redpanda, verdict::Finding, write,
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
    pub(super) partition: Option<i64>,
    offset: Option<i64>,
    error_code: Option<i64>,
    /// What Confluent and Karapace call the error's message.
    error: Option<String>,
    /// What Strimzi calls it.
    message: Option<String>,
}

/// One verdict per record that was posted, in order.
pub fn verdicts(
    dialect: Dialect,
    records: &[&Record],
    answer: &Answer,
    redactor: &Redactor,
) -> Vec<Verdict> {
    let whole = || vec![explain::of_post(dialect, answer, records.len(), redactor); records.len()];
    // 422: Karapace's answer when some failed; 401 and 403: Confluent's when one
    // failed for that.
    if answer.failure.is_some() || !matches!(answer.status, 200 | 401 | 403 | 422) {
        return whole();
    }
    let Ok(Offsets { offsets }) = serde_json::from_slice(&answer.body) else {
        return whole();
    };
    if dialect == Dialect::Redpanda {
        return redpanda::verdicts(records, &offsets, redactor);
    }
    if offsets.len() != records.len() {
        return vec![miscounted(offsets.len(), records.len()); records.len()];
    }
    offsets
        .iter()
        .map(|entry| of_entry(dialect, entry, redactor))
        .collect()
}

pub(super) fn of_entry(dialect: Dialect, entry: &Entry, redactor: &Redactor) -> Verdict {
    if let Some(code) = error_code(dialect, entry) {
        return refused(dialect, code, entry, redactor);
    }
    let offset = entry.offset.and_then(|offset| u64::try_from(offset).ok());
    let partition = entry
        .partition
        .and_then(|partition| u32::try_from(partition).ok());
    match (partition, entry.offset) {
        // Seen: beside offset -1 Karapace says partition 0 wherever it wrote.
        (Some(_), Some(-1)) if dialect == Dialect::Karapace => Verdict::Delivered {
            partition: None,
            offset: None,
        },
        (Some(_), Some(_)) => Verdict::Delivered { partition, offset },
        _ => Finding::Unknown("bad_answer").verdict(
            "the proxy named neither an offset nor an error for the record".to_owned(),
            None,
            1,
        ),
    }
}

pub(super) fn error_code(dialect: Dialect, entry: &Entry) -> Option<i64> {
    // In Kafka's own codes 0 is none.
    entry
        .error_code
        .filter(|code| dialect != Dialect::Redpanda || *code != 0)
}

fn refused(dialect: Dialect, code: i64, entry: &Entry, redactor: &Redactor) -> Verdict {
    let said = entry.error.as_deref().or(entry.message.as_deref());
    explain::of_record(dialect, code, said.unwrap_or_default(), redactor)
}

pub(super) fn miscounted(entries: usize, records: usize) -> Verdict {
    Finding::Unknown("bad_answer").verdict(
        format!("the proxy answered for {entries} records, {records} were sent"),
        None,
        1,
    )
}
