//! What it takes to write records somewhere: the [`Publisher`] trait.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

pub use crate::verdict::{Reason, Verdict};
use crate::{cluster::Cluster, record::Record};

/// Records for one topic of one cluster, to be written together, in this order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The cluster to write to.
    pub cluster: Arc<Cluster>,
    /// The topic to write to.
    pub topic: String,
    /// The records; at least one.
    pub records: Vec<Record>,
    /// Bounds the attempt; the cluster's `request_timeout` bounds it as well.
    pub timeout: Option<Duration>,
}

/// A boxed future, so that publishers can be trait objects.
pub type PublishFuture<'a> = Pin<Box<dyn Future<Output = Vec<Verdict>> + Send + 'a>>;

/// Writes batches. [`crate::rest::RestPublisher`] is the one that ships.
pub trait Publisher: Send + Sync + 'static {
    /// Makes one attempt to write a batch and says what became of each record:
    /// one verdict per record, in order. Never retries by itself.
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a>;
}
