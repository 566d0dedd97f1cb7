//! Takes records to their topics: the machine, the attempts under way, and who is told
//! what.

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use action_triggers_core::{
    clock::{Moment, Now},
    cluster::{Cluster, ClusterId, Terms},
    delivery::{Backoff, Delivered, DeliveryError, Machine, Post, Settled, Ticket},
    record::{Message, Record, RecordId, StoredRecord},
    rest::{
        access::AccessError,
        body_size,
        proxy::{Attempt, Proxy},
        verdict::Finding,
    },
    verdict::Verdict,
};

use super::wire::{Line, Reply, Wire, WireRequest};

/// The end of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Names the record.
    pub id: RecordId,
    /// The topic that it was for.
    pub topic: String,
    /// How often it was sent.
    pub attempts: u32,
    /// Where it lies, or why it was given up.
    pub result: Result<Delivered, DeliveryError>,
    /// Whether some attempt may have written it, where it is not known to be.
    pub may_be_written: bool,
}

/// What there is to do now, and what has come to an end.
#[derive(Debug, Default)]
pub struct Step {
    /// Requests to be sent, all of them at once.
    pub requests: Vec<WireRequest>,
    /// Records that have ended.
    pub reports: Vec<Report>,
    /// When to call [`Courier::wake`], unless another call comes first.
    pub wake: Option<Moment>,
}

/// Records that have not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub records: usize,
    /// Bytes of their keys, headers and values.
    pub bytes: usize,
}

/// Delivers records by requests that others send. Every record that it accepts ends in
/// exactly one report.
pub struct Courier {
    line: Arc<Line>,
    proxies: BTreeMap<ClusterId, Arc<Proxy<Wire>>>,
    machine: Machine,
    waiting: BTreeMap<u64, StoredRecord>,
    waiting_bytes: usize,
    last_number: u64,
    attempts: Vec<Running>,
}

/// An attempt under way.
struct Running {
    post: Post,
    verdicts: Pin<Box<dyn Future<Output = Vec<Verdict>> + Send>>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Courier")
            .field("clusters", &self.proxies.keys())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier without records, which draws its pauses from a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            line: Arc::default(),
            proxies: BTreeMap::new(),
            machine: Machine::new(Backoff::seeded(seed)),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            last_number: 0,
            attempts: Vec::new(),
        }
    }

    /// Reaches a cluster in this way from now on: attempts under way go on as they were.
    ///
    /// # Errors
    ///
    /// The cluster cannot be reached as it is configured; nothing has changed.
    pub fn connect(&mut self, cluster: Arc<Cluster>) -> Result<(), AccessError> {
        let id = cluster.id();
        let unsupported = AccessError::UnsupportedApi {
            cluster: cluster.bootstrap_servers.clone(),
        };
        let wire = Wire::new(Arc::clone(&self.line), Arc::clone(&cluster))?;
        let proxy = Proxy::new(cluster, wire).ok_or(unsupported)?;
        self.proxies.insert(id, Arc::new(proxy));
        Ok(())
    }

    /// Takes records on, in order. The next step has their requests.
    pub fn take_on(&mut self, messages: Vec<Message>, now: Now) {
        for message in messages {
            self.take_on_one(message, now);
        }
    }

    /// Says what became of a request. One that nobody waits for is ignored.
    pub fn answer(&mut self, request: u64, reply: Reply, now: Now) -> Step {
        self.line.traffic().keep(request, reply);
        self.turn(now)
    }

    /// Lets the time pass.
    pub fn wake(&mut self, now: Now) -> Step {
        self.turn(now)
    }

    /// Ends every record that has not ended.
    pub fn give_up(&mut self) -> Step {
        let posts: Vec<_> = self
            .attempts
            .drain(..)
            .map(|running| running.post)
            .collect();
        let left = self.machine.give_up(posts);
        Step {
            reports: self.settle(left),
            ..Step::default()
        }
    }

    /// What has not ended.
    pub fn waiting(&self) -> Waiting {
        Waiting {
            records: self.waiting.len(),
            bytes: self.waiting_bytes,
        }
    }

    fn take_on_one(&mut self, message: Message, now: Now) {
        let (cluster, topic) = (
            message.destination.cluster.clone(),
            message.destination.topic.clone(),
        );
        let terms = self.terms(&cluster, &topic);
        let deadline = now.moment.after(terms.time_to_live);
        let stored = StoredRecord::new(message, now.unix_ms, now.unix_ms_at(deadline));
        self.last_number += 1;
        let ticket = Ticket {
            number: self.last_number,
            key: stored.ordering_key.as_deref().map(Arc::from),
            size: self.size(&cluster, &self.named(&cluster, &stored)),
            timeout: stored.timeout(),
            since: now.moment,
            deadline,
            may_be_written: false,
        };
        self.machine.accept(&cluster, &topic, ticket, terms);
        self.waiting_bytes += stored.record.size();
        self.waiting.insert(self.last_number, stored);
    }

    fn terms(&self, cluster: &ClusterId, topic: &str) -> Terms {
        let proxy = self.proxies.get(cluster);
        proxy.map_or_else(Terms::default, |proxy| proxy.cluster().terms(topic))
    }

    fn size(&self, cluster: &ClusterId, record: &Record) -> usize {
        let proxy = self.proxies.get(cluster);
        proxy.map_or_else(|| record.size(), |proxy| body_size(record, proxy.cluster()))
    }

    /// The record with its name in a header, where its cluster has headers.
    fn named(&self, cluster: &ClusterId, stored: &StoredRecord) -> Record {
        let record = stored.record.clone();
        let proxy = self.proxies.get(cluster);
        if proxy.is_some_and(|proxy| proxy.dialect().has_headers()) {
            return record.named((&stored.event, &stored.trigger, stored.queue));
        }
        record
    }

    /// Goes on until nothing changes without the caller.
    fn turn(&mut self, now: Now) -> Step {
        {
            let mut traffic = self.line.traffic();
            traffic.now = now.moment;
            traffic.unix_ms = now.unix_ms;
        }
        let mut reports = Vec::new();
        loop {
            let expired = self.machine.advance(now.moment);
            reports.extend(self.settle(expired));
            while let Some(post) = self.machine.next_post(now.moment, false) {
                let verdicts = self.attempt(&post);
                self.attempts.push(Running { post, verdicts });
            }
            let finished = self.poll();
            if finished.is_empty() {
                break;
            }
            for (post, verdicts) in finished {
                let finished = self.machine.finish(post, verdicts, now.moment);
                reports.extend(self.settle(finished.settled));
            }
        }
        let mut traffic = self.line.traffic();
        let wakes = traffic.wakes.iter().copied();
        Step {
            wake: wakes.chain(self.machine.next_wake(now.moment)).min(),
            requests: std::mem::take(&mut traffic.outgoing),
            reports,
        }
    }

    fn attempt(&self, post: &Post) -> Pin<Box<dyn Future<Output = Vec<Verdict>> + Send>> {
        let stored = post
            .numbers()
            .filter_map(|number| self.waiting.get(&number));
        let records: Vec<_> = stored.map(|one| self.named(&post.cluster, one)).collect();
        let (topic, timeout) = (post.topic.clone(), post.timeout);
        let Some(proxy) = self.proxies.get(&post.cluster).cloned() else {
            let message = format!("no REST proxy is configured for `{}`", post.cluster);
            let unknown = Finding::Permanent("unknown_cluster").verdict(message, None, 1);
            return Box::pin(std::future::ready(vec![unknown; records.len()]));
        };
        Box::pin(async move {
            let attempt = Attempt {
                topic: &topic,
                records: &records,
                timeout,
            };
            proxy.publish(attempt).await
        })
    }

    /// Lets every attempt go as far as it can; gives those that are done.
    fn poll(&mut self) -> Vec<(Post, Vec<Verdict>)> {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut finished = Vec::new();
        while woken.0.swap(false, Ordering::Relaxed) {
            self.line.traffic().wakes.clear();
            let mut left = Vec::with_capacity(self.attempts.len());
            for mut running in self.attempts.drain(..) {
                match running.verdicts.as_mut().poll(&mut context) {
                    Poll::Ready(verdicts) => finished.push((running.post, verdicts)),
                    Poll::Pending => left.push(running),
                }
            }
            self.attempts = left;
        }
        finished
    }

    fn settle(&mut self, settled: Vec<Settled>) -> Vec<Report> {
        let report = |one: Settled| {
            let stored = self.waiting.remove(&one.number)?;
            if one.result.is_err() {
                // There is no store that has to have its end first.
                self.machine
                    .free(&stored.cluster(), &stored.topic, one.number);
            }
            self.waiting_bytes -= stored.record.size();
            Some(Report {
                id: stored.id(),
                topic: stored.topic,
                attempts: one.attempts,
                result: one.result,
                may_be_written: one.may_be_written,
            })
        };
        settled.into_iter().filter_map(report).collect()
    }
}

/// Whether some attempt made way for another meanwhile.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
