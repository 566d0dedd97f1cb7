//! The task that drives the machine and runs the POSTs.

use std::{collections::HashMap, sync::Arc};

use action_triggers_core::{
    clock::Now,
    delivery::{Machine, Notice, Post, Settled, Ticket},
};
use bytes::Bytes;
use futures_util::FutureExt;
use tokio::{
    sync::{broadcast, oneshot},
    task::{Id, JoinError, JoinSet},
};

use super::{
    clock::Clock,
    reports::{Report, Subscribers},
    retry::Retry,
    settling::Settling,
};
use crate::{
    cluster::ClusterId,
    outbox::{Accepted, Outbox, Room, Store, StoreError},
    publisher::{Batch, Publisher, Reason, Verdict},
    record::{Record, RecordId, StoredRecord},
};

/// Names the record for ever, so that consumers can drop what a retry wrote
/// twice. Its value is a JSON array: event, trigger, queue.
const ID_HEADER: &str = "action-triggers-id";

/// Most records taken from the store in one go at the start.
const READ_AT_ONCE: usize = 1_000;

pub(super) struct Dispatcher {
    publisher: Arc<dyn Publisher>,
    store: Arc<dyn Store>,
    outbox: Outbox,
    machine: Machine,
    /// What reports need of the records under way, by number.
    waiting: HashMap<u64, Waiting>,
    posts: JoinSet<Vec<Verdict>>,
    in_flight: HashMap<Id, Post>,
    settling: Settling,
    clock: Clock,
    subscribers: Arc<Subscribers>,
    retries: broadcast::Sender<Retry>,
}

/// What is known here of a record under way.
struct Waiting {
    id: RecordId,
    topic: String,
    room: Option<Room>,
}

impl Dispatcher {
    pub(super) fn new(
        (publisher, store): (Arc<dyn Publisher>, Arc<dyn Store>),
        outbox: Outbox,
        machine: Machine,
        (clock, subscribers, retries): (Clock, Arc<Subscribers>, broadcast::Sender<Retry>),
    ) -> Self {
        Self {
            publisher,
            settling: Settling::new(Arc::clone(&store)),
            store,
            outbox,
            machine,
            waiting: HashMap::new(),
            posts: JoinSet::new(),
            in_flight: HashMap::new(),
            clock,
            subscribers,
            retries,
        }
    }

    /// Delivers until told to stop, or until the intake is gone and everything
    /// has ended.
    pub(super) async fn run(mut self, stop: oneshot::Receiver<oneshot::Sender<()>>) {
        self.resume().await;
        self.outbox.open();
        let mut stop = stop.fuse();
        let mut is_open = true;
        while is_open || !self.outbox.is_settled() {
            let now = self.clock.now();
            let expired = self.machine.advance(now.moment);
            self.settling.push(expired, now);
            self.start_posts(now);
            let wake = self.machine.next_wake(now.moment);
            tokio::select! {
                biased;
                Ok(done) = &mut stop => {
                    self.give_up().await;
                    // An error means that nobody waits for it.
                    done.send(()).ok();
                    break;
                }
                Some(finished) = self.posts.join_next_with_id() => self.finish(finished),
                Some(settled) = self.settling.settled() => self.report(settled),
                received = self.outbox.receive(), if is_open => match received {
                    Some(accepted) => self.accept(accepted),
                    None => is_open = false,
                },
                () = self.clock.wait_until(wake) => {}
            }
        }
        self.subscribers.close();
    }

    /// Takes on what an earlier process left in the store.
    async fn resume(&mut self) {
        let mut after = 0;
        loop {
            let left = match self.store.next(after, READ_AT_ONCE).await {
                Ok(left) => left,
                Err(error) => {
                    tracing::error!(%error, "what waits in the outbox cannot be read");
                    return;
                }
            };
            let Some((last, _)) = left.last() else { return };
            after = *last;
            let accepted = left.into_iter().map(|(number, stored)| Accepted {
                number,
                stored,
                room: None,
            });
            let accepted = self.outbox.resume(accepted.collect());
            self.accept(accepted);
        }
    }

    fn accept(&mut self, accepted: Vec<Accepted>) {
        let now = self.clock.now();
        for Accepted {
            number,
            mut stored,
            room,
        } in accepted
        {
            let cluster = stored.cluster();
            let record = named(std::mem::take(&mut stored.record), &stored, |cluster| {
                self.publisher.has_headers(cluster)
            });
            let ticket = Ticket {
                number,
                key: stored.ordering_key.as_deref().map(Arc::from),
                size: self.publisher.size(&cluster, &record),
                timeout: stored.timeout(),
                since: now.moment_at(stored.accepted_ms),
                deadline: now.moment_at(stored.deadline_ms),
            };
            let terms = self.publisher.terms(&cluster, &stored.topic);
            self.machine.accept(&cluster, &stored.topic, ticket, terms);
            let waiting = Waiting {
                id: stored.id(),
                topic: stored.topic,
                room,
            };
            self.waiting.insert(number, waiting);
        }
    }

    fn start_posts(&mut self, now: Now) {
        let is_flushing = self.outbox.is_flushing();
        while let Some(post) = self.machine.next_post(now.moment, is_flushing) {
            let numbers: Vec<_> = post.numbers().collect();
            let (cluster, topic) = (post.cluster.clone(), post.topic.clone());
            let (store, publisher) = (Arc::clone(&self.store), Arc::clone(&self.publisher));
            let timeout = post.timeout;
            let task = self.posts.spawn(async move {
                let stored = match store.read(&numbers).await {
                    Ok(stored) => stored,
                    Err(error) => return vec![unread(&error); numbers.len()],
                };
                let name = |mut one: StoredRecord| {
                    let record = std::mem::take(&mut one.record);
                    named(record, &one, |cluster| publisher.has_headers(cluster))
                };
                let batch = Batch {
                    records: stored.into_iter().map(name).collect(),
                    cluster,
                    topic,
                    timeout,
                };
                publisher.publish(&batch).await
            });
            self.in_flight.insert(task.id(), post);
        }
    }

    fn finish(&mut self, finished: Result<(Id, Vec<Verdict>), JoinError>) {
        let (id, answer) = match finished {
            Ok((id, verdicts)) => (id, Ok(verdicts)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(post) = self.in_flight.remove(&id) else {
            return;
        };
        let verdicts = one_per_record(answer, post.len());
        let now = self.clock.now();
        let finished = self.machine.finish(post, verdicts, now.moment);
        if let Some(notice) = finished.notice {
            self.tell(notice, now);
        }
        self.settling.push(finished.settled, now);
    }

    /// Says that records have to be sent again.
    fn tell(&self, notice: Notice, now: Now) {
        let next_attempt = notice.next_attempt.since(now.moment);
        tracing::warn!(
            cluster = %notice.cluster,
            topic = notice.topic,
            code = notice.reason.code,
            ?next_attempt,
            "records are sent again: {}",
            notice.reason.message
        );
        let retry = Retry {
            cluster: notice.cluster,
            topic: notice.topic,
            reason: notice.reason,
            next_attempt,
        };
        // An error means that nobody wants to know.
        self.retries.send(retry).ok();
    }

    /// Gives up everything.
    async fn give_up(&mut self) {
        self.posts.abort_all();
        let late = self.outbox.close();
        self.accept(late);
        let in_flight: Vec<_> = self.in_flight.drain().map(|(_, post)| post).collect();
        let left = self.machine.give_up(in_flight);
        self.settling.push(left, self.clock.now());
        while let Some(settled) = self.settling.settled().await {
            self.report(settled);
        }
    }

    /// Says what became of records, for everybody who wants to know: the store has
    /// taken it.
    fn report(&mut self, settled: Vec<Settled>) {
        for one in settled {
            let is_delivered = one.result.is_ok();
            if let Some(waiting) = self.waiting.remove(&one.number) {
                let Waiting { id, topic, room } = waiting;
                if let Err(error) = &one.result {
                    tracing::warn!(
                        event = &*id.event,
                        trigger = &*id.trigger,
                        queue = id.queue,
                        topic,
                        code = error.code,
                        "a record is given up: {error}"
                    );
                }
                let report = Report::new((id, topic), (one.result, one.attempts), room);
                self.subscribers.report(&report);
            }
            self.outbox.settle(one.number, is_delivered);
        }
        self.outbox.answer_flushes();
    }
}

impl Drop for Dispatcher {
    /// Whoever ends the tokio runtime ends this with records under way, and the outbox
    /// in memory with it.
    fn drop(&mut self) {
        let late = self.outbox.close();
        self.accept(late);
        for Waiting { id, topic, .. } in self.waiting.values() {
            tracing::warn!(
                event = &*id.event,
                trigger = &*id.trigger,
                queue = id.queue,
                topic,
                "a record is lost: the tokio runtime that delivers has ended"
            );
        }
    }
}

/// The record with its name in a header, where its cluster has headers.
fn named(
    mut record: Record,
    stored: &StoredRecord,
    has_headers: impl Fn(&ClusterId) -> bool,
) -> Record {
    if has_headers(&stored.cluster()) {
        record.headers.retain(|(name, _)| name != ID_HEADER);
        let id = (&*stored.event, &*stored.trigger, stored.queue);
        // Texts and a number always are JSON.
        let text = serde_json::to_vec(&id).unwrap_or_default();
        record
            .headers
            .push((ID_HEADER.to_owned(), Bytes::from(text)));
    }
    record
}

fn unread(error: &StoreError) -> Verdict {
    Verdict::Retriable(Reason::new(error.code(), error.to_string()))
}

/// The publisher's verdicts, if it gave one per record.
fn one_per_record(answer: Result<Vec<Verdict>, JoinError>, count: usize) -> Vec<Verdict> {
    let message = match answer {
        Ok(verdicts) if verdicts.len() == count => return verdicts,
        Ok(verdicts) => format!(
            "the publisher gave {} verdicts for {count} records",
            verdicts.len()
        ),
        Err(_) => "the publisher panicked".to_owned(),
    };
    let reason = Reason::new("publisher_failed", message);
    vec![Verdict::Unknown(reason); count]
}
