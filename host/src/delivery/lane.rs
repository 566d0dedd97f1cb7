//! A lane: the records on their way to one topic of one cluster. Pure: it is
//! told the time and the verdicts, and says what to send next.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    Delivered, DeliveryError,
    backoff::Backoff,
    pending::{Class, Pending, Settled, after},
};
use crate::{
    cluster::Cluster,
    publisher::{Reason, Verdict},
};

/// The records of one ordering key, in order.
#[derive(Debug)]
struct KeyQueue {
    waiting: VecDeque<Pending>,
    /// Records of the key in the POST under way; zero when there is none.
    in_flight: usize,
    /// Full runs in a row of which nothing had to go again.
    streak: u32,
}

/// Records of a key go one at a time until so many in a row are delivered.
const TRUSTED_AFTER: u32 = 16;

impl KeyQueue {
    /// Most records of the key in one POST.
    fn run(&self) -> usize {
        1 << self.streak.saturating_sub(TRUSTED_AFTER - 1).min(16)
    }
}

/// The first waiting record of a key that may be sent now.
#[derive(Debug)]
struct Head {
    key: Arc<str>,
    size: usize,
    since: Instant,
    deadline: Instant,
}

/// Heads of one class by their place in the order of acceptance; never empty.
#[derive(Debug, Default)]
struct Heads {
    by_sequence: BTreeMap<u64, Head>,
    bytes: usize,
}

/// What a lane may do at the moment, as its cluster sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    /// Most POSTs of this lane at once.
    pub(super) most_in_flight: usize,
    /// Whether a POST that may take long can start.
    pub(super) may_be_slow: bool,
    /// Whether to send without waiting for company.
    pub(super) is_flushing: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    cluster: Arc<Cluster>,
    /// Every key with records here, in flight ones included.
    keys: HashMap<Arc<str>, KeyQueue>,
    /// Keys that may be sent: each has a head in exactly one of `ready` and
    /// `delayed`, unless it is in flight.
    ready: BTreeMap<Class, Heads>,
    /// Keys whose first record waits to be sent again.
    delayed: BTreeMap<(Instant, u64), Arc<str>>,
    in_flight: usize,
    apart_in_flight: usize,
    /// Whether a record was ever delivered: the topic is there.
    is_proven: bool,
    /// POSTs in a row of which nothing was written.
    failures: u32,
    paused_until: Option<Instant>,
    /// Most records in a POST while the lane recovers.
    window: usize,
    last: Option<Reason>,
}

impl Lane {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self {
            cluster,
            keys: HashMap::new(),
            ready: BTreeMap::new(),
            delayed: BTreeMap::new(),
            in_flight: 0,
            apart_in_flight: 0,
            is_proven: false,
            failures: 0,
            paused_until: None,
            window: usize::MAX,
            last: None,
        }
    }

    /// Whether forgetting the lane forgets nothing. Lanes that have delivered
    /// stay, so that they count as proven: there are no more of them than topics.
    pub(super) fn is_disposable(&self) -> bool {
        self.keys.is_empty() && !self.is_proven
    }

    /// Whether its next POST may take as long as a POST can.
    pub(super) fn is_suspect(&self) -> bool {
        self.failures > 0 || !self.is_proven
    }

    pub(super) fn push(&mut self, pending: Pending) {
        let key = Arc::clone(pending.key());
        let queue = self
            .keys
            .entry(Arc::clone(&key))
            .or_insert_with(|| KeyQueue {
                waiting: VecDeque::with_capacity(1),
                in_flight: 0,
                streak: 0,
            });
        queue.waiting.push_back(pending);
        if queue.waiting.len() == 1 && queue.in_flight == 0 {
            self.show_head(&key);
        }
    }

    /// Lets the time pass: wakes what waited for its next attempt, and gives up
    /// what outlived its time to live, if it was tried or the lane does not work.
    pub(super) fn advance(&mut self, now: Instant) -> Vec<Settled> {
        let mut expired = Vec::new();
        loop {
            self.wake_delayed(now);
            let Some(class) = self.expired_class(now) else {
                return expired;
            };
            let Some((_, head)) = self.pop_head(class) else {
                return expired;
            };
            if let Some(queue) = self.keys.get_mut(&head.key)
                && let Some(pending) = queue.waiting.pop_front()
            {
                expired.push(pending.expire(self.last.as_ref()));
            }
            self.show_head(&head.key);
        }
    }

    fn wake_delayed(&mut self, now: Instant) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            self.show_ready(&key);
        }
    }

    fn expired_class(&self, now: Instant) -> Option<Class> {
        self.expiring()
            .find(|(_, at)| *at <= now)
            .map(|(class, _)| class)
    }

    /// When the oldest head of each class expires, where heads may expire.
    fn expiring(&self) -> impl Iterator<Item = (Class, Instant)> {
        self.ready
            .iter()
            .filter(|(class, _)| class.is_apart || self.failures > 0)
            .filter_map(|(class, heads)| Some((*class, heads.oldest()?.1.deadline)))
    }

    /// The class to make the next POST of, if one may start now.
    pub(super) fn startable(&self, now: Instant, leave: Leave) -> Option<Class> {
        let most_in_flight = if self.is_suspect() {
            1
        } else {
            leave.most_in_flight
        };
        if self.in_flight >= most_in_flight || self.paused_until.is_some_and(|until| now < until) {
            return None;
        }
        self.ready
            .iter()
            .filter(|(class, heads)| {
                let is_slow = class.is_apart || self.is_suspect();
                let is_due = class.is_apart || leave.is_flushing || self.due(heads) <= Some(now);
                (leave.may_be_slow || !is_slow)
                    && is_due
                    && !(class.is_apart && self.apart_in_flight > 0)
            })
            .min_by_key(|(_, heads)| heads.oldest().map(|(sequence, _)| sequence))
            .map(|(class, _)| *class)
    }

    /// When heads are sent: at once when they fill a batch, else after the linger.
    fn due(&self, heads: &Heads) -> Option<Instant> {
        let (_, oldest) = heads.oldest()?;
        let is_full = heads.by_sequence.len() >= self.most_records()
            || heads.bytes >= self.cluster.max_batch_bytes;
        Some(if is_full {
            oldest.since
        } else {
            after(oldest.since, self.cluster.linger)
        })
    }

    fn most_records(&self) -> usize {
        self.window.min(self.cluster.max_batch_records).max(1)
    }

    /// Takes the records of the next POST: the oldest of the class, at least one.
    /// Their keys are in flight until [`Self::finish`].
    pub(super) fn take(&mut self, class: Class) -> Vec<Pending> {
        let mut taken = Vec::new();
        let (mut most, mut bytes) = (self.most_records(), 0);
        while taken.len() < most
            && let Some((sequence, head)) = self.pop_head(class)
        {
            let Some(queue) = self.keys.get_mut(&head.key) else {
                continue;
            };
            while let Some(next) = queue.waiting.front()
                && queue.in_flight < queue.run()
                && taken.len() < most.min(next.most_companions)
                && next.class() == class
                && (taken.is_empty() || bytes + next.size <= self.cluster.max_batch_bytes)
                && let Some(pending) = queue.waiting.pop_front()
            {
                most = most.min(pending.most_companions);
                bytes += pending.size;
                queue.in_flight += 1;
                taken.push(pending);
            }
            if queue.in_flight == 0 {
                self.ready.entry(class).or_default().insert(sequence, head);
                break;
            }
        }
        self.in_flight += 1;
        self.apart_in_flight += usize::from(class.is_apart);
        taken
    }

    /// Takes back the records of a POST with a verdict for each; gives those
    /// that are settled.
    pub(super) fn finish(
        &mut self,
        class: Class,
        taken: Vec<Pending>,
        verdicts: Vec<Verdict>,
        now: Instant,
        backoff: &mut Backoff,
    ) -> Vec<Settled> {
        self.in_flight -= 1;
        self.apart_in_flight -= usize::from(class.is_apart);
        self.note_health(&verdicts, now, backoff);
        let mut keys: Vec<_> = taken
            .iter()
            .map(|pending| Arc::clone(pending.key()))
            .collect();
        keys.dedup();

        let count = taken.len();
        let mut again = Vec::new();
        let mut settled = Vec::with_capacity(count);
        for (pending, verdict) in taken.into_iter().zip(verdicts) {
            match judge(pending, verdict, count, now, backoff) {
                Judged::Settled(done) => settled.push(done),
                Judged::Again(pending) => again.push(pending),
            }
        }
        for pending in again.into_iter().rev() {
            if let Some(queue) = self.keys.get_mut(pending.key()) {
                queue.streak = 0;
                queue.in_flight = 0;
                queue.waiting.push_front(pending);
            }
        }
        for key in keys {
            self.release(&key);
        }
        settled
    }

    /// Lets a key go on after its POST.
    fn release(&mut self, key: &Arc<str>) {
        if let Some(queue) = self.keys.get_mut(key) {
            if queue.in_flight == queue.run() {
                queue.streak = queue.streak.saturating_add(1);
            }
            queue.in_flight = 0;
        }
        self.show_head(key);
    }

    fn note_health(&mut self, verdicts: &[Verdict], now: Instant, backoff: &mut Backoff) {
        let reasons = || verdicts.iter().filter_map(failure);
        let is_written = |verdict: &Verdict| matches!(verdict, Verdict::Delivered { .. });
        self.is_proven |= verdicts.iter().any(is_written);
        self.last = reasons().next_back().cloned().or(self.last.take());
        if reasons().count() < verdicts.len() {
            self.failures = 0;
            self.paused_until = None;
            if reasons().next().is_none() {
                self.window = self.window.saturating_mul(2);
            }
        } else if self.paused_until.is_none_or(|until| until <= now) {
            // POSTs that were under way together fail together: that counts once.
            self.failures += 1;
            self.window = 1;
            let asked = reasons().filter_map(|reason| reason.retry_after).max();
            let pause = backoff.wait(self.failures).max(asked.unwrap_or_default());
            self.paused_until = Some(after(now, pause));
        }
    }

    /// When something changes by time alone; what is in the past waits for a
    /// POST to finish instead.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let delayed = self.delayed.keys().next().map(|(at, _)| *at);
        let expiring = self.expiring().map(|(_, at)| at);
        let due = self.ready.values().filter_map(|heads| self.due(heads));
        let paused = self.paused_until.filter(|_| !self.ready.is_empty());
        expiring
            .chain(due)
            .chain(delayed)
            .chain(paused)
            .filter(|at| *at > now)
            .min()
    }

    /// Takes out everything that is not in flight, in the order accepted.
    pub(super) fn drain(&mut self) -> Vec<Pending> {
        self.ready.clear();
        self.delayed.clear();
        let queues = self.keys.drain().map(|(_, queue)| queue.waiting);
        let mut left: Vec<_> = queues.flatten().collect();
        left.sort_by_key(|pending| pending.accepted.sequence);
        left
    }

    /// Shows the first record of a key that is not in flight, or forgets the key.
    fn show_head(&mut self, key: &Arc<str>) {
        let Some(head) = self.keys.get(key).map(|queue| queue.waiting.front()) else {
            return;
        };
        match head {
            None => {
                self.keys.remove(key);
            }
            Some(head) if head.failures > 0 => {
                let at = (head.not_before, head.accepted.sequence);
                self.delayed.insert(at, Arc::clone(key));
            }
            Some(_) => self.show_ready(key),
        }
    }

    fn show_ready(&mut self, key: &Arc<str>) {
        if let Some(queue) = self.keys.get(key)
            && let Some(first) = queue.waiting.front()
        {
            let head = Head {
                key: Arc::clone(key),
                size: first.size,
                since: first.accepted.since,
                deadline: first.deadline,
            };
            let heads = self.ready.entry(first.class()).or_default();
            heads.insert(first.accepted.sequence, head);
        }
    }

    fn pop_head(&mut self, class: Class) -> Option<(u64, Head)> {
        let heads = self.ready.get_mut(&class)?;
        let (sequence, head) = heads.by_sequence.pop_first()?;
        heads.bytes -= head.size;
        if heads.by_sequence.is_empty() {
            self.ready.remove(&class);
        }
        Some((sequence, head))
    }
}

impl Heads {
    fn insert(&mut self, sequence: u64, head: Head) {
        self.bytes += head.size;
        self.by_sequence.insert(sequence, head);
    }

    fn oldest(&self) -> Option<(u64, &Head)> {
        let (sequence, head) = self.by_sequence.first_key_value()?;
        Some((*sequence, head))
    }
}

enum Judged {
    Settled(Settled),
    Again(Pending),
}

/// Why the record has to be tried again later, if so.
fn failure(verdict: &Verdict) -> Option<&Reason> {
    match verdict {
        Verdict::Retriable(reason) | Verdict::Unknown(reason) => Some(reason),
        Verdict::Delivered { .. } | Verdict::Permanent(_) | Verdict::Alone(_) => None,
    }
}

fn judge(
    mut pending: Pending,
    verdict: Verdict,
    count: usize,
    now: Instant,
    backoff: &mut Backoff,
) -> Judged {
    match verdict {
        Verdict::Delivered { partition, offset } => {
            Judged::Settled(pending.settle(Ok(Delivered { partition, offset })))
        }
        Verdict::Alone(_) if count > 1 => {
            pending.most_companions = count / 2;
            Judged::Again(pending)
        }
        Verdict::Permanent(reason) | Verdict::Alone(reason) => {
            Judged::Settled(pending.settle(Err(DeliveryError {
                code: reason.code,
                message: reason.message,
            })))
        }
        Verdict::Retriable(reason) | Verdict::Unknown(reason) => {
            pending.failures = pending.failures.saturating_add(1);
            let asked = reason.retry_after.unwrap_or_default();
            let wait = backoff.wait(pending.failures).max(asked);
            pending.not_before = after(now, wait).min(pending.deadline);
            pending.last = Some(reason);
            Judged::Again(pending)
        }
    }
}
