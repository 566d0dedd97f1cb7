//! Why a command could not do its work.

use std::path::PathBuf;

use action_triggers_host::{BuildError, Config, ConfigError, Problem, StartError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the engine cannot be started: {0}")]
    Build(#[from] BuildError),
    #[error("the events in `{}` cannot be read: {error}", .path.display())]
    Events {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the embedded REST proxy cannot listen on {address}: {error}")]
    DevProxy {
        address: std::net::SocketAddr,
        error: std::io::Error,
    },
    #[error("`{}` cannot be written: {error}", .path.display())]
    Artefact {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("standard output cannot be written: {0}")]
    Output(std::io::Error),
    #[error("the command was ended while it worked")]
    Stopped,
    #[error("the demo went wrong: {0}")]
    Demo(Box<dyn std::error::Error + Send + Sync>),
    #[error("threads cannot be started: {0}")]
    Threads(std::io::Error),
}

impl CliError {
    /// A failure to build, with the places of the triggers' faults.
    pub(crate) fn building(error: BuildError, config: &Config) -> Self {
        match error {
            BuildError::Start(StartError::Triggers(refusal)) => {
                Self::Config(ConfigError::new(config.locate(&refusal.diagnostics)))
            }
            error => Self::Build(error),
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Build(error) => error.code(),
            Self::Events { .. } => "events_unreadable",
            Self::DevProxy { .. } => "cannot_listen",
            Self::Artefact { .. } => "file_not_written",
            Self::Output(_) => "output_failed",
            Self::Stopped => "engine_stopped",
            Self::Demo(_) => "demo_failed",
            Self::Threads(_) => "no_threads",
        }
    }

    pub(crate) fn problems(&self) -> &[Problem] {
        match self {
            Self::Config(error) => error.problems(),
            _ => &[],
        }
    }
}
