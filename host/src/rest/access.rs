//! What the requests to a proxy carry to show who we are. It is read again when the
//! proxy refuses it: tokens are renewed while the host runs.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use action_triggers_core::rest::{Redactor, proxy::patience};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH,
        CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
};
use tokio::time::Instant;

use super::error::RestError;
use crate::{
    cluster::{Auth, Cluster, Origin, Secret},
    file,
};

/// Secrets are read again at most so often.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Headers that the client writes itself.
const OWN_HEADERS: &[HeaderName] = &[
    ACCEPT,
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Who we are to one proxy.
pub(super) struct Access {
    cluster: Arc<Cluster>,
    state: Mutex<State>,
}

struct State {
    shown: Shown,
    identity: Identity,
    read_at: Instant,
    /// Since when the proxy has refused what is shown to it.
    refused_since: Option<Instant>,
}

/// What is shown to the proxy, and what hides it in texts.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) headers: HeaderMap,
    pub(super) redactor: Arc<Redactor>,
}

/// Who we are by TLS.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) pem: Option<Secret>,
    /// How often it has changed.
    pub(super) changes: u64,
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Access")
    }
}

impl Access {
    /// # Errors
    ///
    /// A header that cannot be sent.
    pub(super) fn new(cluster: Arc<Cluster>) -> Result<Self, RestError> {
        let shown = Shown::new(&cluster)?;
        let pem = cluster.tls.identity_pem.clone();
        Ok(Self {
            cluster,
            state: Mutex::new(State {
                shown,
                identity: Identity { pem, changes: 0 },
                read_at: Instant::now(),
                refused_since: None,
            }),
        })
    }

    pub(super) fn shown(&self) -> Shown {
        self.state().shown.clone()
    }

    pub(super) fn identity(&self) -> Identity {
        self.state().identity.clone()
    }

    /// The proxy took what was shown.
    pub(super) fn accepted(&self) {
        self.state().refused_since = None;
    }

    /// The proxy did not: reads the secrets again. Returns whether it has been so for
    /// longer than the configuration has patience.
    pub(super) async fn refused(&self) -> bool {
        let now = Instant::now();
        let since = *self.state().refused_since.get_or_insert(now);
        self.renew().await;
        now.duration_since(since) >= patience(&self.cluster)
    }

    /// Reads the secrets again, unless that was a moment ago. What cannot be read or
    /// sent leaves what there is.
    pub(super) async fn renew(&self) {
        let now = Instant::now();
        {
            let mut state = self.state();
            if now.duration_since(state.read_at) < READ_EVERY {
                return;
            }
            state.read_at = now;
        }
        let cluster = Arc::clone(&self.cluster);
        let read = tokio::task::spawn_blocking(move || {
            let cluster = read_again(&cluster)?;
            let shown = Shown::new(&cluster).ok()?;
            Some((shown, cluster.tls.identity_pem))
        });
        if let Ok(Some((shown, pem))) = read.await {
            let mut state = self.state();
            state.shown = shown;
            let text = |pem: &Option<Secret>| pem.as_ref().map(|pem| pem.expose().to_owned());
            if text(&pem) != text(&state.identity.pem) {
                state.identity.pem = pem;
                state.identity.changes += 1;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn new(cluster: &Cluster) -> Result<Self, RestError> {
        let mut headers = HeaderMap::new();
        let mut hidden = Vec::new();
        for (name, value) in &cluster.headers {
            headers.append(
                header_name(cluster, name)?,
                header_value(cluster, name, value)?,
            );
            // What is written in the configuration is no secret, and often a short word.
            if value.origin() != &Origin::Given {
                hidden.push(value.expose().to_owned());
            }
        }
        if let Some((authorization, secrets)) = authorization(cluster)? {
            headers.insert(AUTHORIZATION, authorization);
            hidden.extend(secrets);
        }
        Ok(Self {
            headers,
            redactor: Arc::new(Redactor::new(hidden.iter().map(String::as_str))),
        })
    }
}

/// The cluster with its secrets as they are now where they come from; none if one of
/// them cannot be read.
fn read_again(cluster: &Cluster) -> Option<Cluster> {
    let read = |secret: &mut Secret| {
        let value = match secret.origin() {
            Origin::Env(name) => std::env::var(name).ok()?,
            Origin::File(path) => {
                let bytes = file::read(path, file::MOST_SECRET_BYTES).ok()?;
                String::from_utf8(bytes).ok()?
            }
            _ => return Some(()),
        };
        *secret = Secret::new(&value, secret.origin().clone());
        Some(())
    };
    let mut cluster = cluster.clone();
    match &mut cluster.auth {
        Auth::Basic { password, .. } => read(password)?,
        Auth::Bearer(token) => read(token)?,
        _ => {}
    }
    let headers = cluster.headers.iter_mut().map(|(_, value)| value);
    for secret in headers.chain(&mut cluster.tls.identity_pem) {
        read(secret)?;
    }
    Some(cluster)
}

/// The value of `Authorization`, and what of it must never be shown.
fn authorization(cluster: &Cluster) -> Result<Option<(HeaderValue, Vec<String>)>, RestError> {
    let invalid = |problem| RestError::InvalidAuth {
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
        _ => return Err(invalid("is of a kind that this client cannot send")),
    };
    let value = HeaderValue::from_str(&text);
    let mut value = value.map_err(|_| {
        invalid("has a token that no HTTP header can carry; is there a line break in it?")
    })?;
    value.set_sensitive(true);
    Ok(Some((value, secrets)))
}

fn header_name(cluster: &Cluster, name: &str) -> Result<HeaderName, RestError> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let problem = match &parsed {
        Err(_) => "is not a header's name",
        Ok(name) if OWN_HEADERS.contains(name) => "is set by the client; leave it out",
        Ok(name) if *name == AUTHORIZATION && !matches!(cluster.auth, Auth::None) => {
            "is set by `auth`; keep one of the two"
        }
        Ok(name) => return Ok(name.clone()),
    };
    Err(invalid_header(cluster, name, problem))
}

fn header_value(cluster: &Cluster, name: &str, value: &Secret) -> Result<HeaderValue, RestError> {
    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
        let problem = "has a value that no HTTP header can carry; is there a line break in it?";
        invalid_header(cluster, name, problem)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn invalid_header(cluster: &Cluster, name: &str, problem: &'static str) -> RestError {
    RestError::InvalidHeader {
        cluster: cluster.bootstrap_servers.clone(),
        name: name.to_owned(),
        problem,
    }
}
