//! The members of an object, read out of its text.

use std::{borrow::Cow, collections::BTreeMap};

use minijinja::Value;

use super::{scan::Values, slice::Slice};

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
        let (_, value) = self.all.get(self.place(name)?)?;
        Some(value)
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.places.is_empty() {
            self.all.iter().position(|(known, _)| known.is(name))
        } else {
            self.places.get(name).copied()
        }
    }

    /// Reads the members of the object that this text is; `value_of` makes each one's value.
    pub(super) fn of(source: &Slice, value_of: impl Fn(&str, &str) -> Value) -> Self {
        let mut members = Self {
            all: Vec::new(),
            places: BTreeMap::new(),
            flat_and_unique: true,
        };
        let mut texts = Values::of(source);
        while let (Some(name), Some(text)) = (texts.next(), texts.next()) {
            let name = name_of(name);
            members.flat_and_unique &= !matches!(text.as_bytes().first(), Some(b'{' | b'['));
            let value = value_of(&name, text);
            if let Some(place) = members.place(&name)
                && let Some((_, known)) = members.all.get_mut(place)
            {
                *known = value;
                members.flat_and_unique = false;
                continue;
            }
            let name = match &name {
                Cow::Borrowed(name) => source.part(name),
                Cow::Owned(name) => Slice::whole(name),
            };
            members.push(name, value);
        }
        members
    }

    fn push(&mut self, name: Slice, value: Value) {
        if self.all.len() == FEW {
            let known = self.all.iter().enumerate();
            self.places = known
                .map(|(place, (name, _))| ((**name).into(), place))
                .collect();
        }
        if self.all.len() >= FEW {
            self.places.insert((*name).into(), self.all.len());
        }
        self.all.push((name, value));
    }
}

/// A member's name as it is written, without quotes and escapes.
fn name_of(written: &str) -> Cow<'_, str> {
    let plain = written.get(1..written.len().saturating_sub(1));
    match plain.filter(|plain| !plain.contains('\\')) {
        Some(plain) => Cow::Borrowed(plain),
        None => serde_json::from_str(written).map_or(Cow::Borrowed(written), Cow::Owned),
    }
}
