//! Why nothing can be decided.

use super::CallError;
use crate::outcome::{Refusal, Severity};

/// Why a sandbox could not be started, or could not take a set of triggers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The component is not one, or wants more than the two imports.
    #[error("the component cannot be used: {message}")]
    Component {
        /// What wasmtime says of it.
        message: String,
    },
    /// The triggers have faults.
    #[error("the triggers are refused: {}", faults(.0))]
    Triggers(Box<Refusal>),
    /// The component came with triggers, and something else than this host has.
    #[error("the component was baked with other {what}: bake it again with this configuration")]
    Baked {
        /// `brokers`, `limits` or `triggers`.
        what: &'static str,
    },
    /// The component broke while it took the triggers.
    #[error("the component could not load the triggers: {0}")]
    Load(#[from] CallError),
    /// A worker thread could not be started.
    #[error("a worker thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl StartError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Component { .. } => "invalid_component",
            Self::Triggers(_) => "invalid_triggers",
            Self::Baked { .. } => "baked_mismatch",
            Self::Load(error) => error.code(),
            Self::Thread(_) => "no_threads",
        }
    }
}

/// The errors among what was found, as one sentence.
fn faults(refusal: &Refusal) -> String {
    let errors = refusal.diagnostics.iter();
    let errors = errors.filter(|found| found.severity == Severity::Error);
    let shown: Vec<String> = errors
        .map(|error| format!("{}: {}", error.path, error.message))
        .collect();
    shown.join("; ")
}
