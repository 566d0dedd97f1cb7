//! The v2 API: `POST /topics/{topic}`.

use serde::Deserialize;

use super::{
    answer::Answer,
    dialect::Dialect,
    entry::{Entry, miscounted, of_entry},
    explain,
    read::{self, Lenient},
    redact::Redactor,
    redpanda, write,
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
    offsets: Vec<Lenient<Entry>>,
}

/// One verdict per record that was posted, in order.
///
/// JSON that is complete counts, though the connection broke after it, and so does what it
/// says of each record, whatever the status. Of an answer that stops midway the entries
/// before count: their records need not be sent again.
pub fn verdicts(
    dialect: Dialect,
    records: &[&Record],
    answer: &Answer,
    redactor: &Redactor,
) -> Vec<Verdict> {
    let whole = || vec![explain::of_post(dialect, answer, records.len(), redactor); records.len()];
    // The records of a redirect are somebody else's.
    if matches!(answer.status, 300..=399) {
        return whole();
    }
    let Some(Offsets { offsets }) = read::json(&answer.body) else {
        let mut verdicts = whole();
        // Redpanda's entries are not one a record.
        if dialect != Dialect::Redpanda {
            let begun = read::begun::<Lenient<Entry>>(&answer.body, "offsets");
            for ((verdict, record), entry) in verdicts.iter_mut().zip(records).zip(&begun) {
                *verdict = of_entry(dialect, &entry.0, (record, records.len()), redactor);
            }
        }
        return verdicts;
    };
    let offsets: Vec<_> = offsets.into_iter().map(|entry| entry.0).collect();
    if offsets.is_empty() && !matches!(answer.status, 200..=299) {
        return whole();
    }
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
