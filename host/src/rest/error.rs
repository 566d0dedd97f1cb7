//! What can be wrong with a cluster's configuration.

pub use action_triggers_core::rest::access::AccessError;

/// Why no client can be built for a cluster. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestError {
    /// No request can follow the configuration.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Certificates or keys cannot be used.
    #[error("tls of cluster `{cluster}`: {problem}")]
    InvalidTls {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// What is wrong with them.
        problem: String,
    },
    /// Two clusters have the same bootstrap servers.
    #[error("cluster `{cluster}` is configured twice; keep one of them")]
    DuplicateCluster {
        /// The bootstrap servers.
        cluster: String,
    },
    /// The HTTP client could not be built.
    #[error("HTTP client of cluster `{cluster}` cannot be built: {problem}")]
    Client {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// What the client library said.
        problem: String,
    },
}

impl RestError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Access(error) => error.code(),
            Self::InvalidTls { .. } => "invalid_tls",
            Self::DuplicateCluster { .. } => "duplicate_cluster",
            Self::Client { .. } => "http_client_failed",
        }
    }
}
