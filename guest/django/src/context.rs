//! What templates read.

use std::sync::Arc;

use minijinja::Value;

use super::{dates::Timestamp, error::Span, json::JsonObject};

/// What templates read.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Answers top-level names as attributes.
    pub variables: Value,
    /// The event's time.
    pub now: Option<Timestamp>,
    /// The object whose members `variables` answers with, if there is one: their texts are read
    /// without being made values.
    pub object: Option<Arc<JsonObject>>,
    /// The names for which `variables` does not ask that object first.
    pub taken: &'static [&'static str],
}

impl Context {
    /// The text at a path of the object, as [`JsonObject::plain`] gives it.
    pub(crate) fn plain(&self, path: &str) -> Option<&str> {
        let object = self.object.as_ref()?;
        let is_taken = |name: &&str| {
            let rest = path.strip_prefix(*name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if self.taken.iter().any(is_taken) {
            return None;
        }
        object.plain(path)
    }
}

/// A variable that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name and what is looked up in it.
    pub path: Vec<String>,
    /// Where it stands.
    pub span: Span,
}
