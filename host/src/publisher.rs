//! What it takes to write records somewhere: the [`Publisher`] trait and its
//! verdicts.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

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

/// What became of one record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Written.
    Delivered {
        /// The partition it lies in; none where the proxy does not tell
        /// (Karapace names a wrong one for empty values, Redpanda answers per
        /// partition, not per record).
        partition: Option<u32>,
        /// Its offset there; none for the same causes.
        offset: Option<u64>,
    },
    /// Not written; may succeed later.
    Retriable(Reason),
    /// Not written, and never will be.
    Permanent(Reason),
    /// Not written, because the proxy refused the whole batch: one of its
    /// records may be to blame, or each. Send it again in a smaller batch at
    /// once (halves find the culprit); it is no failure of this record yet. A
    /// batch of one never gets this verdict.
    Alone(Reason),
    /// Perhaps written: a retry may duplicate it.
    Unknown(Reason),
}

/// Why a record is not known to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable, such as `too_large`.
    pub code: &'static str,
    /// For a person: what happened, and what the proxy said (shortened).
    pub message: String,
    /// When the proxy asked for a pause (`Retry-After`).
    pub retry_after: Option<Duration>,
}

/// A boxed future, so that publishers can be trait objects.
pub type PublishFuture<'a> = Pin<Box<dyn Future<Output = Vec<Verdict>> + Send + 'a>>;

/// Writes batches. [`crate::kafka_rest::RestPublisher`] is the one that ships.
pub trait Publisher: Send + Sync + 'static {
    /// Makes one attempt to write a batch and says what became of each record:
    /// one verdict per record, in order. Never retries by itself.
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a>;
}
