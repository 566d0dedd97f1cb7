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
use tracing::Span;

use super::{error::NotTaken, input::EventOutcome, traced};
use crate::{
    delivery::Delivery,
    outbox::{Acceptance, Claim, Claimed, Closed, StoreError, Taken, warn_of_lost},
    outcome::{FailedEvent, Failure, Missing},
    record::Message,
    sandbox::Decided,
};

/// Bytes of records beyond which a worker waits for room before it goes on.
const MOST_WAITING: usize = 1 << 20;

const REUSED: &str = "the event's id was used before for another record of this trigger and queue: \
                      give each event an id of its own";

/// What the committer does next.
pub(super) enum Commit {
    /// Takes a worker's yields and its decision, and only then tells the caller.
    Decision(Decision, oneshot::Sender<Vec<EventOutcome>>),
    /// Says that everything before has been put into the outbox.
    Barrier(oneshot::Sender<()>),
}

/// Who has the events of a call whose records do not come into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    /// Nobody: the records are lost, and that is said.
    Nobody,
    /// The caller, who is told of all of them together.
    Caller,
}

/// The end of a decision that takes its records.
pub(super) struct Decision {
    yields: Arriving,
    outcomes: oneshot::Receiver<Vec<EventOutcome>>,
}

/// What was decided: the outcomes, the records with their room, and the events of which
/// something failed.
pub(super) type Claims = (Vec<EventOutcome>, Vec<Claimed>, Vec<FailedEvent>);

/// Records of a decision, and events of which something failed; and whom to tell that the
/// outbox has them.
struct Yield {
    decided: Decided,
    taken: Option<oneshot::Sender<()>>,
}

/// The worker's end of a decision.
pub(super) struct Yields {
    sender: mpsc::Sender<Yield>,
    outcomes: oneshot::Sender<Vec<EventOutcome>>,
    decided: Decided,
    bytes: usize,
    keeper: Keeper,
}

/// Both ends of a decision.
pub(super) fn decision(keeper: Keeper) -> (Decision, Yields) {
    let (sender, yields) = mpsc::channel(1);
    let (decide, outcomes) = oneshot::channel();
    let decision = Decision {
        yields: Arriving { yields, keeper },
        outcomes,
    };
    let worker = Yields {
        sender,
        outcomes: decide,
        decided: Decided::default(),
        bytes: 0,
        keeper,
    };
    (decision, worker)
}

impl Yields {
    /// Adds what a call came to; waits for room when there is much of it.
    pub(super) fn add(&mut self, decided: Decided) {
        let Decided {
            mut messages,
            failed,
        } = decided;
        let sizes = messages.iter().map(|message| message.record.size());
        self.bytes += sizes.sum::<usize>();
        let before = self.decided.messages.len();
        for (place, event) in failed {
            self.bytes += event.size();
            self.decided.failed.push((before + place, event));
        }
        self.decided.messages.append(&mut messages);
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
        let decided = std::mem::take(&mut self.decided);
        if decided.messages.is_empty() && decided.failed.is_empty() {
            return;
        }
        // The committer ends before its work only when the runtime is shut down.
        if let Err(unsent) = self.sender.blocking_send(Yield { decided, taken }) {
            lost(self.keeper, &unsent.0.decided, &Closed.into());
        }
    }
}

/// Says that decided records do not come to the outbox. Of events that failed their
/// callers are told in any case.
fn lost(keeper: Keeper, decided: &Decided, why: &StoreError) {
    if keeper == Keeper::Caller {
        return;
    }
    for Message { id, .. } in &decided.messages {
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
            Commit::Decision(decision, reply) => {
                decision.commit(&delivery, reply, &mut entering).await;
            }
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
struct Arriving {
    yields: mpsc::Receiver<Yield>,
    keeper: Keeper,
}

impl Drop for Arriving {
    /// What waits here has no way into the outbox any more.
    fn drop(&mut self) {
        self.yields.close();
        while let Ok(Yield { decided, .. }) = self.yields.try_recv() {
            lost(self.keeper, &decided, &Closed.into());
        }
    }
}

impl Decision {
    /// Takes room for the records as they come; gives what was decided once all have it.
    ///
    /// # Errors
    ///
    /// There is no room for one of them.
    pub(super) async fn claim(
        mut self,
        delivery: &Delivery,
        claim: &Claim,
    ) -> Result<Claims, NotTaken> {
        let (mut claimed, mut failed) = (Vec::new(), Vec::new());
        while let Some(Yield { decided, taken }) = self.yields.yields.recv().await {
            claimed.extend(claim.take(delivery.stored(decided.messages))?);
            failed.extend(decided.failed.into_iter().map(|(_, event)| event));
            if let Some(taken) = taken {
                // The worker waits for nothing else.
                taken.send(()).ok();
            }
        }
        let outcomes = self.outcomes.await.map_err(|_| NotTaken::Stopped)?;
        Ok((outcomes, claimed, failed))
    }

    async fn commit(
        mut self,
        delivery: &Delivery,
        reply: oneshot::Sender<Vec<EventOutcome>>,
        entering: &mut JoinSet<()>,
    ) {
        let mut all = Taken::default();
        let mut last = None;
        while let Some(Yield { decided, taken }) = self.yields.yields.recv().await {
            if let Some(error) = &all.error {
                lost(self.yields.keeper, &decided, error);
            } else {
                let entered = delivery.enter(decided.messages, decided.failed).await;
                let Some(taken) = taken else {
                    // It is the last one.
                    last = Some(entered);
                    continue;
                };
                note(entered.taken().await, &mut all);
                // The worker waits for nothing else.
                taken.send(()).ok();
            }
        }
        entering.spawn(async move {
            if let Some(last) = last {
                note(last.taken().await, &mut all);
            }
            // An error means that the caller gave up before its work was handed over.
            if let Ok(mut outcomes) = self.outcomes.await {
                tell(&all, &mut outcomes);
                drop(reply.send(outcomes));
            }
        });
    }
}

/// Adds what became of some records and events to what became of those before.
fn note(taken: Taken, all: &mut Taken) {
    all.accepted.extend(taken.accepted);
    all.kept.extend(taken.kept);
    all.error = taken.error;
}

/// Tells of each event and each publication what the outbox made of it.
pub(super) fn tell(all: &Taken, outcomes: &mut [EventOutcome]) {
    let failed = outcomes.iter_mut();
    let failed = failed.filter(|one| Missing::of(&one.outcome).is_some());
    for (event, is_kept) in failed.zip(&all.kept) {
        event.is_kept = *is_kept;
    }
    let queues = outcomes
        .iter_mut()
        .filter_map(|one| one.outcome.as_mut().ok());
    let published = queues.flatten().filter(|queue| queue.outcome.is_ok());
    for (place, publication) in published.enumerate() {
        let failure = match (all.accepted.get(place), &all.error) {
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
    for event in outcomes {
        let span = std::mem::replace(&mut event.span, Span::none());
        traced::tell(&span, &event.event, &event.outcome);
    }
}
