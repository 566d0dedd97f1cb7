//! v3: records as concatenated JSON in, as many reports out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    answer::error,
    fault::Fault,
    log::{Log, NewRecord, Place, Refusal},
    time,
};

/// The id of the one cluster there is.
pub(super) const CLUSTER_ID: &str = "dev-proxy-cluster";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    partition_id: Option<i32>,
    #[serde(default)]
    headers: Option<Vec<Header>>,
    key: Option<Data>,
    value: Option<Data>,
    timestamp: Option<Value>,
    #[serde(rename = "original_size")]
    _original_size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Twice optional: missing is an error, null is a tombstone.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A record refused in its report.
struct Report {
    code: u32,
    message: String,
}

impl Report {
    fn bad(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code: 400, message }
    }
}

/// Type and size of a key or value, for the report.
type Described = Option<(String, i64)>;

/// Stores what it can and gives a report per record. Broken JSON ends it.
pub(super) fn store(log: &mut Log, topic: &str, body: &[u8], fault: Option<&Fault>) -> String {
    let opened = log.open(topic);
    let mut reports = String::new();
    let records = serde_json::Deserializer::from_slice(body).into_iter::<Box<RawValue>>();
    for (index, raw) in records.enumerate() {
        let report = match raw {
            Err(broken) => error(
                400,
                &format!("Bad Request: Error processing message: {broken}"),
            ),
            Ok(raw) => match fault.and_then(|fault| fault.code_of_record(index)) {
                Some(code) => error(code, "refused on purpose"),
                None => store_one(log, topic, raw.get(), &opened)
                    .unwrap_or_else(|report| error(report.code, &report.message)),
            },
        };
        reports.push_str(&report.to_string());
        reports.push_str("\r\n");
    }
    reports
}

fn store_one(
    log: &mut Log,
    topic: &str,
    raw: &str,
    opened: &Result<(), Refusal>,
) -> Result<Value, Report> {
    let item: Item = serde_json::from_str(raw).map_err(|error| Report::bad(error.to_string()))?;
    let (key, key_described) = read_data(item.key)?;
    let (value, value_described) = read_data(item.value)?;
    let record = NewRecord {
        key,
        value,
        headers: read_headers(item.headers)?,
        partition: read_partition(item.partition_id)?,
        timestamp_ms: item
            .timestamp
            .map(|timestamp| read_timestamp(&timestamp))
            .transpose()?,
    };
    let place = opened
        .clone()
        .and_then(|()| log.append(topic, record))
        .map_err(|refusal| refused(&refusal))?;
    Ok(report(topic, place, key_described, value_described))
}

fn read_partition(partition: Option<i32>) -> Result<Option<u32>, Report> {
    let read = |partition| {
        u32::try_from(partition).map_err(|_| Report {
            code: 40402,
            message: "Partition not found.".to_owned(),
        })
    };
    partition.map(read).transpose()
}

fn read_headers(headers: Option<Vec<Header>>) -> Result<Vec<(String, Option<Bytes>)>, Report> {
    let read = |header: Header| {
        let value = header.value.map(|text| decode(&text)).transpose()?;
        Ok((header.name, value))
    };
    headers.unwrap_or_default().into_iter().map(read).collect()
}

fn read_timestamp(timestamp: &Value) -> Result<i64, Report> {
    let read = match timestamp {
        Value::String(text) => time::parse(text),
        // A number is seconds, whatever one might think.
        number => number
            .as_i64()
            .and_then(|seconds| seconds.checked_mul(1000)),
    };
    read.ok_or_else(|| {
        Report::bad(format!(
            "Text {timestamp} could not be parsed as an instant"
        ))
    })
}

fn read_data(data: Option<Data>) -> Result<(Option<Bytes>, Described), Report> {
    let Some(Data { kind, data }) = data else {
        return Ok((None, None));
    };
    let kind = kind.unwrap_or_default();
    let data = data.ok_or_else(|| Report::bad("problem: Null data"))?;
    let bytes = match (kind.as_str(), data) {
        ("BINARY" | "JSON" | "STRING", Value::Null) => None,
        ("BINARY", Value::String(text)) => Some(decode(&text)?),
        ("STRING", Value::String(text)) => Some(text.into()),
        ("JSON", value) => Some(value.to_string().into()),
        ("BINARY", data) => {
            return Err(Report::bad(format!(
                "Bad Request: data={data} is not a base64 string."
            )));
        }
        ("STRING", data) => {
            return Err(Report::bad(format!(
                "Bad Request: data={data} is not a string."
            )));
        }
        ("" | "AVRO" | "JSONSCHEMA" | "PROTOBUF", _) => {
            return Err(Report {
                code: 422,
                message: "Error: 42207 : Error serializing message. There is no schema registry"
                    .to_owned(),
            });
        }
        (other, _) => return Err(Report::bad(format!("\"{other}\" is no embedded format"))),
    };
    let length = |bytes: &Bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let size = bytes.as_ref().map_or(-1, length);
    Ok((bytes, Some((kind, size))))
}

fn decode(text: &str) -> Result<Bytes, Report> {
    let bad = |_| {
        Report::bad(format!(
            "Bad Request: data={text:?} is not a valid base64 string."
        ))
    };
    STANDARD.decode(text).map(Bytes::from).map_err(bad)
}

fn refused(refusal: &Refusal) -> Report {
    let code = match refusal {
        Refusal::NoTopic | Refusal::NoPartition { .. } => 40401,
        Refusal::InvalidTopic(_) => 40002,
        Refusal::TooLarge { .. } => 413,
    };
    let message = refusal.to_string();
    Report { code, message }
}

fn report(topic: &str, place: Place, key: Described, value: Described) -> Value {
    let mut report = json!({
        "error_code": 200,
        "cluster_id": CLUSTER_ID,
        "topic_name": topic,
        "partition_id": place.partition,
        "offset": place.offset,
        "timestamp": time::format(place.timestamp_ms),
    });
    if let Value::Object(members) = &mut report {
        for (name, described) in [("key", key), ("value", value)] {
            if let Some((kind, size)) = described {
                members.insert(name.to_owned(), json!({"type": kind, "size": size}));
            }
        }
    }
    report
}
