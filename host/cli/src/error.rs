//! Why a command could not do its work.

use std::path::PathBuf;

use action_triggers_host::{BuildError, Config, ConfigError, Problem, StartError, StoreError};

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
    #[error("the service cannot listen on {address}: {error}")]
    Listen {
        address: std::net::SocketAddr,
        error: std::io::Error,
    },
    #[error("`tls` of `serve`: {0}")]
    ServiceTls(String),
    #[error("`{}` cannot be written: {error}", .path.display())]
    Artefact {
        path: PathBuf,
        error: std::io::Error,
    },
    #[cfg(feature = "edge")]
    #[error(transparent)]
    Bake(#[from] action_triggers_edge::BakeError),
    #[error(transparent)]
    Outbox(#[from] StoreError),
    #[error(
        "`{}` names no outbox in a file: add {{\"outbox\": {{\"path\": \"outbox.db\"}}}}",
        .path.display()
    )]
    NoOutbox { path: PathBuf },
    #[error("the outbox has no record {number}: `outbox list` prints the numbers of all")]
    NoRecord { number: u64 },
    #[error("this would be every record: give a filter, or say --all")]
    AsksForAll,
    #[error("`{}` is there already: name another file for the copy", .path.display())]
    BackupExists { path: PathBuf },
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
            Self::DevProxy { .. } | Self::Listen { .. } => "cannot_listen",
            Self::ServiceTls(_) => "invalid_tls",
            Self::Artefact { .. } => "file_not_written",
            #[cfg(feature = "edge")]
            Self::Bake(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::NoOutbox { .. } => "no_outbox",
            Self::NoRecord { .. } => "no_record",
            Self::AsksForAll => "asks_for_all",
            Self::BackupExists { .. } => "backup_exists",
            Self::Output(_) => "output_failed",
            Self::Stopped => "engine_stopped",
            Self::Demo(_) => "demo_failed",
            Self::Threads(_) => "no_threads",
        }
    }

    pub(crate) fn problems(&self) -> &[Problem] {
        match self {
            Self::Config(error) => error.problems(),
            #[cfg(feature = "edge")]
            Self::Bake(action_triggers_edge::BakeError::Config(error)) => error.problems(),
            _ => &[],
        }
    }
}
