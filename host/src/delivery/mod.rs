//! Delivery: takes records from the [outbox](crate::outbox) to their topics and
//! reports what became of each.
//!
//! What is sent when is decided by a machine without a clock of its own,
//! [`action_triggers_core::delivery`], whose text says what may go wrong and what
//! happens then. One task, the dispatcher, drives it. POSTs run as tasks of their
//! own and come back with verdicts. What that adds to the machine's table:
//!
//! | Case | Answer |
//! |---|---|
//! | The publisher panics or answers for too few or too many | the batch's records are unknown, code `publisher_failed` |
//! | The store does not give records back | they are retriable, code `outbox_failed` |
//! | The store is slow to take what became of records | sending goes on; it is reported when the store has it |
//! | A topic has a long backlog | a window of it is taken on, and the rest stays in the store |
//! | The outbox is full | [`Delivery::accept`] waits |
//! | One of several clusters has no room left of its share and delivered nothing for `stalled_after` | its further records are refused at once, code `cluster_stalled`, until one is delivered or given up |
//! | Reports are not read | they wait in memory and keep their room in the outbox, so that accepting waits in the end; sending goes on |
//! | Nobody wants reports | delivery goes on without; a record that is given up is a `warn!` |
//! | Shutdown runs out of time | a store in a file keeps what is left for the next process; in memory it is failed, `shut_down`, or `outcome_unknown` where it may have been written |
//! | The store's disk did not keep what was written | nothing more is accepted or sent until a new start: what was sent meanwhile would be sent again; a flush ends |
//! | Somebody takes a record out of the store | failed, `purged` |
//! | A process was killed | the records that it had taken on may have been written |
//!
//! Delivery is at least once: what was unknown may be written twice. Where the
//! API has headers every record carries `action-triggers-id`, the JSON array
//! `[event, trigger, queue]`, for consumers to tell.

mod clock;
mod dispatcher;
mod reports;
mod retry;
mod settling;
#[cfg(test)]
mod tests;
mod verdicts;
mod windows;

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use action_triggers_core::delivery::{Backoff, Machine};
pub use action_triggers_core::delivery::{Delivered, DeliveryError};
use tokio::sync::{broadcast, oneshot};

use self::{clock::Clock, dispatcher::Dispatcher, reports::Subscribers};
pub use self::{
    reports::{Report, Reports},
    retry::{Retries, Retry},
};
use crate::{
    cluster::ClusterId,
    outbox::{
        Acceptance, Claim, Claimed, DeadEvent, DeadLetter, Entered, Filter, Flushed, Intake,
        MemoryStore, NotAccepted, OutboxFile, OutboxLimits, Redecided, SqliteStore, Store,
        StoreError, StoredEvent, Taken, Waiting, outbox,
    },
    outcome::FailedEvent,
    publisher::Publisher,
    record::{Message, StoredRecord},
};

/// How many retries may wait to be read.
const WAITING_RETRIES: usize = 64;

/// Delivers records in the background. Dropped without
/// [`shutdown`](Self::shutdown), it still delivers what it accepted, as long as
/// the tokio runtime lives.
pub struct Delivery {
    publisher: Arc<dyn Publisher>,
    store: Arc<dyn Store>,
    intake: Intake,
    clock: Clock,
    subscribers: Arc<Subscribers>,
    retries: broadcast::Sender<Retry>,
    stop: oneshot::Sender<oneshot::Sender<()>>,
}

impl Delivery {
    /// Starts delivering through `publisher` on the current tokio runtime, with
    /// an outbox in memory.
    ///
    /// # Panics
    ///
    /// When called outside a tokio runtime with a timer.
    pub fn start(publisher: Arc<dyn Publisher>, limits: OutboxLimits) -> Self {
        let backoff = Backoff::seeded(RandomState::new().hash_one(0));
        let store = Arc::new(MemoryStore::new(limits.dedup));
        Self::start_with(publisher, store, limits, backoff)
    }

    /// Starts delivering through `publisher` on the current tokio runtime, with an outbox
    /// in a file: what an earlier process left there first.
    ///
    /// # Errors
    ///
    /// The outbox cannot be opened, or another process has it.
    ///
    /// # Panics
    ///
    /// When called outside a tokio runtime with a timer.
    pub async fn start_in(
        file: OutboxFile,
        publisher: Arc<dyn Publisher>,
    ) -> Result<Self, StoreError> {
        let most_bytes = usize::try_from(file.max_bytes).unwrap_or(usize::MAX);
        let limits = OutboxLimits::new(usize::MAX, most_bytes);
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&file)).await;
        let stopped = |_| StoreError::Failed("the runtime is shutting down".to_owned());
        let store = Arc::new(opened.map_err(stopped)??);
        let backoff = Backoff::seeded(RandomState::new().hash_one(0));
        Ok(Self::start_with(publisher, store, limits, backoff))
    }

    /// Starts delivering through `publisher` on the current tokio runtime: what
    /// waits in `store` first.
    ///
    /// # Panics
    ///
    /// When called outside a tokio runtime with a timer.
    pub(crate) fn start_with(
        publisher: Arc<dyn Publisher>,
        store: Arc<dyn Store>,
        limits: OutboxLimits,
        backoff: Backoff,
    ) -> Self {
        let is_shared = publisher.clusters() > 1;
        let (intake, outbox, rooms) = outbox(Arc::clone(&store), limits, is_shared);
        let (stop, stopped) = oneshot::channel();
        let (clock, subscribers) = (Clock::new(), Subscribers::new());
        let (retries, _) = broadcast::channel(WAITING_RETRIES);
        let dispatcher = Dispatcher::new(
            (Arc::clone(&publisher), Arc::clone(&store)),
            (outbox, rooms),
            Machine::new(backoff),
            (clock, Arc::clone(&subscribers), retries.clone()),
        );
        tokio::spawn(dispatcher.run(stopped));
        Self {
            publisher,
            store,
            intake,
            clock,
            subscribers,
            retries,
            stop,
        }
    }

    /// Accepts records in order; waits while the outbox is full. From here on
    /// they are delivered or reported as given up. A call dropped while it waits
    /// has accepted the first of them and not the rest.
    ///
    /// # Errors
    ///
    /// Some are not accepted: their cluster is one of several, has no room left of
    /// its share and delivers nothing; or, with all that come after them, because the
    /// outbox is closed or its store fails.
    pub async fn accept(&self, messages: Vec<Message>) -> Result<Vec<Acceptance>, NotAccepted> {
        let entered = self.enter(messages, Vec::new()).await;
        let Taken {
            accepted, error, ..
        } = entered.taken().await;
        match error {
            None => Ok(accepted),
            Some(error) => Err(NotAccepted { accepted, error }),
        }
    }

    /// Hands records to the store in order, and events of which something failed, each
    /// behind so many of the records; waits while the outbox is full, and not for the
    /// store to have them.
    pub(crate) async fn enter(
        &self,
        messages: Vec<Message>,
        failed: Vec<(usize, FailedEvent)>,
    ) -> Entered {
        let now_ms = self.clock.now().unix_ms;
        let event = |(place, event)| (place, StoredEvent::new(event, now_ms));
        let events = failed.into_iter().map(event).collect();
        self.intake.enter(self.stored(messages), events).await
    }

    /// Room for records of a caller that does not wait for it.
    pub(crate) fn claim(&self) -> Claim {
        self.intake.claim()
    }

    /// Hands records to the store that have their room, and events of which something
    /// failed; waits for it to have all of them or none.
    pub(crate) async fn admit(
        &self,
        claimed: Vec<Claimed>,
        failed: Vec<FailedEvent>,
    ) -> Result<Taken, StoreError> {
        let now_ms = self.clock.now().unix_ms;
        let event = |event| StoredEvent::new(event, now_ms);
        let events = failed.into_iter().map(event).collect();
        self.intake.admit(claimed, events).await
    }

    /// Messages as they are stored, accepted now.
    pub(crate) fn stored(&self, messages: Vec<Message>) -> Vec<StoredRecord> {
        let now = self.clock.now();
        let stored = messages.into_iter().map(|mut message| {
            let destination = &message.destination;
            if !message.carried.is_empty() && self.publisher.has_headers(&destination.cluster) {
                message.record = message.record.carrying(&message.carried);
            }
            let terms = self
                .publisher
                .terms(&destination.cluster, &destination.topic);
            let deadline = now.moment.after(terms.time_to_live);
            StoredRecord::new(message, now.unix_ms, now.unix_ms_at(deadline))
        });
        stored.collect()
    }

    /// What becomes of each record, from now on.
    pub fn reports(&self) -> Reports {
        self.subscribers.subscribe()
    }

    /// When records to a topic have to be sent again after all had gone well, from
    /// now on. Who is slow misses some.
    pub fn retries(&self) -> Retries {
        Retries::new(self.retries.subscribe())
    }

    /// What waits now.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn waiting(&self) -> Result<Waiting, StoreError> {
        let lanes = self.store.waiting().await?.lanes;
        Ok(Waiting {
            records: lanes.iter().map(|backlog| backlog.records).sum(),
            bytes: lanes.iter().map(|backlog| backlog.bytes).sum(),
            oldest_ms: self.store.oldest().await?,
        })
    }

    /// Waits for the store to keep something, to learn whether it can.
    ///
    /// # Errors
    ///
    /// The store fails: it takes no records.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.settle(Vec::new()).await
    }

    /// Waits until every record accepted before has ended, and says what became
    /// of those that ended since the last flush.
    pub async fn flush(&self) -> Flushed {
        self.intake.flush().await
    }

    /// The records that were given up, as far as the store keeps them.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn dead_letters(&self, filter: &Filter) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.list(filter).await
    }

    /// Some of the oldest events with numbers above `after` that were given up and pass a
    /// filter, as far as the store keeps them; none only where there are none.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn dead_events(
        &self,
        filter: &Filter,
        after: u64,
    ) -> Result<Vec<DeadEvent>, StoreError> {
        self.store.events(filter, after).await
    }

    /// Takes what events that were given up came to when they were decided again.
    pub(crate) async fn redeem(
        &self,
        redecided: Vec<Redecided>,
    ) -> Result<Vec<Option<bool>>, StoreError> {
        let now = self.clock.now();
        self.intake.redeem(redecided, now.unix_ms).await
    }

    /// Tries records again that were given up, with a new time to live and today's
    /// connections; says how many. They come after what was accepted since.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn replay(&self, filter: &Filter) -> Result<usize, StoreError> {
        let now = self.clock.now();
        self.intake.replay(filter, now.unix_ms).await
    }

    /// Holds back what waits for a cluster, or lets it go on. Nothing is lost: while it
    /// is held back its records do not end.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn hold(&self, cluster: &ClusterId, is_held: bool) -> Result<(), StoreError> {
        self.intake.hold(cluster, is_held).await
    }

    /// Who writes the records.
    pub(crate) fn publisher(&self) -> &Arc<dyn Publisher> {
        &self.publisher
    }

    /// Asks the publisher again how many clusters it reaches.
    pub(crate) fn count_clusters(&self) {
        self.intake.share(self.publisher.clusters() > 1);
    }

    /// Accepts nothing more; who waits for room is told.
    pub fn close(&self) {
        self.intake.close();
    }

    /// Flushes for at most `grace`. What is left then stays in an outbox in a file, for
    /// the next process; says how many records that are. In memory it is given up, and
    /// reported as failed with the code `shut_down`, or `outcome_unknown` where it may have
    /// been written.
    ///
    /// # Errors
    ///
    /// The store cannot say how many are left.
    pub async fn shutdown(self, grace: Duration) -> Result<u64, StoreError> {
        // Running out of time is what `grace` is for.
        tokio::time::timeout(grace, self.flush()).await.ok();
        self.close();
        let (done, wait) = oneshot::channel();
        // Errors mean that the dispatcher is gone, with its tokio runtime.
        if self.stop.send(done).is_ok() {
            wait.await.ok();
        }
        let left = self.store.waiting().await?;
        Ok(left.lanes.iter().map(|backlog| backlog.records).sum())
    }
}
