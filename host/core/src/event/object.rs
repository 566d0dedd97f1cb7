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
    text: &'a str,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    ///
    /// It is not one JSON object.
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        let Members(members) = serde_json::from_str(text)?;
        Ok(Self { text, members })
    }

    /// Takes a text apart; none where it is not an object.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        Self::parse(text).ok()
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

    /// A member that is a whole number, written as one or as its text.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        let written = self.get(name)?;
        string(written).as_deref().unwrap_or(written).parse().ok()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, value)| (&**name, *value))
    }

    /// The object with the values of some of its members replaced; all else stays as it was
    /// written.
    ///
    /// # Errors
    ///
    /// Those of `replaced`, which is asked for each member.
    pub(super) fn with<E>(
        &self,
        mut replaced: impl FnMut(&str, &'a str) -> Result<Option<String>, E>,
    ) -> Result<Cow<'a, str>, E> {
        let mut splice = Splice::of(self.text);
        for (name, value) in self.members() {
            if let Some(value_now) = replaced(name, value)? {
                splice.replace(value, &value_now);
            }
        }
        Ok(splice.finish())
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

/// A text, of which parts are replaced in their order.
pub(super) struct Splice<'a> {
    text: &'a str,
    /// What is copied of it.
    copied: usize,
    out: String,
}

impl<'a> Splice<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            copied: 0,
            out: String::new(),
        }
    }

    /// Puts another text in the place of this part, which stands behind those before.
    pub(super) fn replace(&mut self, part: &str, by: &str) {
        let start = part
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let Some(before) = self.text.get(self.copied..start) else {
            return;
        };
        self.out.push_str(before);
        self.out.push_str(by);
        self.copied = start.saturating_add(part.len());
    }

    pub(super) fn finish(mut self) -> Cow<'a, str> {
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.out
            .push_str(self.text.get(self.copied..).unwrap_or_default());
        Cow::Owned(self.out)
    }
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
