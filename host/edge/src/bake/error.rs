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
    /// Secrets of the configuration that are neither to stand in the file nor to come
    /// from the environment.
    #[error(
        "these secrets have no source: `{}`; write each into the file with --secret NAME, or read variables when it runs with --env-secrets",
        .0.join("`, `")
    )]
    SecretNotNamed(Vec<String>),
    /// A secret was named that the configuration does not have.
    #[error("the configuration has no secret `{0}`: write its variable or path as it stands there")]
    UnknownSecret(String),
    /// A secret that is to stand in the file cannot be had.
    #[error("the secret `{name}` cannot be read: {why}")]
    SecretUnavailable {
        /// Its variable, or the path of its file.
        name: String,
        /// Why not.
        why: String,
    },
    /// A part cannot be run, or what it holds cannot be put down.
    #[error("the components cannot be baked: {0}")]
    Failed(String),
}

impl BakeError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::SecretNotNamed(_) => "secret_not_named",
            Self::UnknownSecret(_) => "unknown_secret",
            Self::SecretUnavailable { .. } => "secret_unavailable",
            Self::Compose(_) | Self::Failed(_) => "bake_failed",
        }
    }

    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}
