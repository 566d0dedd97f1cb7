//! The task that owns all delivery state and runs the POSTs.

use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::Arc,
};

use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use super::{
    Report,
    backoff::Backoff,
    pending::{Pending, Settled},
    reporter::Reporter,
    slots::{Post, Slots},
};
use crate::{
    outbox::{Accepted, Outbox},
    publisher::{Batch, Publisher, Reason, Verdict},
};

pub(super) struct Dispatcher {
    publisher: Arc<dyn Publisher>,
    outbox: Outbox,
    /// By bootstrap servers.
    clusters: BTreeMap<String, Slots>,
    posts: JoinSet<Vec<Verdict>>,
    in_flight: HashMap<Id, InFlight>,
    reporter: Reporter,
    backoff: Backoff,
}

/// A POST under way. Its records are in the batch, which the task shares, so
/// that they outlive a publisher that panics.
struct InFlight {
    batch: Arc<Batch>,
    post: Post,
}

impl Dispatcher {
    pub(super) fn new(
        publisher: Arc<dyn Publisher>,
        outbox: Outbox,
        reports: mpsc::Sender<Report>,
        backoff: Backoff,
    ) -> Self {
        Self {
            publisher,
            outbox,
            clusters: BTreeMap::new(),
            posts: JoinSet::new(),
            in_flight: HashMap::new(),
            reporter: Reporter::new(reports),
            backoff,
        }
    }

    /// Delivers until told to stop, or until the intake is gone and everything
    /// is settled.
    pub(super) async fn run(mut self, stop: oneshot::Receiver<oneshot::Sender<()>>) {
        let mut stop = stop.fuse();
        let mut is_open = true;
        while is_open || !self.outbox.is_settled() {
            let now = Instant::now();
            self.advance(now);
            self.start_posts(now);
            let wake = self
                .clusters
                .values()
                .filter_map(|slots| slots.next_wake(now))
                .min();
            tokio::select! {
                biased;
                Ok(done) = &mut stop => {
                    self.give_up();
                    // An error means that nobody waits for it.
                    done.send(()).ok();
                    break;
                }
                Some(finished) = self.posts.join_next_with_id() => self.finish(finished),
                () = self.reporter.hand_over(), if self.reporter.is_behind() => {}
                received = self.outbox.receive(), if is_open => match received {
                    Some(accepted) => self.accept(accepted),
                    None => is_open = false,
                },
                () = wake_at(wake) => {}
            }
        }
        while self.reporter.is_behind() {
            self.reporter.hand_over().await;
        }
    }

    fn accept(&mut self, accepted: Vec<Accepted>) {
        for accepted in accepted {
            let cluster = &accepted.message.destination.cluster;
            if let Some(slots) = self.clusters.get_mut(&cluster.bootstrap_servers) {
                slots.push(Pending::new(accepted));
                continue;
            }
            let name = cluster.bootstrap_servers.clone();
            let mut slots = Slots::new(Arc::clone(cluster));
            slots.push(Pending::new(accepted));
            self.clusters.insert(name, slots);
        }
    }

    fn advance(&mut self, now: Instant) {
        let clusters = self.clusters.values_mut();
        let expired = clusters.flat_map(|slots| slots.advance(now)).collect();
        self.settle(expired);
    }

    fn start_posts(&mut self, now: Instant) {
        let is_flushing = self.outbox.is_flushing();
        for slots in self.clusters.values_mut() {
            while let Some(mut post) = slots.next_post(now, is_flushing) {
                let Some(batch) = take_batch(&mut post) else {
                    continue;
                };
                let batch = Arc::new(batch);
                let publisher = Arc::clone(&self.publisher);
                let shared = Arc::clone(&batch);
                let task = self
                    .posts
                    .spawn(async move { publisher.publish(&shared).await });
                self.in_flight.insert(task.id(), InFlight { batch, post });
            }
        }
    }

    fn finish(&mut self, finished: Result<(Id, Vec<Verdict>), JoinError>) {
        let (id, answer) = match finished {
            Ok((id, verdicts)) => (id, Ok(verdicts)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(InFlight { batch, mut post }) = self.in_flight.remove(&id) else {
            return;
        };
        let batch = Arc::unwrap_or_clone(batch);
        let verdicts = one_per_record(answer, batch.records.len());
        for (pending, record) in post.records.iter_mut().zip(batch.records) {
            pending.accepted.message.record = record;
        }
        if let Some(slots) = self.clusters.get_mut(&batch.cluster.bootstrap_servers) {
            let now = Instant::now();
            let settled = slots.finish(post, verdicts, now, &mut self.backoff);
            self.settle(settled);
        }
    }

    /// Settles everything as shut down.
    fn give_up(&mut self) {
        self.posts.abort_all();
        let late = self.outbox.close();
        self.accept(late);
        let in_flight = self
            .in_flight
            .drain()
            .flat_map(|(_, flight)| flight.post.records);
        let mut left: Vec<_> = in_flight.map(|pending| pending.shut_down(true)).collect();
        let waiting = self.clusters.values_mut().flat_map(Slots::drain);
        left.extend(waiting.map(|pending| pending.shut_down(false)));
        left.sort_by_key(|settled| settled.accepted.sequence);
        self.settle(left);
    }

    fn settle(&mut self, settled: Vec<Settled>) {
        for settled in settled {
            let sequence = settled.accepted.sequence;
            self.reporter.report(settled);
            self.outbox.settle(sequence);
        }
    }
}

async fn wake_at(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// Moves the records out of their messages; [`Dispatcher::finish`] moves them back.
fn take_batch(post: &mut Post) -> Option<Batch> {
    let destination = Arc::clone(&post.records.first()?.message().destination);
    let records = post.records.iter_mut();
    Some(Batch {
        cluster: Arc::clone(&destination.cluster),
        topic: destination.topic.clone(),
        records: records
            .map(|pending| std::mem::take(&mut pending.accepted.message.record))
            .collect(),
        timeout: post.class.timeout,
    })
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
    let reason = Reason {
        code: "publisher_failed",
        message,
        retry_after: None,
    };
    vec![Verdict::Unknown(reason); count]
}
