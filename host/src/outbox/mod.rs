//! The outbox: records the host has accepted and that have not ended.
//!
//! It bounds their number and their bytes; while it is full, accepting waits.
//! A [`Store`] keeps them and numbers them in the order they come in; the one in
//! memory is lost with the process. A flush waits for every number given out
//! before it.

mod memory;
mod room;
mod store;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    iter::Peekable,
    sync::Arc,
    vec,
};

use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};

pub(crate) use self::room::{Room, Rooms};
#[cfg(test)]
pub(crate) use self::store::StoreFuture;
pub(crate) use self::{
    memory::MemoryStore,
    store::{End, LaneId, Store},
};
pub use self::{
    room::Closed,
    store::{DeadLetter, Death, Filter, StoreError},
};
pub(crate) use crate::limits::OutboxLimits;
use crate::record::StoredRecord;

/// Most entries taken from the queue in one go.
const RECEIVED_AT_ONCE: usize = 1_024;

/// What became of the records that ended since the last flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flushed {
    /// Records that were delivered.
    pub delivered: u64,
    /// Records that were given up.
    pub dead: u64,
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

/// Records were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct NotAccepted {
    /// How many of them were, the first ones.
    pub accepted: usize,
    /// Why the others were not.
    pub error: StoreError,
}

enum Entry {
    Accepted(Vec<Accepted>),
    Flush(oneshot::Sender<Flushed>),
}

/// Makes an outbox: the end that accepts and the end that delivers.
pub(crate) fn outbox(
    store: Arc<dyn Store>,
    limits: OutboxLimits,
    is_shared: bool,
) -> (Intake, Outbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let order = Arc::new(Mutex::new(()));
    let closed = Arc::clone(&order).try_lock_owned().ok();
    let intake = Intake {
        rooms: Rooms::new(limits, is_shared),
        store,
        entries: sender,
        order,
    };
    let outbox = Outbox {
        entries: receiver,
        closed,
        last: 0,
        open: BTreeSet::new(),
        flushes: VecDeque::new(),
        ended: Flushed::default(),
    };
    (intake, outbox)
}

/// Records on their way in. Those that are left when it ends are lost: the outbox is
/// closed, its store fails, or nobody waits for them any more.
struct Entering {
    records: Peekable<vec::IntoIter<StoredRecord>>,
    why: StoreError,
}

impl Entering {
    fn new(records: Vec<StoredRecord>) -> Self {
        Self {
            records: records.into_iter().peekable(),
            why: Closed.into(),
        }
    }

    fn refused(&mut self, accepted: usize, error: StoreError) -> NotAccepted {
        self.why = error.clone();
        NotAccepted { accepted, error }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        for record in &mut self.records {
            lost(&record, &self.why);
        }
    }
}

fn lost(record: &StoredRecord, why: &StoreError) {
    warn_of_lost((&record.event, &record.trigger, record.queue), why);
}

/// Says that a record of this event, trigger and queue did not come into the outbox.
pub(crate) fn warn_of_lost((event, trigger, queue): (&str, &str, u32), why: &StoreError) {
    let code = why.code();
    tracing::warn!(event, trigger, queue, code, "a record is lost: {why}");
}

/// The end that accepts records.
pub(crate) struct Intake {
    rooms: Arc<Rooms>,
    store: Arc<dyn Store>,
    entries: mpsc::UnboundedSender<Entry>,
    /// Held while records get their numbers and are handed on.
    order: Arc<Mutex<()>>,
}

impl Intake {
    /// Accepts records in order; waits while the outbox is full. Those for which
    /// there is room at once go into the store together.
    pub(crate) async fn accept(&self, records: Vec<StoredRecord>) -> Result<(), NotAccepted> {
        let mut accepted = 0;
        let mut entering = Entering::new(records);
        while let Some(first) = entering.records.peek() {
            let room = self.rooms.take(&first.cluster(), first.record.size()).await;
            let room = room.map_err(|closed| entering.refused(accepted, closed.into()))?;
            let (mut batch, mut rooms) = (Vec::from_iter(entering.records.next()), vec![room]);
            while let Some(next) = entering.records.peek()
                && let Some(room) = self.rooms.try_take(&next.cluster(), next.record.size())
            {
                rooms.push(room);
                batch.extend(entering.records.next());
            }
            let count = batch.len();
            let appended = self.append(batch, rooms).await;
            appended.map_err(|error| entering.refused(accepted, error))?;
            accepted += count;
        }
        Ok(())
    }

    async fn append(&self, batch: Vec<StoredRecord>, rooms: Vec<Room>) -> Result<(), StoreError> {
        let order = self.order.lock().await;
        let numbers = self.store.append(batch.clone()).await;
        let numbers = numbers.inspect_err(|error| batch.iter().for_each(|one| lost(one, error)))?;
        let accepted = numbers.into_iter().zip(batch).zip(rooms);
        let accepted = accepted.map(|((number, stored), room)| Accepted {
            number,
            stored,
            room: Some(room),
        });
        self.send(Entry::Accepted(accepted.collect()));
        drop(order);
        Ok(())
    }

    /// Makes dead letters waiting records again; says how many.
    pub(crate) async fn replay(&self, filter: &Filter, now_ms: u64) -> Result<usize, StoreError> {
        let order = self.order.lock().await;
        let replayed = self.store.replay(filter, now_ms).await?;
        let count = replayed.len();
        let accepted = replayed.into_iter().map(|(number, stored)| Accepted {
            number,
            stored,
            room: None,
        });
        self.send(Entry::Accepted(accepted.collect()));
        drop(order);
        Ok(count)
    }

    /// Waits until every record accepted before has ended.
    pub(crate) async fn flush(&self) -> Flushed {
        let (settled, wait) = oneshot::channel();
        self.send(Entry::Flush(settled));
        // An error means that the other end is gone: nothing is left to wait for.
        wait.await.unwrap_or_default()
    }

    /// Says whether several clusters share the outbox from now on.
    pub(crate) fn share(&self, is_shared: bool) {
        self.rooms.share(is_shared);
    }

    /// Lets nothing in any more: who waits for room is told.
    pub(crate) fn close(&self) {
        self.rooms.close();
    }

    fn send(&self, entry: Entry) {
        if self.entries.send(entry).is_err() {
            tracing::error!("the runtime that delivers has ended; nothing is delivered any more");
        }
    }
}

/// The end that delivers.
pub(crate) struct Outbox {
    entries: mpsc::UnboundedReceiver<Entry>,
    /// Keeps the other end from numbering records before this one has read what
    /// the store had.
    closed: Option<OwnedMutexGuard<()>>,
    /// The last number received.
    last: u64,
    open: BTreeSet<u64>,
    flushes: VecDeque<(u64, oneshot::Sender<Flushed>)>,
    ended: Flushed,
}

impl Outbox {
    /// Waits for records; none when the other end is gone and everything was
    /// received. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Option<Vec<Accepted>> {
        let mut entries = Vec::new();
        let count = self.entries.recv_many(&mut entries, RECEIVED_AT_ONCE).await;
        (count > 0).then(|| self.note(entries))
    }

    /// Takes what is there without waiting, and lets nothing in any more.
    pub(crate) fn close(&mut self) -> Vec<Accepted> {
        self.entries.close();
        let entries = std::iter::from_fn(|| self.entries.try_recv().ok()).collect();
        self.note(entries)
    }

    fn note(&mut self, entries: Vec<Entry>) -> Vec<Accepted> {
        let mut received = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Accepted(accepted) => {
                    for one in accepted {
                        self.last = self.last.max(one.number);
                        self.open.insert(one.number);
                        received.push(one);
                    }
                }
                Entry::Flush(settled) => self.flushes.push_back((self.last + 1, settled)),
            }
        }
        received
    }

    /// Lets records in.
    pub(crate) fn open(&mut self) {
        self.closed = None;
    }

    /// Notes that the store had records up to this number before anything came in.
    pub(crate) fn resume(&mut self, newest: u64) {
        self.last = self.last.max(newest);
    }

    /// Notes a record that the store had.
    pub(crate) fn reopen(&mut self, number: u64) {
        self.open.insert(number);
    }

    /// Notes that a record had ended before it was received.
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
