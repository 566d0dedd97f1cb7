//! The way of decisions into the outbox, in the order of the calls, however the
//! workers finish.
//!
//! What is decided waits in memory until the outbox has room for it, so it is
//! bounded: a worker that has more than a mebibyte of records goes on deciding
//! only when the outbox has taken them.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::input::EventOutcome;
use crate::{
    delivery::Delivery,
    outbox::{Acceptance, Closed, NotAccepted, StoreError, warn_of_lost},
    outcome::Failure,
    record::Message,
};

/// Bytes of records beyond which a worker waits for room before it goes on.
const MOST_WAITING: usize = 1 << 20;

const REUSED: &str = "the event's id was used before for another record of this trigger and queue: \
                      give each event an id of its own";

/// What the committer does next.
pub(super) enum Commit {
    /// Takes a worker's yields and its decision, and only then tells the caller.
    Decision(Decision),
    /// Says that everything before has been put into the outbox.
    Barrier(oneshot::Sender<()>),
}

/// The committer's end of a decision.
pub(super) struct Decision {
    yields: Arriving,
    outcomes: oneshot::Receiver<Vec<EventOutcome>>,
    reply: oneshot::Sender<Vec<EventOutcome>>,
}

/// Records of a decision, and whom to tell that the outbox has them.
struct Yield {
    messages: Vec<Message>,
    taken: Option<oneshot::Sender<()>>,
}

/// The worker's end of a decision.
pub(super) struct Yields {
    sender: mpsc::Sender<Yield>,
    outcomes: oneshot::Sender<Vec<EventOutcome>>,
    messages: Vec<Message>,
    bytes: usize,
}

/// Both ends of a decision, and where its outcomes come out.
pub(super) fn decision() -> (Commit, Yields, oneshot::Receiver<Vec<EventOutcome>>) {
    let (sender, yields) = mpsc::channel(1);
    let (decide, outcomes) = oneshot::channel();
    let (reply, caller) = oneshot::channel();
    let decision = Decision {
        yields: Arriving(yields),
        outcomes,
        reply,
    };
    let worker = Yields {
        sender,
        outcomes: decide,
        messages: Vec::new(),
        bytes: 0,
    };
    (Commit::Decision(decision), worker, caller)
}

impl Yields {
    /// Adds what a call published; waits for room when there is much of it.
    pub(super) fn add(&mut self, mut messages: Vec<Message>) {
        let sizes = messages.iter().map(|message| message.record.size());
        self.bytes += sizes.sum::<usize>();
        self.messages.append(&mut messages);
        if self.bytes > MOST_WAITING {
            let (taken, wait) = oneshot::channel();
            self.send(Some(taken));
            // An error means that the committer is gone, and with it the caller.
            wait.blocking_recv().ok();
        }
    }

    /// Says what was decided.
    pub(super) fn finish(mut self, outcomes: Vec<EventOutcome>) {
        self.send(None);
        drop(self.outcomes.send(outcomes));
    }

    fn send(&mut self, taken: Option<oneshot::Sender<()>>) {
        self.bytes = 0;
        let messages = std::mem::take(&mut self.messages);
        if messages.is_empty() {
            return;
        }
        // The committer ends before its work only when the runtime is shut down.
        if let Err(unsent) = self.sender.blocking_send(Yield { messages, taken }) {
            lost(&unsent.0.messages, &Closed.into());
        }
    }
}

/// Says that decided records do not come to the outbox.
fn lost(messages: &[Message], why: &StoreError) {
    for Message { id, .. } in messages {
        warn_of_lost((&id.event, &id.trigger, id.queue), why);
    }
}

/// Most decisions that wait at once for the outbox to have them.
const MOST_ENTERING: usize = 256;

/// Puts decisions into the outbox in the order of the calls. It does not wait for the
/// outbox to have one before the next: they can share what it costs to keep them.
pub(super) async fn commit(mut queue: mpsc::Receiver<Commit>, delivery: Arc<Delivery>) {
    let mut entering = JoinSet::new();
    while let Some(commit) = queue.recv().await {
        match commit {
            Commit::Decision(decision) => decision.commit(&delivery, &mut entering).await,
            Commit::Barrier(reply) => {
                while entering.join_next().await.is_some() {}
                // An error means that the caller no longer waits.
                reply.send(()).ok();
            }
        }
        while entering.try_join_next().is_some() {}
        if entering.len() >= MOST_ENTERING {
            entering.join_next().await;
        }
    }
    while entering.join_next().await.is_some() {}
}

/// Where a worker's yields arrive.
struct Arriving(mpsc::Receiver<Yield>);

impl Drop for Arriving {
    /// What waits here has no way into the outbox any more.
    fn drop(&mut self) {
        self.0.close();
        while let Ok(Yield { messages, .. }) = self.0.try_recv() {
            lost(&messages, &Closed.into());
        }
    }
}

impl Decision {
    async fn commit(mut self, delivery: &Delivery, entering: &mut JoinSet<()>) {
        let mut accepted = Vec::new();
        let mut failed = None;
        let mut last = None;
        while let Some(Yield { messages, taken }) = self.yields.0.recv().await {
            if let Some(error) = &failed {
                lost(&messages, error);
            } else {
                let entered = delivery.enter(messages).await;
                let Some(taken) = taken else {
                    // It is the last one.
                    last = Some(entered);
                    continue;
                };
                note(entered.taken().await, &mut accepted, &mut failed);
                // The worker waits for nothing else.
                taken.send(()).ok();
            }
        }
        entering.spawn(async move {
            if let Some(last) = last {
                note(last.taken().await, &mut accepted, &mut failed);
            }
            // An error means that the caller gave up before its work was handed over.
            if let Ok(mut outcomes) = self.outcomes.await {
                tell(&accepted, &mut outcomes, failed.as_ref());
                drop(self.reply.send(outcomes));
            }
        });
    }
}

/// Adds what became of some records to what became of those before.
fn note(
    taken: Result<Vec<Acceptance>, NotAccepted>,
    accepted: &mut Vec<Acceptance>,
    failed: &mut Option<StoreError>,
) {
    match taken {
        Ok(more) => accepted.extend(more),
        Err(not_all) => {
            accepted.extend(not_all.accepted);
            *failed = Some(not_all.error);
        }
    }
}

/// Tells of each publication what the outbox made of it.
fn tell(accepted: &[Acceptance], outcomes: &mut [EventOutcome], error: Option<&StoreError>) {
    let queues = outcomes
        .iter_mut()
        .filter_map(|one| one.outcome.as_mut().ok());
    let published = queues.flatten().filter(|queue| queue.outcome.is_ok());
    for (place, publication) in published.enumerate() {
        let failure = match (accepted.get(place), error) {
            (Some(Acceptance::Reused), _) => Failure::new("event_id_reused", REUSED),
            (Some(Acceptance::Stalled(why)), _) => Failure::new(why.code(), why.to_string()),
            (Some(Acceptance::Duplicate), _) => {
                publication.is_duplicate = true;
                continue;
            }
            (None, Some(error)) => Failure::new(error.code(), error.to_string()),
            _ => continue,
        };
        publication.outcome = Err(failure);
    }
}
