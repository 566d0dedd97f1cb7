//! The word that records wait to be sent again.

use std::time::Duration;

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
