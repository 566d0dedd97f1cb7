//! What templates read.

use minijinja::Value;

use super::{dates::Timestamp, error::Span};

/// What templates read.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Answers top-level names as attributes.
    pub variables: Value,
    /// The event's time.
    pub now: Option<Timestamp>,
}

/// A variable that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name and what is looked up in it.
    pub path: Vec<String>,
    /// Where it stands.
    pub span: Span,
}
