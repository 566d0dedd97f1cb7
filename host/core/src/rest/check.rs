//! Whether a proxy can carry a record as it is. What it cannot carry is refused
//! here, for good: it would fail with all its neighbours, or arrive changed.
//!
//! A record is asked about when it is accepted. An attempt asks again, since the
//! cluster may have been configured otherwise in between.

use serde_json::Value;

use super::dialect::Dialect;
use crate::{
    cluster::{Cluster, Format},
    record::{ID_HEADER, Record, size_of_headers},
    verdict::{Reason, TOO_LARGE},
};

/// 9999-12-31T23:59:59.999Z: the last instant with a year of four digits.
const MAX_TIMESTAMP_MS: i64 = 253_402_300_799_999;

/// Checks one record. A cluster whose flavor does not serve its API is told of where
/// it is configured.
///
/// # Errors
///
/// The reason why it can never be sent.
pub fn check(cluster: &Cluster, topic: &str, record: &Record) -> Result<(), Reason> {
    let Some(dialect) = Dialect::of(cluster) else {
        return Ok(());
    };
    check_size(cluster, topic, record)?;
    check_partition(record.partition)?;
    check_headers(&record.headers, dialect)?;
    check_timestamp(record.timestamp_ms, dialect)?;
    if record.value.is_none() && !dialect.has_tombstones() {
        return refuse(
            "tombstone_unsupported",
            "this REST proxy cannot write a record without a value; delete keys through another one",
        );
    }
    if cluster.format == Format::Json && dialect != Dialect::ConfluentV3 {
        check_json(record, dialect)?;
    }
    Ok(())
}

/// Checks only whether a record is within its cluster's bound.
///
/// # Errors
///
/// It is not.
pub fn check_size(cluster: &Cluster, topic: &str, record: &Record) -> Result<(), Reason> {
    let maximum = cluster.max_record_bytes(topic);
    // Its name, which the host adds, is not the payload's fault.
    let names = record.headers.iter().filter(|(name, _)| name == ID_HEADER);
    let size = record.size() - size_of_headers(names);
    if size <= maximum {
        return Ok(());
    }
    refuse(
        TOO_LARGE,
        &format!(
            "the record has {size} bytes, {maximum} are allowed; raise `max_record_bytes` only as far as the topic's `max.message.bytes`"
        ),
    )
}

fn check_partition(partition: Option<u32>) -> Result<(), Reason> {
    match partition {
        Some(partition) if i32::try_from(partition).is_err() => refuse(
            "invalid_record",
            &format!("partition {partition} is beyond Kafka's last, {}", i32::MAX),
        ),
        _ => Ok(()),
    }
}

fn check_headers(headers: &[(String, bytes::Bytes)], dialect: Dialect) -> Result<(), Reason> {
    if headers.is_empty() {
        return Ok(());
    }
    if !dialect.has_headers() {
        return refuse(
            "headers_unsupported",
            "this REST proxy's API has no headers; use the v3 API or leave them out",
        );
    }
    match headers.iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) if !dialect.has_empty_headers() => refuse(
            "headers_unsupported",
            &format!("header `{name}` is empty, which this REST proxy refuses; leave it out"),
        ),
        _ => Ok(()),
    }
}

fn check_timestamp(timestamp: Option<i64>, dialect: Dialect) -> Result<(), Reason> {
    match timestamp {
        Some(_) if !dialect.has_timestamps() => refuse(
            "timestamp_unsupported",
            "this REST proxy's API has no timestamps; use the v3 API or leave it out",
        ),
        Some(timestamp) if !(0..=MAX_TIMESTAMP_MS).contains(&timestamp) => refuse(
            "invalid_timestamp",
            &format!("timestamp {timestamp} ms is before 1970 or after the year 9999"),
        ),
        _ => Ok(()),
    }
}

/// JSON bodies carry a value as JSON, and a key or a plain text as a JSON string.
fn check_json(record: &Record, dialect: Dialect) -> Result<(), Reason> {
    if record.key.as_deref().is_some_and(is_not_utf8) {
        return refuse(
            "json_unsupported",
            "the key is not UTF-8, so it is no JSON string",
        );
    }
    let Some(value) = record.value.as_deref() else {
        return Ok(());
    };
    if is_not_utf8(value) {
        return refuse(
            "json_unsupported",
            "the value is not UTF-8, so it is no JSON",
        );
    }
    if !record.value_is_json {
        return Ok(());
    }
    let value = match serde_json::from_slice(value) {
        Ok(value) => value,
        Err(error) => {
            let message = format!(
                "the value is not JSON that every reader can read: {error}; set the cluster's \
                 `format` to `binary`"
            );
            return refuse("json_unsupported", &message);
        }
    };
    match why_not_json(&value, dialect) {
        Some(problem) => refuse(
            "json_unsupported",
            &format!("{problem}; set the cluster's `format` to `binary`"),
        ),
        None => Ok(()),
    }
}

/// Seen: a number or bool makes Strimzi refuse the whole POST, Karapace stores
/// what Python calls false as empty bytes, Confluent makes null a tombstone.
fn why_not_json(value: &Value, dialect: Dialect) -> Option<&'static str> {
    let is_false = || match value {
        Value::Null => true,
        Value::Bool(bool) => !bool,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(string) => string.is_empty(),
        Value::Array(array) => array.is_empty(),
        Value::Object(object) => object.is_empty(),
    };
    match dialect {
        Dialect::Strimzi if value.is_number() || value.is_boolean() => {
            Some("this REST proxy takes no number, true or false as a JSON value")
        }
        Dialect::Karapace if is_false() => {
            Some("this REST proxy stores empty and zero JSON values as nothing")
        }
        Dialect::ConfluentV2 if value.is_null() => {
            Some("this REST proxy makes the JSON value null a tombstone")
        }
        _ => None,
    }
}

fn is_not_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err()
}

fn refuse(code: &'static str, message: &str) -> Result<(), Reason> {
    Err(Reason {
        code,
        message: message.to_owned(),
        retry_after: None,
    })
}
