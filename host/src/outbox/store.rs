//! Where accepted records are kept until they have ended, and dead letters
//! longer.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{cluster::ClusterId, record::StoredRecord};

/// A boxed future, so that stores can be trait objects.
pub(crate) type StoreFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps records. What [`append`](Store::append) has returned for is kept until
/// it is settled, whatever happens to the process, as far as the store outlives it.
pub(crate) trait Store: Send + Sync + 'static {
    /// Takes records, all of them or none, and numbers them in their order, above
    /// every number given before.
    fn append(&self, records: Vec<StoredRecord>) -> StoreFuture<'_, Vec<u64>>;

    /// The lanes that have waiting records, each with the number of its last one.
    fn lanes(&self) -> StoreFuture<'_, Vec<(LaneId, u64)>>;

    /// The waiting records of a lane with numbers above `after`, in order, at most
    /// `most`.
    fn next<'a>(
        &'a self,
        lane: &'a LaneId,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<(u64, StoredRecord)>>;

    /// What is written of waiting records, in the order asked for; a record that
    /// is not there is an error.
    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<StoredRecord>>;

    /// Ends records: delivered ones are forgotten, dead ones kept for a while.
    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()>;

    /// The dead letters that pass a filter, oldest first.
    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>>;

    /// Makes dead letters that pass a filter waiting records again, under new
    /// numbers and with a time to live from now on; gives them.
    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, Vec<(u64, StoredRecord)>>;
}

/// Names a lane: the records on their way to one topic of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LaneId {
    /// The cluster.
    pub(crate) cluster: ClusterId,
    /// The topic.
    pub(crate) topic: Arc<str>,
}

impl LaneId {
    /// The lane of a record.
    pub(crate) fn of(record: &StoredRecord) -> Self {
        Self {
            cluster: record.cluster(),
            topic: Arc::from(&*record.topic),
        }
    }

    /// Whether a record is of this lane.
    pub(crate) fn has(&self, record: &StoredRecord) -> bool {
        *self.topic == *record.topic
            && *self.cluster.bootstrap_servers == *record.bootstrap_servers
            && *self.cluster.tenant == *record.tenant
    }
}

/// How a record ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is written.
    Delivered,
    /// It was given up.
    Dead(Death),
}

/// Why and when a record was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Death {
    /// Stable, such as `time_to_live_exceeded`.
    pub code: String,
    /// For a person.
    pub message: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What the last attempt came to, if one failed.
    pub last_answer: Option<String>,
    /// When, in milliseconds since 1970.
    pub died_ms: u64,
}

/// A record that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The number that it had.
    pub number: u64,
    /// The record.
    pub record: StoredRecord,
    /// Why and when it was given up.
    pub death: Death,
}

/// Which dead letters are meant; all, unless something is asked of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this trigger.
    pub trigger: Option<String>,
    /// For this topic.
    pub topic: Option<String>,
    /// Given up with this code.
    pub code: Option<String>,
    /// At most so many, the oldest.
    pub limit: Option<usize>,
}

impl Filter {
    /// Whether a dead letter passes, its place among them aside.
    pub fn passes(&self, letter: &DeadLetter) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|w| w == text);
        is(&self.tenant, &letter.record.tenant)
            && is(&self.trigger, &letter.record.trigger)
            && is(&self.topic, &letter.record.topic)
            && is(&self.code, &letter.death.code)
    }
}

/// Why a store could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The outbox is closed.
    #[error(transparent)]
    Closed(#[from] super::Closed),
    /// A record is not, or no longer, in the store.
    #[error("record {0} is not in the outbox")]
    Missing(u64),
    /// The store itself failed.
    #[error("the outbox cannot be used: {0}")]
    Failed(String),
}

impl StoreError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed(_) => "shut_down",
            Self::Missing(_) | Self::Failed(_) => "outbox_failed",
        }
    }
}
