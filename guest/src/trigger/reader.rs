//! Reads the members of one object; what is wrong goes to the faults.

use action_triggers_django::json::{Members, View};
use action_triggers_vocabulary::{Place, kind, members::belongs, suggest::did_you_mean};
use minijinja::Value;

use crate::diagnostic::Faults;

/// One object of the set.
pub(super) struct Reader<'a> {
    members: Members<'a>,
    place: Place,
}

impl<'a> Reader<'a> {
    /// Takes a value as an object.
    pub(super) fn new(value: &'a Value, place: &Place, faults: &mut Faults) -> Option<Self> {
        match View::of(value) {
            View::Object(members) => Some(Self {
                members,
                place: place.clone(),
            }),
            other => {
                faults.wrong_type(place, kind::OBJECT, other.kind());
                None
            }
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Warns of members that nothing reads.
    pub(super) fn know(&self, known: &[&[&str]], faults: &mut Faults) {
        let known = known.concat();
        for name in self.members.names() {
            if !known.contains(&name) {
                faults.warning(
                    "unknown_member",
                    &self.place.member(name),
                    format!("unknown member `{name}`: it is ignored"),
                    &belongs(name).unwrap_or_else(|| did_you_mean(name, &known)),
                );
            }
        }
    }

    /// The first of these names that is there and not null; the others are
    /// other spellings, and giving two of them is a fault.
    pub(super) fn get(&self, names: &[&str], faults: &mut Faults) -> Option<(&'a Value, Place)> {
        let mut found = None;
        for name in names {
            let member = self.members.get(name);
            let Some(value) = member.filter(|value| !value.is_none()) else {
                continue;
            };
            let place = self.place.member(name);
            match &found {
                None => found = Some((value, place)),
                Some((_, first)) => faults.error(
                    "given_twice",
                    &place,
                    format!(
                        "`{name}` and `{}` are two spellings of one member",
                        first.as_str()
                    ),
                    "keep one of the two",
                ),
            }
        }
        found
    }

    pub(super) fn text(&self, names: &[&str], faults: &mut Faults) -> Option<(&'a str, Place)> {
        let (value, place) = self.get(names, faults)?;
        match View::of(value) {
            View::String(text) => Some((text, place)),
            other => {
                faults.wrong_type(&place, kind::STRING, other.kind());
                None
            }
        }
    }

    pub(super) fn boolean(&self, names: &[&str], faults: &mut Faults) -> Option<bool> {
        let (value, place) = self.get(names, faults)?;
        match View::of(value) {
            View::Bool(value) => Some(value),
            other => {
                faults.wrong_type(&place, "true or false", other.kind());
                None
            }
        }
    }

    /// A list's items with their places; none where there is no list.
    pub(super) fn list(&self, names: &[&str], faults: &mut Faults) -> Vec<(&'a Value, Place)> {
        let Some((value, place)) = self.get(names, faults) else {
            return Vec::new();
        };
        match View::of(value) {
            View::Array(items) => {
                let places = (0..).map(|index| place.item(index));
                items.iter().zip(places).collect()
            }
            other => {
                faults.wrong_type(&place, kind::LIST, other.kind());
                Vec::new()
            }
        }
    }

    /// A value that must be there.
    pub(super) fn needed(&self, names: &[&str], faults: &mut Faults) -> Option<(&'a Value, Place)> {
        let found = self.get(names, faults);
        if found.is_none() {
            let name = names.first().copied().unwrap_or_default();
            let message = format!("`{name}` is missing");
            faults.error("missing_member", &self.place, message, "");
        }
        found
    }

    /// A text that must be there and not empty.
    pub(super) fn needed_text(
        &self,
        names: &[&str],
        faults: &mut Faults,
    ) -> Option<(&'a str, Place)> {
        let (value, place) = self.needed(names, faults)?;
        let View::String(text) = View::of(value) else {
            faults.wrong_type(&place, kind::STRING, View::of(value).kind());
            return None;
        };
        if text.is_empty() {
            let name = names.first().copied().unwrap_or_default();
            faults.error("empty_text", &place, format!("`{name}` is empty"), "");
            return None;
        }
        Some((text, place))
    }
}
