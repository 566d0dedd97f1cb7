//! What an event looks like that is not in our own form.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::format::Format;
use crate::event::object::Name;

/// The format of another tool that an event looks like. Of an event in our own form no more
/// is read than its first members.
pub(super) fn foreign(text: &str) -> Option<Format> {
    let mut seen = Seen::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // What is wrong with it is found by who reads it.
    (&mut seen).deserialize(&mut deserializer).ok();
    seen.format()
}

/// Members that only an event in our own form has.
const OWN: [&str; 3] = ["signal", "content_type", "instance"];

/// Members by which forms of other tools are known.
const TELLING: [&str; 13] = [
    "specversion",
    "op",
    "before",
    "after",
    "source",
    "schema",
    "payload",
    "event",
    "table",
    "trigger",
    "type",
    "record",
    "old_record",
];

/// Which telling members an event has.
#[derive(Default)]
struct Seen([bool; TELLING.len()]);

impl Seen {
    fn has(&self, name: &str) -> bool {
        let mut telling = TELLING.iter().zip(self.0);
        telling.any(|(known, is_seen)| is_seen && *known == name)
    }

    fn format(&self) -> Option<Format> {
        let has = |name| self.has(name);
        if has("specversion") {
            Some(Format::CloudEvents)
        } else if has("op") && (has("before") || has("after") || has("source"))
            || has("schema") && has("payload")
        {
            Some(Format::Debezium)
        } else if has("event") && (has("table") || has("trigger")) {
            Some(Format::Hasura)
        } else if has("type") && has("table") && (has("record") || has("old_record")) {
            Some(Format::Supabase)
        } else {
            None
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Seen {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Seen {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            if OWN.contains(&&*name) {
                *self = Seen::default();
                return Err(A::Error::custom("enough is known"));
            }
            for (known, is_seen) in TELLING.iter().zip(&mut self.0) {
                *is_seen |= *known == name;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
