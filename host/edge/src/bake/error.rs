//! Why nothing was baked.

use action_triggers_config::ConfigError;

use crate::compose::ComposeError;

/// Why nothing was baked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BakeError {
    /// The configuration or its triggers have faults.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The parts do not fit together.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// A part cannot be run, or what it holds cannot be put down.
    #[error("the components cannot be baked: {0}")]
    Failed(String),
}

impl BakeError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Compose(_) | Self::Failed(_) => "bake_failed",
        }
    }

    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}
