//! The word that records wait to be sent again.

use std::time::Duration;

use tokio::sync::broadcast;

use crate::{cluster::ClusterId, publisher::Reason};

/// Records to a topic have to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// The cluster.
    pub cluster: ClusterId,
    /// The topic.
    pub topic: String,
    /// Why.
    pub reason: Reason,
    /// How long it is until something is tried next.
    pub next_attempt: Duration,
}

/// Word of retries from the time of the subscription on.
#[derive(Debug)]
pub struct Retries(broadcast::Receiver<Retry>);

impl Retries {
    pub(super) fn new(receiver: broadcast::Receiver<Retry>) -> Self {
        Self(receiver)
    }

    /// Waits for the next one; none after the last. Whoever is slow misses some.
    pub async fn recv(&mut self) -> Option<Retry> {
        loop {
            match self.0.recv().await {
                Ok(retry) => return Some(retry),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
