//! The members of an object, read out of its text.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use minijinja::Value;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::slice::Slice;

/// Objects of more members than this look names up in a map.
const FEW: usize = 32;

/// An object's members, each name once.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) all: Vec<(Slice, Value)>,
    /// Where each name stands, of objects of many members.
    places: BTreeMap<Box<str>, usize>,
    pub(super) flat_and_unique: bool,
}

impl Members {
    pub(super) fn find(&self, name: &str) -> Option<&Value> {
        let found = if self.places.is_empty() {
            self.all.iter().find(|(known, _)| **known == *name)
        } else {
            self.all.get(*self.places.get(name)?)
        };
        found.map(|(_, value)| value)
    }

    /// Reads the members of an object of this text; `value_of` makes each one's value.
    pub(super) fn of(
        source: &Slice,
        RawMembers(raw): RawMembers<'_>,
        value_of: impl Fn(&str, Slice) -> Value,
    ) -> Self {
        let mut members: Vec<(Slice, Value)> = Vec::with_capacity(raw.len());
        let mut flat_and_unique = true;
        let has_many = raw.len() > FEW;
        let mut places = BTreeMap::new();
        for (name, raw) in raw {
            flat_and_unique &= !raw.get().starts_with(['{', '[']);
            let value = value_of(&name, source.part(raw.get()));
            let known = if has_many {
                places.get(&*name).copied()
            } else {
                members.iter().position(|(known, _)| **known == *name)
            };
            if let Some((_, known)) = known.and_then(|place| members.get_mut(place)) {
                *known = value;
                flat_and_unique = false;
                continue;
            }
            members.push(match &name {
                Cow::Borrowed(name) => (source.part(name), value),
                Cow::Owned(name) => (Slice::whole(name), value),
            });
            if has_many {
                places.insert(name.into(), members.len() - 1);
            }
        }
        Self {
            all: members,
            places,
            flat_and_unique,
        }
    }
}

/// An object's members, borrowed from its text, repeated names included.
#[derive(Default)]
pub(super) struct RawMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawMembers<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(MemberName(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(RawMembers(members))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// A member's name, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);
