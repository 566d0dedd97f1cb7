//! The outbox: records the host has accepted and that have not ended.
//!
//! It bounds their number and their bytes; while it is full, accepting waits, but
//! for a cluster of several only as long as that cluster makes progress.
//! A [`Store`] keeps them and numbers them in the order they come in: in memory, where
//! they are lost with the process, or in a file. A flush waits for every number given
//! out before it.

mod claim;
mod error;
mod intake;
mod letter;
mod memory;
mod room;
mod seen;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::{mpsc, oneshot};

#[cfg(test)]
pub(crate) use self::store::{Done, StoreFuture, Watcher};
pub(crate) use self::{
    claim::{Claim, Claimed},
    intake::{Entered, Intake, Taken, outbox, warn_of_lost},
    letter::Redecided,
    memory::MemoryStore,
    room::{Room, Rooms},
    sqlite::SqliteStore,
    store::{Backlog, Change, End, LaneId, Store},
};
pub use self::{
    error::{Closed, StoreError},
    intake::{Acceptance, NotAccepted},
    letter::{DeadEvent, DeadLetter, Death, Filter, Replayed, StoredEvent},
    sqlite::{
        ClusterStats, EventStats, OutboxAdmin, OutboxRecord, OutboxStats, OutboxTotals, RecordState,
    },
};
pub(crate) use crate::limits::{OutboxFile, OutboxLimits};
use crate::record::StoredRecord;

/// Most entries taken from the queue in one go.
const RECEIVED_AT_ONCE: usize = 1_024;

/// Most records of a lane that are taken on by a process; the others wait in the store
/// and were sent by nobody. Two rounds of full POSTs at the defaults, so that the store
/// is asked while there is enough to send.
pub(crate) const WINDOW: usize = 4_000;

/// The last number that a store has given out, as far as something waits under it.
fn newest(lanes: &[Backlog]) -> u64 {
    lanes.iter().map(|lane| lane.newest).max().unwrap_or(0)
}

/// What became of the records that ended since the last flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flushed {
    /// Records that were delivered.
    pub delivered: u64,
    /// Records that were given up.
    pub dead: u64,
}

/// The records that are accepted and have not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// How many there are.
    pub records: u64,
    /// Bytes of their keys, headers and values.
    pub bytes: u64,
    /// When the oldest was accepted, in milliseconds since 1970.
    pub oldest_ms: Option<u64>,
}

/// A record that the store has, on its way to the dispatcher.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Its number in the store.
    pub(crate) number: u64,
    /// What the store has; its bytes are shared with it.
    pub(crate) stored: StoredRecord,
    /// The room it takes.
    pub(crate) room: Option<Room>,
}

/// What comes to the end that delivers.
#[derive(Debug)]
pub(crate) enum Received {
    /// Records that came in.
    Accepted(Vec<Accepted>),
    /// Somebody else has changed what waits.
    Changed(Change),
    /// The store takes nothing more.
    Stopped,
}

enum Entry {
    Received(Received),
    Flush(oneshot::Sender<Flushed>),
}

/// The end that delivers.
pub(crate) struct Outbox {
    entries: mpsc::UnboundedReceiver<Entry>,
    left: Vec<Backlog>,
    /// The last number received.
    last: u64,
    open: BTreeSet<u64>,
    flushes: VecDeque<(u64, oneshot::Sender<Flushed>)>,
    ended: Flushed,
}

impl Outbox {
    fn new(entries: mpsc::UnboundedReceiver<Entry>, left: Vec<Backlog>) -> Self {
        Self {
            entries,
            last: newest(&left),
            left,
            open: BTreeSet::new(),
            flushes: VecDeque::new(),
            ended: Flushed::default(),
        }
    }

    /// What an earlier process left in the store.
    pub(crate) fn left(&mut self) -> Vec<Backlog> {
        std::mem::take(&mut self.left)
    }

    /// Waits for records; none when the other end is gone and everything was
    /// received. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Option<Vec<Received>> {
        let mut entries = Vec::new();
        let count = self.entries.recv_many(&mut entries, RECEIVED_AT_ONCE).await;
        (count > 0).then(|| self.note(entries))
    }

    /// Takes what is there without waiting, and lets nothing in any more.
    pub(crate) fn close(&mut self) -> Vec<Received> {
        self.entries.close();
        let entries = std::iter::from_fn(|| self.entries.try_recv().ok()).collect();
        self.note(entries)
    }

    fn note(&mut self, entries: Vec<Entry>) -> Vec<Received> {
        let mut received = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Received(one) => {
                    match &one {
                        Received::Accepted(accepted) => {
                            for one in accepted {
                                self.last = self.last.max(one.number);
                                self.open.insert(one.number);
                            }
                        }
                        Received::Changed(change) => {
                            self.last = self.last.max(newest(&change.lanes));
                        }
                        Received::Stopped => {}
                    }
                    received.push(one);
                }
                Entry::Flush(settled) => self.flushes.push_back((self.last + 1, settled)),
            }
        }
        received
    }

    /// Notes a record that the store had.
    pub(crate) fn reopen(&mut self, number: u64) {
        self.open.insert(number);
    }

    /// Notes that a record had ended before it was received, or is left in the store.
    pub(crate) fn forget(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// Notes that a record has ended.
    pub(crate) fn settle(&mut self, number: u64, is_delivered: bool) {
        self.open.remove(&number);
        if is_delivered {
            self.ended.delivered += 1;
        } else {
            self.ended.dead += 1;
        }
    }

    /// Whether every record received has ended.
    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether someone waits for records to end.
    pub(crate) fn is_flushing(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// Answers all flushes: nothing ends any more.
    pub(crate) fn answer_all_flushes(&mut self) {
        while let Some((_, settled)) = self.flushes.pop_front() {
            // An error means that the caller no longer waits.
            settled.send(std::mem::take(&mut self.ended)).ok();
        }
    }

    /// Answers the flushes before which no record is open, nor left in the store: the
    /// least number that one there may have is asked for.
    pub(crate) fn answer_flushes(&mut self, oldest_left: impl FnOnce() -> Option<u64>) {
        if self.flushes.is_empty() {
            return;
        }
        let open = self.open.first().copied();
        let oldest = open.into_iter().chain(oldest_left()).min();
        let oldest = oldest.unwrap_or(u64::MAX);
        while let Some((_, settled)) = self.flushes.pop_front_if(|(end, _)| *end <= oldest) {
            // An error means that the caller no longer waits.
            settled.send(std::mem::take(&mut self.ended)).ok();
        }
    }
}
