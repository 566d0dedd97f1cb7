//! A JSON value taken apart by kind.

use action_triggers_vocabulary::kind;
use minijinja::{Value, value::ValueKind};

use super::{Field, JsonArray, JsonObject, Members};

/// What a value made by [`parse`](super::parse) is.
#[derive(Debug)]
pub enum View<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A string, unescaped.
    String(&'a str),
    /// An array's items.
    Array(&'a [Value]),
    /// An object's members, in their order.
    Object(Members<'a>),
}

impl<'a> View<'a> {
    /// Looks at a value made by [`parse`](super::parse).
    pub fn of(value: &'a Value) -> Self {
        if let Some(object) = value.downcast_object_ref::<JsonObject>() {
            return Self::Object(object.members());
        }
        if let Some(array) = value.downcast_object_ref::<JsonArray>() {
            return Self::Array(array.items());
        }
        match value.downcast_object_ref::<Field>() {
            Some(field) if field.is_number() => return Self::Number(field.text().to_owned()),
            Some(field) => return Self::String(field.text()),
            None => {}
        }
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => Self::Null,
            ValueKind::Bool => Self::Bool(value.is_true()),
            ValueKind::String => Self::String(value.as_str().unwrap_or_default()),
            _ => Self::Number(value.to_string()),
        }
    }

    /// The kind in words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => kind::NULL,
            Self::Bool(_) => kind::BOOLEAN,
            Self::Number(_) => kind::NUMBER,
            Self::String(_) => kind::STRING,
            Self::Array(_) => kind::LIST,
            Self::Object(_) => kind::OBJECT,
        }
    }
}
