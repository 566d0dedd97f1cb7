//! What a set of triggers declares of fields: `models`.

use std::collections::HashMap;

use action_triggers_vocabulary::{content_type, members::MODELS};

use crate::event::object::{Object, string};

/// The types that fields are declared to have, by content type. Fields of fields are left out:
/// what they stand in came as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models(HashMap<String, Vec<(String, FieldType)>>);

/// The types whose values other tools encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Decimal,
    Datetime,
    Date,
    Time,
}

impl Models {
    /// Reads the declarations of a set of triggers, which is JSON. What is wrong with them is
    /// found when the set is loaded, and left out here.
    pub fn of_set(set: &str) -> Self {
        let set = Object::read(set);
        let mut names = MODELS.iter();
        let models = set.and_then(|set| names.find_map(|name| set.object(name)));
        let Some(models) = models else {
            return Self::default();
        };
        let model = |(name, fields): (&str, &str)| {
            let fields = Object::read(fields)?;
            let fields = fields.members().filter_map(field).collect();
            Some((content_type::normalized(name)?.into_owned(), fields))
        };
        Self(models.members().filter_map(model).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[(String, FieldType)])> {
        self.0
            .iter()
            .map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }
}

fn field((name, declared): (&str, &str)) -> Option<(String, FieldType)> {
    let field_type = match &*string(declared)? {
        "decimal" => FieldType::Decimal,
        "datetime" => FieldType::Datetime,
        "date" => FieldType::Date,
        "time" => FieldType::Time,
        _ => return None,
    };
    (!name.contains('.')).then(|| (name.to_owned(), field_type))
}
