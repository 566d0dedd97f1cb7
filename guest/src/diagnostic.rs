//! Faults of a trigger set: what is wrong, where, and what to do about it.

use std::collections::BTreeSet;

pub use action_triggers_django::Span;
use action_triggers_vocabulary::{Place, kind};

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The set is refused.
    Error,
    /// The set is taken, but this is hardly what was meant.
    Warning,
}

/// A fault of a trigger set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable, such as `unknown_signal`.
    pub code: &'static str,
    /// Where in the set, such as `$[0].payload.customer`; with a `~` behind it,
    /// the name of that member.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Which part of the string at `path`, when that is a template.
    pub span: Option<Span>,
}

/// Collects the faults of one set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Diagnostic>,
}

impl Faults {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn error(&mut self, code: &'static str, place: &Place, message: String, help: &str) {
        self.add(Severity::Error, code, place, message, help);
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        place: &Place,
        message: String,
        help: &str,
    ) {
        self.add(Severity::Warning, code, place, message, help);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: &Place,
        message: String,
        help: &str,
    ) {
        self.found.push(Diagnostic {
            severity,
            code,
            path: place.as_str().into(),
            message,
            help: (!help.is_empty()).then(|| help.into()),
            span: None,
        });
    }

    /// A set that is too long for the steps that a call may take.
    pub(crate) fn too_long(&mut self, call_fuel: u64) {
        let message = format!("reading the triggers takes more than {call_fuel} steps");
        let help = "load fewer triggers, or raise `call_fuel` in `limits`";
        self.error("set_out_of_fuel", &Place::root(), message, help);
    }

    /// A value of the wrong type.
    pub(crate) fn wrong_type(&mut self, place: &Place, expected: &str, found: &str) {
        self.error("wrong_type", place, kind::wrong(expected, found), "");
    }

    /// Where something of this code was found, behind the first so many faults.
    pub(crate) fn places_of(&self, code: &str, first: usize) -> BTreeSet<String> {
        let found = self.found.iter().skip(first);
        let of_code = found.filter(|one| one.code == code);
        of_code.map(|one| one.path.clone()).collect()
    }

    pub(crate) fn any_errors(&self) -> bool {
        self.found
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found
    }
}
