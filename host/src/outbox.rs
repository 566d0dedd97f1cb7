//! The outbox: messages the host has accepted and not yet reported on.
//!
//! It bounds their number and their bytes; while it is full, accepting waits.
//! Messages get sequence numbers in the order they come in, and a flush waits
//! for every number given out before it. It lives in memory: what it holds is
//! lost with the process.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::Instant,
};

use crate::record::Message;

/// Most entries taken from the queue in one go.
const RECEIVED_AT_ONCE: usize = 1_024;

/// How much the outbox holds before accepting waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Most messages; at least one is always let in.
    pub messages: usize,
    /// Most bytes of keys, headers and values. A message above it is let in
    /// once the outbox is empty.
    pub bytes: usize,
}

impl Default for OutboxLimits {
    /// 10,000 messages and 64 MiB.
    fn default() -> Self {
        Self {
            messages: 10_000,
            bytes: 64 << 20,
        }
    }
}

/// A message with its place in the outbox.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) message: Message,
    /// Its number, in the order accepted.
    pub(crate) sequence: u64,
    /// When it was accepted; its time to live counts from here.
    pub(crate) since: Instant,
    /// The room it takes.
    pub(crate) room: Room,
}

/// Room taken in the outbox; dropping it lets the next message in.
#[derive(Debug)]
pub(crate) struct Room {
    _message: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

#[expect(clippy::large_enum_variant, reason = "nearly all entries are messages")]
enum Entry {
    Message {
        message: Message,
        since: Instant,
        room: Room,
    },
    Flush(oneshot::Sender<()>),
}

/// Makes an outbox: the end that accepts and the end that delivers.
pub(crate) fn outbox(limits: OutboxLimits) -> (Intake, Outbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let most_bytes = u32::try_from(limits.bytes.clamp(1, Semaphore::MAX_PERMITS));
    let most_bytes = most_bytes.unwrap_or(u32::MAX);
    let messages = limits.messages.clamp(1, Semaphore::MAX_PERMITS);
    let intake = Intake {
        messages: Arc::new(Semaphore::new(messages)),
        bytes: Arc::new(Semaphore::new(most_bytes as usize)),
        most_bytes,
        entries: sender,
    };
    let outbox = Outbox {
        entries: receiver,
        next: 0,
        open: BTreeSet::new(),
        flushes: VecDeque::new(),
    };
    (intake, outbox)
}

/// The end that accepts messages.
pub(crate) struct Intake {
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    most_bytes: u32,
    entries: mpsc::UnboundedSender<Entry>,
}

impl Intake {
    /// Accepts a message; waits while the outbox is full, first come first
    /// served. A call dropped while it waits has accepted nothing.
    pub(crate) async fn accept(&self, message: Message) {
        let size = u32::try_from(message.record.size()).unwrap_or(u32::MAX);
        let size = size.min(self.most_bytes);
        let slot = Arc::clone(&self.messages).acquire_owned().await;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(size).await;
        let (Ok(slot), Ok(bytes)) = (slot, bytes) else {
            unreachable!("the outbox's semaphores are never closed");
        };
        self.send(Entry::Message {
            message,
            since: Instant::now(),
            room: Room {
                _message: slot,
                _bytes: bytes,
            },
        });
    }

    /// Waits until every message accepted before is settled.
    pub(crate) async fn flush(&self) {
        let (settled, wait) = oneshot::channel();
        self.send(Entry::Flush(settled));
        // An error means that the other end is gone: nothing is left to wait for.
        wait.await.ok();
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
    next: u64,
    open: BTreeSet<u64>,
    flushes: VecDeque<(u64, oneshot::Sender<()>)>,
}

impl Outbox {
    /// Waits for messages and numbers them; none when the other end is gone and
    /// everything was received. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Option<Vec<Accepted>> {
        let mut entries = Vec::new();
        let count = self.entries.recv_many(&mut entries, RECEIVED_AT_ONCE).await;
        (count > 0).then(|| self.number(entries))
    }

    /// Takes what is there without waiting, and lets nothing in any more.
    pub(crate) fn close(&mut self) -> Vec<Accepted> {
        self.entries.close();
        let entries = std::iter::from_fn(|| self.entries.try_recv().ok()).collect();
        self.number(entries)
    }

    fn number(&mut self, entries: Vec<Entry>) -> Vec<Accepted> {
        let mut accepted = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Message {
                    message,
                    since,
                    room,
                } => {
                    self.open.insert(self.next);
                    accepted.push(Accepted {
                        message,
                        sequence: self.next,
                        since,
                        room,
                    });
                    self.next += 1;
                }
                Entry::Flush(settled) => self.flushes.push_back((self.next, settled)),
            }
        }
        self.answer_flushes();
        accepted
    }

    /// Notes that what became of a message is known for good.
    pub(crate) fn settle(&mut self, sequence: u64) {
        self.open.remove(&sequence);
        self.answer_flushes();
    }

    /// Whether every message received is settled.
    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether someone waits for messages to be settled.
    pub(crate) fn is_flushing(&self) -> bool {
        !self.flushes.is_empty()
    }

    fn answer_flushes(&mut self) {
        let oldest = self.open.first().copied().unwrap_or(self.next);
        while let Some((_, settled)) = self.flushes.pop_front_if(|(end, _)| *end <= oldest) {
            // An error means that the caller no longer waits.
            settled.send(()).ok();
        }
    }
}
