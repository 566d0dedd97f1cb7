//! v2: bodies in, an entry per record out.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    answer::{Refused, unsupported},
    fault::Fault,
    log::{Log, NewRecord, Place, Refusal},
};

/// How a body carries keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Binary,
    Json,
}

impl Format {
    pub(super) fn of(content_type: Option<&str>) -> Result<Self, Refused> {
        match content_type {
            None | Some("application/vnd.kafka.binary.v2+json") => Ok(Self::Binary),
            Some("application/vnd.kafka.json.v2+json") => Ok(Self::Json),
            Some(_) => Err(unsupported()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Binary => "produceBinary",
            Self::Json => "produceJson",
        }
    }

    fn bytes(self, raw: Option<&RawValue>) -> Result<Option<Bytes>, Refused> {
        let Some(raw) = raw else { return Ok(None) };
        match self {
            Self::Json => Ok(Some(compact(raw))),
            Self::Binary => base64(raw.get()).map(Some),
        }
    }
}

/// As a proxy does, written anew: numbers in the shortest form, no white space.
fn compact(raw: &RawValue) -> Bytes {
    let value: Result<serde_json::Value, _> = serde_json::from_str(raw.get());
    value.map_or_else(
        |_| Bytes::copy_from_slice(raw.get().as_bytes()),
        |value| value.to_string().into(),
    )
}

fn base64(raw: &str) -> Result<Bytes, Refused> {
    let bad = |message| Refused::plain(400, format!("Bad Request: data={raw} is not a {message}"));
    let text: String = serde_json::from_str(raw).map_err(|_| bad("base64 string."))?;
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| bad("valid base64 string."))?;
    Ok(bytes.into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    #[serde(borrow, default)]
    records: Option<Vec<Item<'a>>>,
    #[serde(rename = "key_schema", default)]
    _key_schema: Option<IgnoredAny>,
    #[serde(rename = "key_schema_id", default)]
    _key_schema_id: Option<IgnoredAny>,
    #[serde(rename = "value_schema", default)]
    _value_schema: Option<IgnoredAny>,
    #[serde(rename = "value_schema_id", default)]
    _value_schema_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item<'a> {
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(default)]
    partition: Option<i32>,
}

/// A record as it was asked for; the partition is not checked yet.
pub(super) struct Asked {
    record: NewRecord,
    partition: Option<i32>,
}

/// The records of a body: all of them or none.
pub(super) fn read(body: &[u8], format: Format) -> Result<Vec<Asked>, Refused> {
    let name = format.name();
    if body.is_empty() {
        let message = format!("{name}.request must not be null (was null)");
        return Err(Refused::plain(422, message));
    }
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let records = request.records.unwrap_or_default();
    if records.is_empty() {
        let message = format!("{name}.request.records must not be empty (was [])");
        return Err(Refused::plain(422, message));
    }
    let asked = |item: Item<'_>| {
        let record = NewRecord {
            key: format.bytes(item.key)?,
            value: format.bytes(item.value)?,
            ..NewRecord::default()
        };
        let partition = item.partition;
        Ok(Asked { record, partition })
    };
    records.into_iter().map(asked).collect()
}

/// An unknown member is told apart from everything else that is wrong.
pub(super) fn malformed(error: &serde_json::Error) -> Refused {
    let text = error.to_string();
    let field = text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    field.map_or_else(
        || Refused::plain(400, text.clone()),
        |field| Refused::plain(422, format!("Unrecognized field: {field}")),
    )
}

/// Stores the records and words the answer.
pub(super) fn store(
    log: &mut Log,
    topic: &str,
    partition: Option<i32>,
    records: Vec<Asked>,
    fault: Option<&Fault>,
) -> Result<String, Refused> {
    let opened = log.open(topic);
    if opened == Err(Refusal::NoTopic) {
        return Err(Refused::new(404, 40401, "Topic not found."));
    }
    let mut entries = String::from(r#"{"offsets":["#);
    for (index, asked) in records.into_iter().enumerate() {
        if index > 0 {
            entries.push(',');
        }
        if let Some(code) = fault.and_then(|fault| fault.code_of_record(index)) {
            write_error(&mut entries, code, "refused on purpose");
            continue;
        }
        let mut record = asked.record;
        if let Some(partition) = partition.or(asked.partition) {
            // Confluent's proxy trips over a negative one, after it has written
            // what came before.
            let partition = u32::try_from(partition);
            record.partition =
                Some(partition.map_err(|_| Refused::plain(500, "Internal Server Error"))?);
        }
        match opened.clone().and_then(|()| log.append(topic, record)) {
            Ok(place) => write_place(&mut entries, place),
            Err(refusal) => write_error(&mut entries, code(&refusal), &refusal.to_string()),
        }
    }
    entries.push_str(r#"],"key_schema_id":null,"value_schema_id":null}"#);
    Ok(entries)
}

fn code(refusal: &Refusal) -> u32 {
    match refusal {
        Refusal::NoTopic | Refusal::NoPartition { .. } => 50003,
        Refusal::InvalidTopic(_) | Refusal::TooLarge { .. } => 50002,
    }
}

fn write_place(entries: &mut String, place: Place) {
    let Place {
        partition, offset, ..
    } = place;
    // Writing to a string cannot fail.
    write!(
        entries,
        r#"{{"partition":{partition},"offset":{offset},"error_code":null,"error":null}}"#
    )
    .ok();
}

fn write_error(entries: &mut String, code: u32, message: &str) {
    let message = serde_json::Value::from(message);
    write!(
        entries,
        r#"{{"partition":null,"offset":null,"error_code":{code},"error":{message}}}"#
    )
    .ok();
}
