//! What embedders use: events in, records out to Kafka.

mod builder;
mod carried;
mod commit;
mod component;
mod error;
mod events;
mod input;
mod job;
mod offer;
mod parts;
mod plan;
mod reload;
mod renderings;
mod replay;
mod traced;
mod workers;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};

pub use self::{
    builder::Builder,
    component::{Component, EMBEDDED},
    error::{BuildError, NotTaken},
    events::Events,
    input::{EventExplanation, EventOutcome, EventRendering, EventResult},
    renderings::Renderings,
    replay::Extent,
};
use self::{
    commit::{Commit, Keeper},
    input::{Input, Rules},
    job::{Job, Reply},
    renderings::Asked,
    workers::{EngineStopped, Workers},
};
use crate::{
    cluster::ClusterId,
    delivery::{Delivery, Reports, Retries},
    observe::{Attempts, Observed},
    outbox::{Flushed, StoreError, Waiting},
    outcome::{Failure, Loaded, Publication},
    rest::RestPublisher,
    sandbox::Generation,
    tenant::Tenant,
};

/// Decides for events which triggers fire, and delivers what they publish.
///
/// Calls may run at once; they are worked on by all workers, and their records
/// enter the outbox in the order of the calls.
pub struct Runtime {
    tenant: Tenant,
    workers: Workers,
    commits: mpsc::Sender<Commit>,
    committer: JoinHandle<()>,
    delivery: Arc<Delivery>,
    observed: Arc<Observed>,
    /// The REST client, unless the embedder gave a publisher.
    rest: Option<Arc<RestPublisher>>,
    /// Held while a call takes its place and its work is handed over, so that
    /// workers begin in the order of the places: one that waits for its turn
    /// never waits for work that nobody has begun.
    order: Mutex<()>,
    /// Held by a reload.
    reloading: Mutex<()>,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("loaded", &self.loaded())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    fn start(
        generation: Arc<Generation>,
        workers: Workers,
        (delivery, observed): (Delivery, Arc<Observed>),
        rest: Option<Arc<RestPublisher>>,
    ) -> Self {
        let delivery = Arc::new(delivery);
        // Every worker busy, and as much again decided and waiting for its turn.
        let (commits, queue) = mpsc::channel(workers.count() * 4);
        let committer = tokio::spawn(commit::commit(queue, delivery.clone()));
        Self {
            tenant: Tenant::new(generation),
            workers,
            commits,
            committer,
            delivery,
            observed,
            rest,
            order: Mutex::new(()),
            reloading: Mutex::new(()),
        }
    }

    /// The triggers of the generation of now, and the warnings about them.
    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(self.tenant.generation().loaded())
    }

    /// What becomes of each record accepted from now on. Whoever has this must
    /// read it or drop it, for reports that wait keep their room in the outbox.
    pub fn reports(&self) -> Reports {
        self.delivery.reports()
    }

    /// When records to a topic have to be sent again after all had gone well, from
    /// now on. Who is slow misses some.
    pub fn retries(&self) -> Retries {
        self.delivery.retries()
    }

    /// What waits in the outbox now.
    ///
    /// # Errors
    ///
    /// The outbox's store fails.
    pub async fn waiting(&self) -> Result<Waiting, StoreError> {
        self.delivery.waiting().await
    }

    /// Waits for the outbox to write something, to learn whether it takes records. One in
    /// a file needs a sync of the disk for it.
    ///
    /// # Errors
    ///
    /// The outbox's store fails, for example because its disk is full.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.delivery.probe().await
    }

    /// What attempts to write records came to since the start.
    pub fn attempts(&self) -> Attempts {
        self.observed.attempts()
    }

    /// Decides which triggers fire and hands over what they publish. Returns one
    /// outcome per event, in order, once everything accepted is in the outbox;
    /// waits while the outbox is full.
    ///
    /// All workers share one call. Lines of one call that fit into 256 KiB keep one
    /// worker busy: to use all, have several calls under way.
    pub async fn process(&self, events: impl Into<Events>) -> Vec<EventOutcome> {
        let generation = self.tenant.generation();
        let rules = Rules::of(generation.limits());
        let mut waiting = Vec::new();
        for input in rules.cut(events.into()) {
            let submitted = self.submit(&generation, input.clone()).await;
            waiting.push((input, submitted));
        }
        // Only jobs hold it now.
        drop(generation);
        settled(&rules, waiting).await
    }

    /// Decides and renders as [`Runtime::process`] does, and publishes nothing.
    pub async fn render(&self, events: impl Into<Events>) -> Vec<EventRendering> {
        let generation = self.tenant.generation();
        let rules = Rules::of(generation.limits());
        let pieces = rules.cut(events.into()).into_iter().map(|input| {
            let asked = Asked::of(&self.workers, Arc::clone(&generation), input);
            let rules = &rules;
            async move {
                let mut asked = asked.await;
                let mut renderings = Vec::new();
                while let Some(part) = asked.next(rules).await {
                    renderings.extend(part);
                }
                renderings
            }
        });
        let pieces = join_all(pieces);
        // Only jobs hold it now.
        drop(generation);
        pieces.await.into_iter().flatten().collect()
    }

    /// Renders as [`Runtime::render`] does, and gives the renderings part by part: for
    /// records so many or so large that they should not be held all at once.
    pub fn render_in_parts(&self, events: impl Into<Events>) -> Renderings<'_> {
        let generation = self.tenant.generation();
        let rules = Rules::of(generation.limits());
        let inputs = rules.cut(events.into());
        Renderings::new(&self.workers, generation, (rules, inputs))
    }

    /// Says of every trigger why it fires for each event, or does not. Where the
    /// whitelist decides, the clause is `whitelisted_content_types`.
    pub async fn explain(&self, events: impl Into<Events>) -> Vec<EventExplanation> {
        let generation = self.tenant.generation();
        let rules = Rules::of(generation.limits());
        let mut waiting = Vec::new();
        for input in rules.cut(events.into()) {
            let (reply, answered) = oneshot::channel();
            let job = Job {
                generation: Arc::clone(&generation),
                input: input.clone(),
                reply: Reply::Explain(reply),
            };
            let submitted = self.workers.submit(job).await;
            waiting.push((input, submitted.map(|()| answered)));
        }
        // Only jobs hold it now.
        drop(generation);
        settled(&rules, waiting).await
    }

    /// Waits until everything handed over so far is delivered or given up, and says
    /// what became of the records that ended since the last flush.
    pub async fn flush(&self) -> Flushed {
        let (reply, reached) = oneshot::channel();
        if self.commits.send(Commit::Barrier(reply)).await.is_ok() && reached.await.is_ok() {
            return self.delivery.flush().await;
        }
        Flushed::default()
    }

    /// Takes no more events, and gives what is in the outbox this long to be
    /// delivered. What waits for room in it for longer is not accepted. Says how many
    /// records are left: in an outbox in a file they wait for the next process.
    ///
    /// # Errors
    ///
    /// The outbox cannot say how many are left.
    pub async fn shutdown(self, grace: Duration) -> Result<u64, StoreError> {
        let Self {
            commits,
            mut committer,
            delivery,
            ..
        } = self;
        drop(commits);
        let start = Instant::now();
        if timeout(grace, &mut committer).await.is_err() {
            delivery.close();
            committer.abort();
            // It ends at once, and with it its share of the delivery.
            committer.await.ok();
        }
        match Arc::into_inner(delivery) {
            Some(delivery) => {
                let rest = grace.saturating_sub(start.elapsed());
                delivery.shutdown(rest).await
            }
            None => Err(StoreError::Failed("it is still worked on".to_owned())),
        }
    }

    /// Holds back what waits for a cluster, or lets it go on. Nothing is lost: while it
    /// is held back its records do not end.
    ///
    /// # Errors
    ///
    /// The outbox's store fails.
    pub async fn hold(&self, cluster: &ClusterId, is_held: bool) -> Result<(), StoreError> {
        self.delivery.hold(cluster, is_held).await
    }

    /// Hands events to a worker; the place in the committer's queue, taken first,
    /// is the order of the calls.
    async fn submit(&self, generation: &Arc<Generation>, input: Input) -> Submitted<Publication> {
        let order = self.order.lock().await;
        let place = self.commits.reserve().await.map_err(|_| EngineStopped)?;
        let (decision, yields) = commit::decision(Keeper::Nobody);
        let (reply, outcomes) = oneshot::channel();
        place.send(Commit::Decision(decision, reply));
        let job = Job {
            generation: Arc::clone(generation),
            input,
            reply: Reply::Process(yields),
        };
        self.workers.submit(job).await?;
        drop(order);
        Ok(outcomes)
    }
}

/// A worker's answer on its way, unless there is no worker to ask.
type Submitted<T> = Result<oneshot::Receiver<Vec<EventResult<T>>>, EngineStopped>;

/// What workers answer for these events, in order.
async fn settled<T>(rules: &Rules, waiting: Vec<(Input, Submitted<T>)>) -> Vec<EventResult<T>> {
    let mut results = Vec::new();
    for (input, submitted) in waiting {
        let answer = match submitted {
            Ok(reply) => reply.await.map_err(|_| EngineStopped),
            Err(stopped) => Err(stopped),
        };
        results.extend(answer.unwrap_or_else(|stopped| {
            let why = Failure::new("engine_stopped", stopped.to_string());
            rules.unanswered(input, &why)
        }));
    }
    results
}
