//! Why a runtime cannot be built or reloaded, or takes no events.

use std::path::PathBuf;

use crate::{broker::RegistryError, outbox::StoreError, rest::RestError, sandbox::StartError};

/// Why a runtime could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The component's file cannot be read.
    #[error("the component `{}` cannot be read: {error}", .path.display())]
    ComponentFile {
        /// Its path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Brokers or clusters have faults.
    #[error("{}", joined(.0))]
    Registry(Vec<RegistryError>),
    /// The REST client cannot be made.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The sandbox cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The outbox cannot be opened.
    #[error(transparent)]
    Outbox(#[from] StoreError),
    /// A reload asks for more of this limit than the workers have had from the start.
    #[error("`{limit}` can only be raised by a start, not by a reload: start anew with it")]
    NeedsStart {
        /// The limit's name.
        limit: &'static str,
    },
    /// The runtime that should build this one is shutting down.
    #[error("the runtime that should build this one is shutting down")]
    Stopped,
}

impl BuildError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ComponentFile { .. } => "component_unreadable",
            Self::Registry(errors) => errors.first().map_or("invalid_config", RegistryError::code),
            Self::Rest(error) => error.code(),
            Self::Start(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::NeedsStart { .. } => "needs_start",
            Self::Stopped => "engine_stopped",
        }
    }
}

/// Why none of the records of a call are in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// The outbox has no room for them, or does not work.
    #[error(transparent)]
    Outbox(#[from] StoreError),
    /// The threads that decide events have stopped.
    #[error("the engine has stopped")]
    Stopped,
}

impl NotTaken {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outbox(error) => error.code(),
            Self::Stopped => "engine_stopped",
        }
    }
}

fn joined(errors: &[RegistryError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
