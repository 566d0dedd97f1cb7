//! Encoded values, turned into what Django would have.

use std::{borrow::Cow, collections::HashMap};

use action_triggers_vocabulary::{Place, quote};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use crate::event::{
    decode::{
        decimal::decimal,
        error::DecodeError,
        temporal::{self, Precision},
    },
    object::{Object, Splice, string},
};

/// How values are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decoding {
    /// Not at all.
    AsItCame,
    Of(Encoding),
    /// Members of an object by their names; the others are as they came.
    Members(HashMap<String, Self>),
    /// Every item of an array, or every member of an object.
    Each(Box<Self>),
}

/// How a value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Days since 1970.
    Date,
    /// A count since midnight.
    Time(Precision),
    /// A count since 1970 began.
    Datetime(Precision),
    Duration(Precision),
    /// Bytes of a decimal whose scale the schema tells.
    Decimal {
        scale: Option<i64>,
    },
    /// A decimal that tells its scale itself.
    ScaledDecimal,
    /// JSON as text.
    Json,
    /// So many bits in bytes, the lowest first.
    Bits {
        length: Option<i64>,
    },
    /// A decimal in bytes, without its scale.
    UndeclaredDecimal,
    /// A number without its unit.
    UndeclaredTime,
    /// A count of which its size tells what it counts.
    UndeclaredDatetime,
}

/// What is decided for all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices {
    /// Whether datetimes without a zone are in UTC.
    pub(super) is_utc: bool,
}

impl Decoding {
    /// Decodes a value; what is not encoded stays as it was written.
    ///
    /// # Errors
    ///
    /// A value cannot be decoded; `place` is where it stands.
    pub(super) fn decode<'a>(
        &self,
        value: &'a str,
        choices: Choices,
        place: &Place,
    ) -> Result<Cow<'a, str>, DecodeError> {
        let same = Cow::Borrowed(value);
        match self {
            Self::AsItCame => Ok(same),
            Self::Of(encoding) => Ok(encoding
                .decode(value, choices, place)?
                .map_or(same, Cow::Owned)),
            Self::Members(members) => {
                let Some(object) = Object::read(value) else {
                    return Ok(same);
                };
                object.with(|name, value| match members.get(name) {
                    Some(decoding) => decoding.changed(value, choices, &place.member(name)),
                    None => Ok(None),
                })
            }
            Self::Each(decoding) => {
                if let Some(object) = Object::read(value) {
                    return object
                        .with(|name, value| decoding.changed(value, choices, &place.member(name)));
                }
                let items: Vec<&'a RawValue> = serde_json::from_str(value).unwrap_or_default();
                let mut splice = Splice::of(value);
                for (index, item) in items.into_iter().enumerate() {
                    let item = item.get();
                    if let Some(now) = decoding.changed(item, choices, &place.item(index))? {
                        splice.replace(item, &now);
                    }
                }
                Ok(splice.finish())
            }
        }
    }

    fn changed(
        &self,
        value: &str,
        choices: Choices,
        place: &Place,
    ) -> Result<Option<String>, DecodeError> {
        Ok(match self.decode(value, choices, place)? {
            Cow::Owned(now) => Some(now),
            Cow::Borrowed(_) => None,
        })
    }
}

impl Encoding {
    /// The value decoded; none where it stays as it was written, such as null, or a date that
    /// Python does not have.
    fn decode(
        self,
        value: &str,
        choices: Choices,
        place: &Place,
    ) -> Result<Option<String>, DecodeError> {
        let count = || value.parse::<i64>().ok();
        let text = match self {
            Self::Date => count().and_then(temporal::date),
            Self::Time(precision) => count().and_then(|count| temporal::time(count, precision)),
            Self::Datetime(precision) => {
                count().and_then(|count| datetime(count, precision, choices))
            }
            Self::Duration(precision) => count().map(|count| temporal::duration(count, precision)),
            Self::Decimal { scale } => return fixed(value, scale, place),
            Self::ScaledDecimal => return scaled(value, place),
            Self::Json => return Ok(json(value)),
            Self::Bits { length } => bits(value, length),
            Self::UndeclaredDecimal => return undeclared_decimal(value, place),
            Self::UndeclaredTime => match count() {
                Some(_) => return Err(unknown_precision(place)),
                None => None,
            },
            Self::UndeclaredDatetime => match count() {
                Some(count) => {
                    let precision = guessed(count).ok_or_else(|| unknown_precision(place))?;
                    datetime(count, precision, choices)
                }
                None => None,
            },
        };
        Ok(text.map(|text| quoted(&text)))
    }
}

fn datetime(count: i64, precision: Precision, choices: Choices) -> Option<String> {
    let text = temporal::datetime(count, precision)?;
    Some(if choices.is_utc { text + "Z" } else { text })
}

/// What a count since 1970 counts, where it is one of a point in time from 1973 to 2286.
fn guessed(count: i64) -> Option<Precision> {
    match count.unsigned_abs() {
        100_000_000_000..10_000_000_000_000 => Some(Precision::Milliseconds),
        100_000_000_000_000..10_000_000_000_000_000 => Some(Precision::Microseconds),
        100_000_000_000_000_000.. => Some(Precision::Nanoseconds),
        _ => None,
    }
}

fn unknown_precision(place: &Place) -> DecodeError {
    DecodeError::unsupported_encoding(
        place.clone(),
        "the event does not say what this number counts: send the schema (`value.converter.schemas.enable`), or set `sources.debezium.time_precision`",
    )
}

/// A decimal in bytes; as a number, where the converter writes it as one.
fn fixed(value: &str, scale: Option<i64>, place: &Place) -> Result<Option<String>, DecodeError> {
    if let Some(text) = string(value) {
        let decoded = scale.and_then(|scale| decimal(&text, scale));
        return decoded.map(|text| Some(quoted(&text))).ok_or_else(|| {
            let message = "this is not the base64 of a decimal of at most 1,024 bytes, with its `scale` in the schema";
            DecodeError::unsupported_encoding(place.clone(), message)
        });
    }
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    Ok(value.bytes().all(is_plain).then(|| quoted(value)))
}

fn scaled(value: &str, place: &Place) -> Result<Option<String>, DecodeError> {
    if value == "null" {
        return Ok(None);
    }
    let object = Object::read(value);
    let decoded =
        object.and_then(|object| decimal(&object.text("value")?, object.integer("scale")?));
    decoded.map(|text| Some(quoted(&text))).ok_or_else(|| {
        let message =
            "this is not a decimal: expected an object with `scale` and, in base64, `value`";
        DecodeError::unsupported_encoding(place.clone(), message)
    })
}

/// A decimal whose schema is missing: only one that tells its scale itself can be decoded.
fn undeclared_decimal(value: &str, place: &Place) -> Result<Option<String>, DecodeError> {
    if value.starts_with('{') {
        return scaled(value, place);
    }
    let Some(text) = string(value) else {
        return Ok(None);
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let is_decimal = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_decimal {
        return Ok(None);
    }
    let message = "the event does not say the scale of this decimal: send the schema (`value.converter.schemas.enable`), or set `decimal.handling.mode` of the connector to `string`";
    Err(DecodeError::unsupported_encoding(place.clone(), message))
}

/// JSON that came as text; none for text that is not JSON.
fn json(value: &str) -> Option<String> {
    let text = string(value)?;
    let raw: &RawValue = serde_json::from_str(&text).ok()?;
    Some(raw.get().to_owned())
}

/// Bits as text, the highest first, as `PostgreSQL` writes them.
fn bits(value: &str, length: Option<i64>) -> Option<String> {
    let bytes = STANDARD.decode(&*string(value)?).ok()?;
    let length = length.and_then(|length| usize::try_from(length).ok());
    let length = length
        .unwrap_or(usize::MAX)
        .min(bytes.len().saturating_mul(8));
    let lowest_first = bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |place| byte >> place & 1));
    let mut bits: Vec<u8> = lowest_first.take(length).map(|bit| b'0' + bit).collect();
    bits.reverse();
    String::from_utf8(bits).ok()
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote::string(text, &mut out);
    out
}
