//! What payloads are made of.

use action_triggers_django::least::{Cost, Least};
use serde_json::value::RawValue;

use crate::compiled::PlacedTemplate;

/// What becomes of a payload's strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Types {
    /// Django's: every string of the tree stays a string.
    #[default]
    Strings,
    /// A string that is one expression becomes its value, with its JSON type.
    Native,
}

/// A string payload.
#[derive(Debug)]
pub(crate) struct StringPlan {
    pub(super) template: PlacedTemplate,
    pub(super) types: Types,
    pub(super) least: Least,
    /// What rendering it takes at least.
    pub(super) cost: Cost,
}

/// A stretch of a tree.
#[derive(Debug)]
pub(crate) enum Piece {
    /// JSON text, copied.
    Json(Box<str>),
    /// A template that gives a string's text.
    String(PlacedTemplate),
    /// A template that may give a whole value.
    Native(PlacedTemplate),
    /// An object whose names are not known before the event comes.
    Object(Box<[Member]>),
}

/// A member of an object with templates in its names.
#[derive(Debug)]
pub(crate) struct Member {
    pub(super) name: PlacedTemplate,
    pub(super) value: Box<[Piece]>,
}

impl StringPlan {
    /// Whether its value is asked for, and nothing is written.
    pub(super) fn is_value(&self) -> bool {
        self.types == Types::Native && self.template.is_expression()
    }
}

/// Whether a text is JSON; `NaN` and single quotes are not.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}
