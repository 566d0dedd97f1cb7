//! Delivery: takes messages from the [outbox](crate::outbox) to their topics and
//! reports what became of each.
//!
//! One task, the dispatcher, owns all state. Each topic of a cluster has a lane;
//! a lane holds a queue per ordering key. POSTs run as tasks of their own and
//! come back with verdicts.
//!
//! **Batches.** A lane sends when its oldest record has waited for the cluster's
//! `linger`, when a batch is full, or when someone flushes. Records that failed
//! before go apart from those that did not, and records with different timeouts
//! go apart as well.
//!
//! **Order.** While a record is being sent or waits to be sent again, later ones
//! of its ordering key and topic wait. A POST takes one record of a key: were
//! there two, the second might be written and the first not. A key that never
//! runs dry would crawl that way, so after 16 records delivered in a row it gets
//! 2, 4, 8, … in a POST until one of them has to go again. A failure right then
//! is the one case in which a key's order is lost.
//!
//! **What may go wrong, and what happens then**
//!
//! | Case | Answer |
//! |---|---|
//! | A record is retriable or unknown | sent again, alone or with such others, after a backoff with full jitter or the `Retry-After`, until its time to live is over |
//! | It is over | failed, `time_to_live_exceeded` with the last reason |
//! | A record is refused for good | failed with the proxy's reason; its neighbours stand |
//! | A batch is refused as a whole | its records go again at once in batches of half the size, until the culprit is alone |
//! | Nothing of a batch was written (time-out, proxy or broker away, missing topic) | the lane pauses and then sends ONE record as a probe; batches grow again from there, doubling |
//! | A topic costs 60 s a record | its lane has one POST at a time, and all such lanes together leave one of the cluster's `max_in_flight` free, if that is above 1; its records that had no turn expire with it |
//! | A topic is busy | lanes take turns, and none takes the last free POST of a cluster |
//! | The publisher panics or answers for too few or too many | the batch's records are unknown, code `publisher_failed` |
//! | The outbox is full | [`Delivery::enqueue`] waits |
//! | Reports are not read | they wait in memory and keep their room in the outbox, so that `enqueue` waits in the end; sending goes on |
//! | The receiver of reports is dropped | delivery goes on without |
//! | Shutdown runs out of time | failed, `shut_down`; what was being sent may have been written |
//!
//! Delivery is at least once: what was unknown may be written twice. Where the
//! API has headers every record carries `action-triggers-id`, the JSON array
//! `[event, trigger, queue]`, for consumers to tell.

mod backoff;
mod dispatcher;
mod lane;
mod pending;
mod reporter;
mod slots;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

use self::{backoff::Backoff, dispatcher::Dispatcher};
use crate::{
    outbox::{Intake, OutboxLimits, outbox},
    publisher::Publisher,
    record::{Message, RecordId},
};

/// What became of a message. Every message accepted ends in exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Names the record.
    pub id: RecordId,
    /// The topic it was for.
    pub topic: String,
    /// Where it lies, or why it was given up.
    pub result: Result<Delivered, DeliveryError>,
}

/// Where a delivered record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The partition; none where the proxy does not tell.
    pub partition: Option<u32>,
    /// The offset there; none where the proxy does not tell.
    pub offset: Option<u64>,
}

/// Why a record was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// Stable: `time_to_live_exceeded`, `shut_down`, or the publisher's own.
    pub code: &'static str,
    /// For a person: what happened last.
    pub message: String,
}

impl DeliveryError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

/// Delivers messages in the background. Dropped without
/// [`shutdown`](Self::shutdown), it still delivers what it accepted, as long as
/// the tokio runtime lives.
pub struct Delivery {
    intake: Intake,
    stop: oneshot::Sender<oneshot::Sender<()>>,
}

impl Delivery {
    /// Starts delivering through `publisher` on the current tokio runtime.
    /// Somebody should read the reports all the while, or drop the receiver.
    ///
    /// # Panics
    ///
    /// When called outside a tokio runtime with a timer.
    pub fn start(
        publisher: Arc<dyn Publisher>,
        limits: OutboxLimits,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        Self::start_with(publisher, limits, reports, Backoff::new())
    }

    fn start_with(
        publisher: Arc<dyn Publisher>,
        limits: OutboxLimits,
        reports: mpsc::Sender<Report>,
        backoff: Backoff,
    ) -> Self {
        let (intake, outbox) = outbox(limits);
        let (stop, stopped) = oneshot::channel();
        let dispatcher = Dispatcher::new(publisher, outbox, reports, backoff);
        tokio::spawn(dispatcher.run(stopped));
        Self { intake, stop }
    }

    /// Accepts messages in order; waits while the outbox is full. From here on
    /// they are delivered or reported as failed. A call dropped while it waits
    /// has accepted the first of them and not the rest.
    pub async fn enqueue(&self, messages: Vec<Message>) {
        for message in messages {
            self.intake.accept(message).await;
        }
    }

    /// Waits until every message accepted before has its report. Reports that
    /// find no room in their channel wait for their reader, the flush does not.
    pub async fn flush(&self) {
        self.intake.flush().await;
    }

    /// Flushes for at most `grace`, then gives up what is left: it is reported
    /// as failed with the code `shut_down`. Reports that find no room in their
    /// channel go on waiting for their reader; the channel closes after the last.
    pub async fn shutdown(self, grace: Duration) {
        // Running out of time is what `grace` is for.
        tokio::time::timeout(grace, self.flush()).await.ok();
        let (done, wait) = oneshot::channel();
        // Errors mean that the dispatcher is gone, with its tokio runtime.
        if self.stop.send(done).is_ok() {
            wait.await.ok();
        }
    }
}
