//! Where accepted records are kept until they have ended, and dead letters
//! longer.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{
    error::StoreError,
    letter::{DeadEvent, DeadLetter, Death, Filter, Redecided, StoredEvent},
};
use crate::{cluster::ClusterId, record::StoredRecord};

/// A boxed future, so that stores can be trait objects.
pub(crate) type StoreFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a store calls once about records that were handed to it, with them.
pub(crate) type Done = Box<dyn FnOnce(Vec<StoredRecord>, Result<Vec<Appended>, StoreError>) + Send>;

/// Hears what changed in a store otherwise than by [`Store::append`] and
/// [`Store::settle`].
pub(crate) type Watcher = Box<dyn Fn(Change) + Send + Sync>;

/// Keeps records. What it has called appended is kept until it is settled, whatever
/// happens to the process, as far as the store outlives it.
pub(crate) trait Store: Send + Sync + 'static {
    /// Takes records, and events of which something failed as dead letters: all of them
    /// or none. Numbers records in their order, above every number given before. Calls of
    /// one thread are taken in their order, and every `done` is called in the order of
    /// the numbers.
    fn append(&self, records: Vec<StoredRecord>, events: Vec<StoredEvent>, done: Done);

    /// Tells of changes from now on, in one order with what `append` calls.
    fn watch(&self, watcher: Watcher);

    /// What an earlier process left: what waited when the store was opened.
    fn left(&self) -> Vec<Backlog>;

    /// What waits now.
    fn waiting(&self) -> StoreFuture<'_, Change>;

    /// When the oldest record that waits now was accepted, in milliseconds since 1970.
    fn oldest(&self) -> StoreFuture<'_, Option<u64>>;

    /// The waiting records of a lane with numbers above `after`, in order, at most
    /// `most`; fewer where they are large, and none only where there are none.
    fn next<'a>(
        &'a self,
        lane: &'a LaneId,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<(u64, StoredRecord)>>;

    /// What is written of waiting records, in the order asked for; none for one that
    /// somebody else has ended.
    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<Option<StoredRecord>>>;

    /// Ends records: delivered ones are forgotten, dead ones kept for a while. Ends that it
    /// cannot take now it takes with the next that it can, if its error is not final; to ask
    /// with none is to try again.
    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()>;

    /// Notes that attempts may have written these records.
    fn doubt(&self, numbers: Vec<u64>) -> StoreFuture<'_, ()>;

    /// The dead letters that pass a filter, oldest first.
    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>>;

    /// Makes dead letters that pass a filter waiting records again, under new numbers
    /// and with a time to live from now on; says how many.
    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, usize>;

    /// The oldest events with numbers above `after` that were given up and pass a
    /// filter; some of them, and none only where there are none.
    fn events(&self, filter: &Filter, after: u64) -> StoreFuture<'_, Vec<DeadEvent>>;

    /// Takes what events that were given up came to when they were decided again. Says
    /// of each whether something of it failed again; none where somebody else has taken
    /// the event meanwhile.
    fn redeem(&self, redecided: Vec<Redecided>, now_ms: u64) -> StoreFuture<'_, Vec<Option<bool>>>;

    /// Holds a cluster's lanes back, or lets them go on.
    fn hold(&self, cluster: &ClusterId, is_held: bool) -> StoreFuture<'_, ()>;

    /// Most bytes of dead letters that are kept: events that are larger together are not kept.
    fn most_dead_bytes(&self) -> u64;

    /// Ends the work of this process; attempts under way may have written `in_flight`.
    fn close(&self, in_flight: Vec<u64>) -> StoreFuture<'_, ()>;

    /// Whether it outlives the process.
    fn is_durable(&self) -> bool;
}

/// What became of a record that was handed to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It waits under this number.
    New(u64),
    /// The store had it before.
    Duplicate,
    /// The store had another record of this name before.
    Reused,
}

/// What waits in a store, and what is held back, after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The lanes that have waiting records.
    pub(crate) lanes: Vec<Backlog>,
    /// The clusters that are held back.
    pub(crate) held: Vec<ClusterId>,
    /// How many records, and bytes of them, came or went with this change.
    pub(crate) moved: Vec<(ClusterId, i64, i64)>,
}

/// The waiting records of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// The lane.
    pub(crate) lane: LaneId,
    /// The number of its last one, at least.
    pub(crate) newest: u64,
    /// How many there are.
    pub(crate) records: u64,
    /// Bytes of their keys, headers and values.
    pub(crate) bytes: u64,
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
