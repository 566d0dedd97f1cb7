//! What it takes to write records somewhere: the [`Publisher`] trait.

use std::{future::Future, pin::Pin, time::Duration};

use action_triggers_core::{delivery::Terms, rest::check::check_size};

pub(crate) use crate::verdict::{Reason, Verdict};
use crate::{
    cluster::{Cluster, ClusterId},
    record::Record,
};

/// Records for one topic of one cluster, to be written together, in this order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The cluster to write to.
    pub cluster: ClusterId,
    /// The topic to write to.
    pub topic: String,
    /// The records; at least one.
    pub records: Vec<Record>,
    /// Bounds the attempt; the cluster's `request_timeout` bounds it as well.
    pub timeout: Option<Duration>,
}

impl Batch {
    /// Records for a topic, with nothing but the cluster's own bound on the attempt.
    pub fn new(cluster: ClusterId, topic: impl Into<String>, records: Vec<Record>) -> Self {
        Self {
            cluster,
            topic: topic.into(),
            records,
            timeout: None,
        }
    }
}

/// A boxed future, so that publishers can be trait objects.
pub type PublishFuture<'a> = Pin<Box<dyn Future<Output = Vec<Verdict>> + Send + 'a>>;

/// Writes batches, and knows by which rules. [`crate::rest::RestPublisher`] is the
/// one that ships.
pub trait Publisher: Send + Sync + 'static {
    /// Makes one attempt to write a batch and says what became of each record:
    /// one verdict per record, in order. Never retries by itself.
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a>;

    /// Whether a record can ever be written to a topic of a cluster: asked when it is
    /// accepted. Any can that is within the cluster's `max_record_bytes`, unless the
    /// publisher has other rules.
    ///
    /// # Errors
    ///
    /// The rule that it breaks; the record is refused with that code.
    fn check(&self, cluster: &Cluster, topic: &str, record: &Record) -> Result<(), Reason> {
        check_size(cluster, topic, record)
    }

    /// By which rules records go to a topic; those of a cluster with the
    /// defaults, unless the publisher has others.
    fn terms(&self, _cluster: &ClusterId, _topic: &str) -> Terms {
        Terms::default()
    }

    /// Bytes that a record takes in a batch; its own, unless the publisher wraps
    /// it into more.
    fn size(&self, _cluster: &ClusterId, record: &Record) -> usize {
        record.size()
    }

    /// Whether records to a cluster may have headers, so that each can carry its
    /// name in one.
    fn has_headers(&self, _cluster: &ClusterId) -> bool {
        false
    }

    /// How many clusters it reaches. Where there are several, none may fill the
    /// whole outbox.
    fn clusters(&self) -> usize {
        1
    }
}
