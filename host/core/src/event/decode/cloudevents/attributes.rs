//! The attributes of a `CloudEvent`: members of a JSON object, or headers of a request.

use std::collections::BTreeMap;

use action_triggers_vocabulary::Place;
use percent_encoding::percent_decode_str;

use crate::event::{
    decode::{
        body::Body,
        debezium::Told,
        error::{DecodeError, shown},
    },
    object::{Object, string},
};

/// What the names of headers begin with that are attributes.
const PREFIX: &str = "ce-";

/// What the names of a record's headers begin with that are attributes, as in the Kafka
/// protocol binding of `CloudEvents`.
const RECORD_PREFIX: &str = "ce_";

/// Attributes that are about the data, which the record does not have.
const OF_DATA: [&str; 2] = ["datacontenttype", "dataschema"];

/// Attributes that every `CloudEvent` has.
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

const VERSION: &str = "1.0";

/// The attributes of an event.
#[derive(Debug)]
pub(in crate::event::decode) struct Attributes {
    values: BTreeMap<String, String>,
    are_members: bool,
}

impl Attributes {
    /// Those that stand beside the data.
    ///
    /// # Errors
    ///
    /// One is missing that every event has, or has another type than attributes have.
    pub(super) fn of_members(event: &Object<'_>) -> Result<Self, DecodeError> {
        let mut values = BTreeMap::new();
        for (name, written) in event.members() {
            if matches!(name, "data" | "data_base64") || written == "null" {
                continue;
            }
            let value = match string(written) {
                Some(text) => text.into_owned(),
                None if !written.starts_with(['{', '[']) => written.to_owned(),
                None => {
                    let message = format!("the attribute `{}` must be a text", shown(name));
                    return Err(DecodeError::malformed(Place::root().member(name), message));
                }
            };
            values.insert(name.to_owned(), value);
        }
        let are_members = true;
        Self {
            values,
            are_members,
        }
        .checked()
    }

    /// Those that are headers.
    ///
    /// # Errors
    ///
    /// One is missing that every event has, or is not the encoding of UTF-8.
    pub(super) fn of_headers(body: &Body<'_>) -> Result<Self, DecodeError> {
        let mut values = BTreeMap::new();
        for (name, value) in body.headers {
            let name = name.to_ascii_lowercase();
            let Some(attribute) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let value = decoded(value).ok_or_else(|| {
                let message = format!("the header `{}` is not percent-encoded UTF-8", shown(&name));
                DecodeError::malformed(Place::root(), message)
            })?;
            values.insert(attribute.to_owned(), value);
        }
        if let Some(content_type) = body.content_type {
            values.insert("datacontenttype".to_owned(), content_type.to_owned());
        }
        let are_members = false;
        Self {
            values,
            are_members,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, DecodeError> {
        for name in REQUIRED {
            if self.get(name).is_none_or(str::is_empty) {
                let message = if self.are_members {
                    format!("a CloudEvent needs the attribute `{name}`")
                } else {
                    format!("a CloudEvent needs the header `{PREFIX}{name}`")
                };
                return Err(DecodeError::malformed(self.place(name), message));
            }
        }
        match self.get("specversion") {
            Some(VERSION) | None => Ok(self),
            Some(other) => {
                let message = format!(
                    "CloudEvents {} are not read: send version {VERSION}",
                    shown(other)
                );
                Err(DecodeError::malformed(self.place("specversion"), message))
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The attributes as headers of records, but for those about the data.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let is_name = |name: &str| {
            let mut letters = name.bytes();
            letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        let all = self.values.iter();
        let told = all.filter(|(name, _)| is_name(name) && !OF_DATA.contains(&name.as_str()));
        told.map(|(name, value)| (format!("{RECORD_PREFIX}{name}"), value.clone()))
            .collect()
    }

    /// Where an attribute stands in the body, if it does.
    pub(super) fn place(&self, name: &str) -> Place {
        if self.are_members {
            Place::root().member(name)
        } else {
            Place::root()
        }
    }

    /// The name under which the event is known: its id alone is unique to its source only.
    /// No source has a space in it.
    pub(super) fn unique_id(&self) -> String {
        let [source, id] = ["source", "id"].map(|name| self.get(name).unwrap_or_default());
        format!("{source} {id}")
    }

    /// Whether this is a change event of Debezium.
    pub(super) fn is_of_debezium(&self) -> bool {
        let kind = self.get("type").unwrap_or_default().to_ascii_lowercase();
        kind.starts_with("io.debezium.") && kind.ends_with("datachangeevent")
    }

    /// What the attributes of a change event say of it.
    pub(super) fn told(&self, id: &str) -> Told {
        let owned = |name: &str| self.get(name).map(str::to_owned);
        Told {
            id: Some(id.to_owned()),
            op: owned("iodebeziumop"),
            schema: owned("iodebeziumschema").or_else(|| owned("iodebeziumdb")),
            table: owned("iodebeziumtable").or_else(|| owned("iodebeziumcollection")),
            time: owned("time"),
        }
    }
}

/// The text that a header holds: in quotes perhaps, and percent-encoded.
fn decoded(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?.trim();
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let text = inside.map_or_else(|| text.to_owned(), unescaped);
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// A quoted text without its backslashes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let is_escape = character == '\\';
        out.extend(if is_escape {
            characters.next()
        } else {
            Some(character)
        });
    }
    out
}
