//! What the requests to a proxy carry to show who we are. It is read again when the
//! proxy refuses it: tokens are renewed while the host runs.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use action_triggers_config::MOST_SECRET_BYTES;
use action_triggers_core::rest::{Redactor, access};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::error::RestError;
use crate::{
    cluster::{Cluster, Origin, Secret},
    file,
};

/// Secrets are read again at most so often.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Who we are to one proxy.
pub(super) struct Access {
    cluster: Arc<Cluster>,
    state: Mutex<State>,
}

struct State {
    shown: Shown,
    identity: Identity,
    read_at: Instant,
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
            }),
        })
    }

    pub(super) fn shown(&self) -> Shown {
        self.state().shown.clone()
    }

    pub(super) fn identity(&self) -> Identity {
        self.state().identity.clone()
    }

    /// Reads the secrets again, unless that was a moment ago. What cannot be read or
    /// sent leaves what there is. Returns whether others are shown from now on.
    pub(super) async fn renew(&self) -> bool {
        let now = Instant::now();
        {
            let mut state = self.state();
            if now.duration_since(state.read_at) < READ_EVERY {
                return false;
            }
            state.read_at = now;
        }
        let cluster = Arc::clone(&self.cluster);
        let read = tokio::task::spawn_blocking(move || {
            let cluster = read_again(&cluster)?;
            let shown = Shown::new(&cluster).ok()?;
            Some((shown, cluster.tls.identity_pem))
        });
        let Ok(Some((shown, pem))) = read.await else {
            return false;
        };
        let mut state = self.state();
        let has_other_headers = shown.headers != state.shown.headers;
        state.shown = shown;
        let text = |pem: &Option<Secret>| pem.as_ref().map(|pem| pem.expose().to_owned());
        let has_other_identity = text(&pem) != text(&state.identity.pem);
        if has_other_identity {
            state.identity.pem = pem;
            state.identity.changes += 1;
        }
        has_other_headers || has_other_identity
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn new(cluster: &Cluster) -> Result<Self, RestError> {
        let shown = access::Shown::of(cluster)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &shown.headers {
            // What the core takes is a header's name and value.
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            if let (Ok(name), Ok(mut value)) = (name, value) {
                value.set_sensitive(true);
                headers.append(name, value);
            }
        }
        Ok(Self {
            headers,
            redactor: shown.redactor,
        })
    }
}

/// The cluster with its secrets as they are now where they come from; none if one of
/// them cannot be read.
fn read_again(cluster: &Cluster) -> Option<Cluster> {
    let read = |origin: &Origin| match origin {
        Origin::Env(name) => std::env::var(name).ok(),
        Origin::File(path) => {
            let bytes = file::read(path, MOST_SECRET_BYTES).ok()?;
            String::from_utf8(bytes).ok()
        }
        _ => None,
    };
    cluster.clone().renewed(read).ok()
}
