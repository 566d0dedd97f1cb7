//! What all requests share.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use action_triggers_host::{Config, Runtime, Service, decode::Decoder};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio_rustls::TlsAcceptor;

use super::{
    body::{Bounds, Budget},
    metrics::Metrics,
};
use crate::lines::Names;

/// What all requests share.
pub(super) struct Server {
    pub(super) runtime: Runtime,
    pub(super) metrics: Arc<Metrics>,
    pub(super) budget: Budget,
    rules: RwLock<Arc<Rules>>,
    is_stopping: AtomicBool,
}

/// What a reload may change.
pub(super) struct Rules {
    pub(super) service: Service,
    pub(super) names: Names,
    /// Takes bodies apart as `sources` says.
    pub(super) decoder: Decoder,
    /// None for plain HTTP.
    pub(super) tls: Option<TlsAcceptor>,
}

impl Server {
    pub(super) fn new(runtime: Runtime, config: &Config, tls: Option<TlsAcceptor>) -> Self {
        let rules = Rules::of(&runtime, config, tls);
        Self {
            runtime,
            metrics: Arc::new(Metrics::default()),
            budget: Budget::new(rules.service.max_body_bytes),
            rules: RwLock::new(Arc::new(rules)),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// The rules of now.
    pub(super) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other rules in place. Whether there is TLS stays as it was from the start.
    pub(super) fn replace(&self, config: &Config, tls: Option<TlsAcceptor>) {
        let mut now = Rules::of(&self.runtime, config, tls);
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        now.tls = now
            .tls
            .filter(|_| rules.tls.is_some())
            .or(rules.tls.clone());
        *rules = Arc::new(now);
    }

    /// Notes that no more requests are wanted.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

impl Rules {
    fn of(runtime: &Runtime, config: &Config, tls: Option<TlsAcceptor>) -> Self {
        Self {
            service: config.service().clone(),
            names: Names::new(&runtime.loaded()),
            decoder: config.decoder(),
            tls,
        }
    }

    /// Whether a caller with this header may ask. How long it takes says nothing of how
    /// much of the token is right.
    pub(super) fn admits(&self, authorization: Option<&[u8]>) -> bool {
        let Some(token) = &self.service.token else {
            return true;
        };
        let shown = authorization.and_then(|shown| {
            let (scheme, shown) = shown.split_at_checked(b"Bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then_some(shown)
        });
        let digest = |bytes: &[u8]| Sha256::digest(bytes);
        let (shown, token) = (
            digest(shown.unwrap_or_default()),
            digest(token.expose().as_bytes()),
        );
        shown.ct_eq(&token).into()
    }

    /// What bounds a body.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            most_bytes: self.service.max_body_bytes,
            time: self.service.client_timeout,
        }
    }
}
