//! What a set of triggers declares of a model's fields.

use std::{collections::BTreeMap, sync::Arc};

/// The Python type of a field that JSON writes as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// `decimal.Decimal`
    Decimal,
    /// `datetime.datetime`
    DateTime,
    /// `datetime.date`
    Date,
    /// `datetime.time`
    Time,
    /// `str`: never anything else, whatever it looks like.
    Text,
}

impl FieldType {
    /// All of them, with the names they are declared by.
    pub const ALL: [(&str, Self); 5] = [
        ("decimal", Self::Decimal),
        ("datetime", Self::DateTime),
        ("date", Self::Date),
        ("time", Self::Time),
        ("text", Self::Text),
    ];

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|(known, _)| *known == name)?;
        Some(known.1)
    }
}

/// The declared fields of an object, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<Box<str>, Declared>);

/// What is declared of one member: its own type, and those of what is inside of it. Of an array,
/// the same is declared of each item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) own: Option<FieldType>,
    pub(super) inside: Option<Arc<Fields>>,
}

impl Fields {
    /// Declares the field at a dotted path, such as `customer.born`. Whether the path has no
    /// empty part.
    pub fn declare(&mut self, path: &str, field_type: FieldType) -> bool {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        if name.is_empty() {
            return false;
        }
        let declared = self.0.entry(name.into()).or_default();
        match rest {
            None => {
                declared.own = Some(field_type);
                true
            }
            Some(rest) => {
                let inside = declared.inside.get_or_insert_default();
                Arc::make_mut(inside).declare(rest, field_type)
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Declared> {
        self.0.get(name)
    }
}
