//! JSON objects of which each member's value stays the text that it came as.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// An object, its members in the order written.
#[derive(Debug)]
pub(super) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Takes a text apart; none where it is not an object.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let Members(members) = serde_json::from_str(text).ok()?;
        Some(Self { members })
    }

    /// A member that is not null. Of one that is named twice the last counts.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.given(name).filter(|value| *value != "null")
    }

    /// A member, even if it is null.
    pub(super) fn given(&self, name: &str) -> Option<&'a str> {
        let mut members = self.members.iter().rev();
        let found = members.find(|(given, _)| given == name);
        found.map(|(_, value)| *value)
    }

    /// A member that is text.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(string)
    }

    /// A member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::read)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }
}

/// A JSON string, borrowed where it has no escapes.
pub(super) fn string(written: &str) -> Option<Cow<'_, str>> {
    let inside = written.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        return serde_json::from_str(written).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inside))
}

/// The members of an object, in order, repeats and all.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<_, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}
