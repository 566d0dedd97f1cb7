//! The v3 API: `POST /v3/clusters/{cluster}/topics/{topic}/records`.

use action_triggers_vocabulary::calendar;
use serde::Deserialize;

use super::{
    answer::Answer,
    dialect::Dialect,
    explain::{self, RecordError},
    read::{self, Lenient},
    redact::Redactor,
    verdict::{Finding, is_error},
    write,
};
use crate::{record::Record, verdict::Verdict};

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
#[derive(Default, Deserialize)]
struct Report {
    #[serde(default, deserialize_with = "read::whole")]
    error_code: Option<i64>,
    #[serde(default, deserialize_with = "read::whole")]
    partition_id: Option<i64>,
    #[serde(default, deserialize_with = "read::whole")]
    offset: Option<i64>,
    #[serde(default, deserialize_with = "read::text")]
    message: Option<String>,
}

impl Report {
    /// Whether it is a report at all: it says that a record was written, or why not.
    fn is_one(&self) -> bool {
        self.error_code.is_some() || self.tells_where()
    }

    /// Whether it says where a record lies.
    fn tells_where(&self) -> bool {
        self.offset.is_some() || self.partition_id.is_some()
    }

    /// The error's code; none of a success, which may come without the code 200.
    fn error(&self) -> Option<i64> {
        // 0 alone is what another product says of itself.
        let is_error = |code: &i64| is_error(*code) || (*code == 0 && !self.tells_where());
        self.error_code.filter(is_error)
    }

    fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }
}

/// One verdict per record that was posted, in order.
///
/// An answer that stops midway still tells of the records before: each report
/// is written as its record lands.
pub fn verdicts(records: &[&Record], answer: &Answer, redactor: &Redactor) -> Vec<Verdict> {
    let count = records.len();
    let whole = || vec![explain::of_post(Dialect::ConfluentV3, answer, count, redactor); count];
    let reports = reports(answer, count);
    let is_success = matches!(answer.status, 200..=299);
    let is_told = is_success || reports.iter().any(Report::tells_where);
    if matches!(answer.status, 300..=399) || !is_told {
        return whole();
    }
    if reports.is_empty() && answer.failure.is_none() && !answer.body.is_empty() {
        return whole();
    }
    let certain = certain(&reports, count);
    records
        .iter()
        .enumerate()
        .map(|(index, record)| match reports.get(index) {
            Some(report) if index < certain => of_report(report, (record, count), redactor),
            _ => missing(reports.len(), count, answer),
        })
        .collect()
}

/// The reports of an answer. What is none, such as the empty objects that keep a
/// connection open, is left out where that leaves one for each of so many records, and
/// ends them where not.
fn reports(answer: &Answer, records: usize) -> Vec<Report> {
    let values: Vec<Lenient<Report>> = read::values(&answer.body);
    let is_one = |value: &&Lenient<Report>| value.0.is_one();
    let has_one_each = values.iter().filter(is_one).count() == records;
    let values = values.into_iter().map(|value| value.0);
    if has_one_each {
        values.filter(Report::is_one).collect()
    } else {
        values.take_while(Report::is_one).collect()
    }
}

/// How many reports surely belong to the record at their place.
///
/// Broken JSON ends the stream with one or two reports for one record, so where
/// the counts differ nothing is certain after the first error, and where there
/// are too many successes nothing is.
fn certain(reports: &[Report], records: usize) -> usize {
    let is_broken = |report: &Report| report.message().contains("Error processing message");
    let first_error = reports.iter().position(|report| report.error().is_some());
    match first_error {
        Some(first) if reports.len() != records => first + 1,
        None if reports.len() > records => 0,
        _ => reports
            .iter()
            .position(is_broken)
            .map_or(records, |end| end + 1),
    }
}

fn of_report(report: &Report, of: (&Record, usize), redactor: &Redactor) -> Verdict {
    let Some(code) = report.error() else {
        return Verdict::Delivered {
            partition: report.partition_id.and_then(|id| u32::try_from(id).ok()),
            // A producer that waits for no broker (acks=0) knows no offset: it says -1.
            offset: report.offset.and_then(|offset| u64::try_from(offset).ok()),
        };
    };
    let error = RecordError {
        code: Some(code),
        message: report.message(),
    };
    explain::of_record(Dialect::ConfluentV3, &error, of, redactor)
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

/// Why the cluster's id is not in an answer to `GET /v3/clusters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterIdError {
    /// It is no list of clusters, or an empty one, as a gateway's page or a proxy that
    /// just started gives: the question may be answered another time.
    #[error("it is not a list of clusters")]
    NotTold,
    /// Which of them is meant only the configuration can say.
    #[error("the proxy serves {0} clusters; set `cluster_id`")]
    Several(usize),
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
/// When it is not told, or there are several.
pub fn cluster_id(body: &[u8]) -> Result<String, ClusterIdError> {
    let clusters: Clusters = read::json(body).ok_or(ClusterIdError::NotTold)?;
    match clusters.data.as_slice() {
        [] => Err(ClusterIdError::NotTold),
        [only] if only.cluster_id.is_empty() => Err(ClusterIdError::NotTold),
        [only] => Ok(only.cluster_id.clone()),
        all => Err(ClusterIdError::Several(all.len())),
    }
}
