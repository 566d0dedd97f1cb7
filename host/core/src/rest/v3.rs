//! The v3 API: `POST /v3/clusters/{cluster}/topics/{topic}/records`.

use serde::Deserialize;

use super::{answer::Answer, dialect::Dialect, explain, redact::Redactor, verdict::Finding, write};
use crate::{calendar, record::Record, verdict::Verdict};

/// The body that carries these records: one object after another.
pub fn body(records: &[&Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        write_record(&mut out, record);
    }
    out
}

/// Always with a `type`: without one the proxy asks a schema registry.
fn write_record(out: &mut Vec<u8>, record: &Record) {
    out.push(b'{');
    if let Some(partition) = record.partition {
        write::member(out, "partition_id");
        out.extend_from_slice(partition.to_string().as_bytes());
    }
    write::headers(out, "name", &record.headers);
    if let Some(key) = &record.key {
        write::member(out, "key");
        write_binary(out, Some(key));
    }
    write::member(out, "value");
    write_binary(out, record.value.as_deref());
    if let Some(timestamp) = record.timestamp_ms {
        write::member(out, "timestamp");
        // A number would be seconds.
        write::string(out, instant(timestamp).as_bytes());
    }
    out.push(b'}');
}

fn write_binary(out: &mut Vec<u8>, data: Option<&[u8]>) {
    out.extend_from_slice(br#"{"type":"BINARY","data":"#);
    match data {
        Some(data) => write::base64(out, data),
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}

/// An ISO 8601 instant. `timestamp_ms` is from 1970 to 9999.
fn instant(timestamp_ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let (year, month, day) = calendar::civil_from_days(timestamp_ms.div_euclid(DAY_MS));
    let ms = timestamp_ms.rem_euclid(DAY_MS);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

/// A record's report. They come in the records' order.
#[derive(Deserialize)]
struct Report {
    error_code: i64,
    partition_id: Option<u32>,
    offset: Option<u64>,
    message: Option<String>,
}

/// One verdict per record that was posted, in order.
///
/// An answer that stops midway still tells of the records before: each report
/// is written as its record lands.
pub fn verdicts(records: usize, answer: &Answer, redactor: &Redactor) -> Vec<Verdict> {
    if answer.status != 200 {
        return vec![explain::of_post(Dialect::ConfluentV3, answer, records, redactor); records];
    }
    let reports: Vec<Report> = serde_json::Deserializer::from_slice(&answer.body)
        .into_iter()
        .map_while(Result::ok)
        .collect();
    let certain = certain(&reports, records);
    let missing = || missing(reports.len(), records, answer);
    (0..records)
        .map(|index| match reports.get(index) {
            Some(report) if index < certain => of_report(report, redactor),
            _ => missing(),
        })
        .collect()
}

/// How many reports surely belong to the record at their place.
///
/// Broken JSON ends the stream with one or two reports for one record, so where
/// the counts differ nothing is certain after the first error, and where there
/// are too many successes nothing is.
fn certain(reports: &[Report], records: usize) -> usize {
    let is_broken = |report: &Report| matches!(message_of(report), Some(text) if text.contains("Error processing message"));
    let first_error = reports.iter().position(|report| report.error_code != 200);
    match first_error {
        Some(first) if reports.len() != records => first + 1,
        None if reports.len() > records => 0,
        _ => reports
            .iter()
            .position(is_broken)
            .map_or(records, |end| end + 1),
    }
}

fn message_of(report: &Report) -> Option<&str> {
    report.message.as_deref()
}

fn of_report(report: &Report, redactor: &Redactor) -> Verdict {
    if report.error_code == 200 {
        return Verdict::Delivered {
            partition: report.partition_id,
            offset: report.offset,
        };
    }
    let said = message_of(report).unwrap_or_default();
    explain::of_record(Dialect::ConfluentV3, report.error_code, said, redactor)
}

fn missing(reports: usize, records: usize, answer: &Answer) -> Verdict {
    if let Some(failure) = &answer.failure {
        return explain::of_failure(failure);
    }
    Finding::Unknown("report_missing").verdict(
        format!("the proxy sent {reports} reports for {records} records"),
        None,
        1,
    )
}

#[derive(Deserialize)]
struct Clusters {
    data: Vec<ClusterData>,
}

#[derive(Deserialize)]
struct ClusterData {
    cluster_id: String,
}

/// The only cluster id in an answer to `GET /v3/clusters`.
///
/// # Errors
///
/// Says why there is not exactly one.
pub fn cluster_id(body: &[u8]) -> Result<String, String> {
    let clusters: Clusters = serde_json::from_slice(body)
        .map_err(|_| "the proxy's list of clusters cannot be read".to_owned())?;
    match clusters.data.as_slice() {
        [only] => Ok(only.cluster_id.clone()),
        all => Err(format!(
            "the proxy serves {} clusters; set `cluster_id`",
            all.len()
        )),
    }
}
