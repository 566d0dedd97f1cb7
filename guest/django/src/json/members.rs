//! The members of an object, found in its text; each value is taken apart once something asks for it.

use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::OnceLock};

use minijinja::Value;

use super::scan::{Seen, Values};

/// Room for as many members as most objects have.
const USUAL: usize = 8;
/// Objects of more members than this look names up in a map.
const FEW: usize = 32;

/// Where an object's members stand in its text, each name once.
#[derive(Debug)]
pub(super) struct Index {
    all: Vec<Member>,
    /// Where each name stands, of objects of many members.
    places: BTreeMap<Box<str>, usize>,
    /// Whether no name is repeated and no value is an object or array.
    pub(super) is_flat_and_unique: bool,
    /// Of the object and all inside of it.
    pub(super) seen: Seen,
}

/// A member of an object, read by the object's text.
#[derive(Debug)]
pub(super) struct Member {
    name: Name,
    text: Range<usize>,
    value: OnceLock<Value>,
}

#[derive(Debug)]
enum Name {
    /// It stands in the object's text as it is.
    Plain(Range<usize>),
    /// It is written with escapes.
    Escaped(Box<str>),
}

impl Member {
    pub(super) fn name<'a>(&'a self, object: &'a str) -> &'a str {
        match &self.name {
            Name::Plain(range) => object.get(range.clone()).unwrap_or_default(),
            Name::Escaped(name) => name,
        }
    }

    /// Whether it has this name.
    fn is(&self, object: &str, name: &str) -> bool {
        match &self.name {
            // Names of other lengths are told apart without a look at them.
            Name::Plain(range) => {
                range.len() == name.len()
                    && object.as_bytes().get(range.clone()) == Some(name.as_bytes())
            }
            Name::Escaped(known) => **known == *name,
        }
    }

    /// Its value as it is written.
    pub(super) fn text<'a>(&self, object: &'a str) -> &'a str {
        object.get(self.text.clone()).unwrap_or_default()
    }

    /// Its value, which `value_of` makes of its name and text where nothing has asked before.
    pub(super) fn value(&self, object: &str, value_of: impl FnOnce(&str, &str) -> Value) -> &Value {
        self.value
            .get_or_init(|| value_of(self.name(object), self.text(object)))
    }
}

impl Index {
    /// Finds the members of the object that this text is.
    pub(super) fn of(object: &str) -> Self {
        let mut index = Self {
            all: Vec::with_capacity(USUAL),
            places: BTreeMap::new(),
            is_flat_and_unique: true,
            seen: Seen::default(),
        };
        let mut texts = Values::of(object);
        while let (Some(name), Some(text)) = (texts.next_range(), texts.next_range()) {
            index.is_flat_and_unique &=
                !matches!(object.as_bytes().get(text.start), Some(b'{' | b'['));
            let plain = name.start + 1..name.end.saturating_sub(1).max(name.start + 1);
            let has_escapes = texts.seen().has_escapes;
            let escaped = has_escapes.then(|| unescaped(object.get(name).unwrap_or_default()));
            let name = escaped.flatten().map_or(Name::Plain(plain), Name::Escaped);
            index.push(
                object,
                Member {
                    name,
                    text,
                    value: OnceLock::new(),
                },
            );
        }
        let Seen { depth, has_escapes } = texts.seen();
        index.seen = Seen {
            depth: depth + 1,
            has_escapes,
        };
        index
    }

    /// Adds a member; one whose name is there already takes the other's place.
    fn push(&mut self, object: &str, member: Member) {
        let name = member.name(object);
        if let Some(place) = self.place(object, name) {
            if let Some(known) = self.all.get_mut(place) {
                known.text = member.text;
            }
            self.is_flat_and_unique = false;
            return;
        }
        if self.all.len() == FEW {
            let known = self.all.iter().enumerate();
            self.places = known
                .map(|(place, member)| (member.name(object).into(), place))
                .collect();
        }
        if self.all.len() >= FEW {
            self.places.insert(name.into(), self.all.len());
        }
        self.all.push(member);
    }

    /// The members in the order written.
    pub(super) fn all(&self) -> &[Member] {
        &self.all
    }

    /// The member of exactly this name.
    pub(super) fn find(&self, object: &str, name: &str) -> Option<&Member> {
        self.all.get(self.place(object, name)?)
    }

    fn place(&self, object: &str, name: &str) -> Option<usize> {
        if self.places.is_empty() {
            self.all.iter().position(|known| known.is(object, name))
        } else {
            self.places.get(name).copied()
        }
    }
}

/// A member's name whose text has escapes, without them.
fn unescaped(written: &str) -> Option<Box<str>> {
    let has_escapes = written.bytes().any(|byte| byte == b'\\');
    let name = has_escapes.then(|| serde_json::from_str::<Cow<'_, str>>(written));
    name.and_then(|name| Some(name.ok()?.into()))
}
