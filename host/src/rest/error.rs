//! What can be wrong with a cluster's configuration.

/// Why no client can be built for a cluster. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestError {
    /// The address cannot be one of a REST proxy.
    #[error("rest_url of cluster `{cluster}` {problem}")]
    InvalidUrl {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// What is wrong with it and what to do; never repeats the address.
        problem: &'static str,
    },
    /// The flavor has no v3 API.
    #[error(
        "cluster `{cluster}` cannot use the v3 API: only Confluent REST Proxy has it; set `api` to `v2`"
    )]
    UnsupportedApi {
        /// The cluster's bootstrap servers.
        cluster: String,
    },
    /// User name, password or token cannot be sent in an HTTP header.
    #[error("auth of cluster `{cluster}` {problem}")]
    InvalidAuth {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A header of the configuration cannot be sent.
    #[error("header `{name}` of cluster `{cluster}` {problem}")]
    InvalidHeader {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// The header's name.
        name: String,
        /// What is wrong with it and what to do; never repeats the value.
        problem: &'static str,
    },
    /// The HTTP proxy on the way cannot be used.
    #[error("proxy of cluster `{cluster}` {problem}")]
    InvalidProxy {
        /// The cluster's bootstrap servers.
        cluster: String,
        /// What is wrong with it and what to do; never repeats the address.
        problem: &'static str,
    },
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
            Self::InvalidUrl { .. } => "invalid_rest_url",
            Self::UnsupportedApi { .. } => "unsupported_api",
            Self::InvalidAuth { .. } => "invalid_auth",
            Self::InvalidHeader { .. } => "invalid_header",
            Self::InvalidProxy { .. } => "invalid_proxy",
            Self::InvalidTls { .. } => "invalid_tls",
            Self::DuplicateCluster { .. } => "duplicate_cluster",
            Self::Client { .. } => "http_client_failed",
        }
    }
}
