//! What requests to a proxy carry to show who we are, and which configurations no request
//! can follow.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::{Dialect, Redactor};
use crate::cluster::{Auth, Cluster, Origin};

/// Headers that the client writes itself, in lower case.
const OWN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The header that `auth` sets.
pub const AUTHORIZATION: &str = "authorization";

/// Why no request can reach a cluster as it is configured. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
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
}

impl AccessError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "invalid_rest_url",
            Self::UnsupportedApi { .. } => "unsupported_api",
            Self::InvalidAuth { .. } => "invalid_auth",
            Self::InvalidHeader { .. } => "invalid_header",
            Self::InvalidProxy { .. } => "invalid_proxy",
        }
    }
}

/// What is shown to a proxy, and what hides it in texts. `Debug` shows neither.
#[derive(Clone)]
pub struct Shown {
    /// Names in lower case, and values that an HTTP header can carry.
    pub headers: Vec<(String, String)>,
    /// Hides the secrets among them.
    pub redactor: Arc<Redactor>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shown")
    }
}

impl Shown {
    /// What requests to this cluster carry.
    ///
    /// # Errors
    ///
    /// Something that cannot be sent.
    pub fn of(cluster: &Cluster) -> Result<Self, AccessError> {
        let mut headers = Vec::new();
        let mut hidden = Vec::new();
        for (name, value) in &cluster.headers {
            let invalid = |problem| AccessError::InvalidHeader {
                cluster: cluster.bootstrap_servers.clone(),
                name: name.clone(),
                problem,
            };
            let lower = name.to_ascii_lowercase();
            check_name(&lower, cluster).map_err(invalid)?;
            if !is_value(value.expose()) {
                return Err(invalid(
                    "has a value that no HTTP header can carry; is there a line break in it?",
                ));
            }
            headers.push((lower, value.expose().to_owned()));
            // What is written in the configuration is no secret, and often a short word.
            if value.origin() != &Origin::Given {
                hidden.push(value.expose().to_owned());
            }
        }
        if let Some((authorization, secrets)) = authorization(cluster)? {
            headers.push((AUTHORIZATION.to_owned(), authorization));
            hidden.extend(secrets);
        }
        Ok(Self {
            headers,
            redactor: Arc::new(Redactor::new(hidden.iter().map(String::as_str))),
        })
    }
}

/// Whether a cluster can be reached as it is configured, as far as can be told without a
/// network and without reading certificates.
///
/// # Errors
///
/// The first fault that is found.
pub fn check(cluster: &Cluster) -> Result<(), AccessError> {
    let name = || cluster.bootstrap_servers.clone();
    let elsewhere = "has credentials in it; move them to `auth`";
    if let Some(problem) = url_problem(&cluster.rest_url, elsewhere) {
        return Err(AccessError::InvalidUrl {
            cluster: name(),
            problem,
        });
    }
    let elsewhere = "has credentials in it; move them to `basic`";
    let proxy = cluster.proxy.as_ref();
    if let Some(problem) = proxy.and_then(|proxy| url_problem(&proxy.url, elsewhere)) {
        return Err(AccessError::InvalidProxy {
            cluster: name(),
            problem,
        });
    }
    Shown::of(cluster)?;
    match Dialect::of(cluster) {
        Some(_) => Ok(()),
        None => Err(AccessError::UnsupportedApi { cluster: name() }),
    }
}

/// What is wrong with an address, if anything is.
fn url_problem(url: &Url, has_credentials: &'static str) -> Option<&'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Some("is neither http nor https")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some(has_credentials)
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("has a query or a fragment; leave it out")
    } else {
        None
    }
}

/// The value of `Authorization`, and what of it must never be shown.
fn authorization(cluster: &Cluster) -> Result<Option<(String, Vec<String>)>, AccessError> {
    let invalid = |problem| AccessError::InvalidAuth {
        cluster: cluster.bootstrap_servers.clone(),
        problem,
    };
    let (text, secrets) = match &cluster.auth {
        Auth::None => return Ok(None),
        // RFC 7617: the first colon ends the name.
        Auth::Basic { username, .. } if username.contains(':') => {
            return Err(invalid(
                "has a user name with a colon, which HTTP Basic cannot carry",
            ));
        }
        Auth::Basic { username, password } => {
            let credentials = STANDARD.encode(format!("{username}:{}", password.expose()));
            let text = format!("Basic {credentials}");
            (text, vec![password.expose().to_owned(), credentials])
        }
        Auth::Bearer(token) => (
            format!("Bearer {}", token.expose()),
            vec![token.expose().to_owned()],
        ),
    };
    if !is_value(&text) {
        return Err(invalid(
            "has a token that no HTTP header can carry; is there a line break in it?",
        ));
    }
    Ok(Some((text, secrets)))
}

/// Whether a header of one's own may have this name, in lower case.
fn check_name(name: &str, cluster: &Cluster) -> Result<(), &'static str> {
    // RFC 9110: a token.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        Err("is not a header's name")
    } else if OWN_HEADERS.contains(&name) {
        Err("is set by the client; leave it out")
    } else if name == AUTHORIZATION && !matches!(cluster.auth, Auth::None) {
        Err("is set by `auth`; keep one of the two")
    } else {
        Ok(())
    }
}

/// Whether a header can have this value.
fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}
