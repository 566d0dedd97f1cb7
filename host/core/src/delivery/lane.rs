//! A lane: the records on their way to one topic of one cluster.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::{
    Settled, Terms,
    backoff::Backoff,
    health::Health,
    pending::{Class, Judged, Key, Pending},
    queue::{Head, Heads, KeyQueue},
};
use crate::{
    clock::Moment,
    verdict::{TOO_LARGE, Verdict},
};

/// What a lane may do at the moment, as its cluster sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permit {
    /// Most POSTs of this lane at once.
    pub(super) most_in_flight: usize,
    /// Whether a POST that may take long can start.
    pub(super) may_be_slow: bool,
    /// Whether to send without waiting for company.
    pub(super) is_flushing: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    terms: Terms,
    /// Every key with records here, in flight ones included.
    keys: HashMap<Key, KeyQueue>,
    /// Keys that may be sent: each has a head in exactly one of `ready` and
    /// `delayed`, unless it is held.
    ready: BTreeMap<Class, Heads>,
    /// Keys whose first record waits to be sent again.
    delayed: BTreeMap<(Moment, u64), Key>,
    /// The keys of records that were given up and whose end the store does not have yet.
    given_up: HashMap<u64, Key>,
    in_flight: usize,
    apart_in_flight: usize,
    /// Whether a record was ever delivered: the topic is there.
    is_proven: bool,
    /// Most bytes of a POST, as learnt from one that was too large.
    learnt_bytes: usize,
    /// By the queues' own timeouts: one that is too short says nothing of others.
    health: BTreeMap<Option<Duration>, Health>,
    /// Whether it was told already that records have to be sent again.
    pub(super) is_noted: bool,
}

impl Lane {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            keys: HashMap::new(),
            ready: BTreeMap::new(),
            delayed: BTreeMap::new(),
            given_up: HashMap::new(),
            in_flight: 0,
            apart_in_flight: 0,
            is_proven: false,
            learnt_bytes: usize::MAX,
            health: BTreeMap::new(),
            is_noted: false,
        }
    }

    pub(super) fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// Whether forgetting the lane forgets nothing. Lanes that have delivered
    /// stay, so that they count as proven: there are no more of them than topics.
    pub(super) fn is_disposable(&self) -> bool {
        !self.is_busy() && !self.is_proven
    }

    /// Whether it has records, on their way or not.
    pub(super) fn is_busy(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether a POST of this class may take as long as a POST can, as far as is
    /// known: a topic that was never tried is not taken for a slow one.
    pub(super) fn is_suspect(&self, class: Class) -> bool {
        class.is_apart || self.failures(class) > 0
    }

    fn failures(&self, class: Class) -> u32 {
        self.health
            .get(&class.timeout)
            .map_or(0, |health| health.failures)
    }

    pub(super) fn push(&mut self, pending: Pending) {
        let key = pending.key();
        let queue = self.keys.entry(key.clone()).or_default();
        queue.waiting.push_back(pending);
        if queue.waiting.len() == 1 {
            self.show_head(&key);
        }
    }

    /// Lets the time pass: wakes what waited for its next attempt, and gives up
    /// what outlived its time to live, if it was tried or nothing gets through.
    pub(super) fn advance(&mut self, now: Moment, is_blocked: bool) -> Vec<Settled> {
        let mut expired = Vec::new();
        loop {
            self.wake_delayed(now);
            let mut expiring = self.expiring(is_blocked);
            let Some((class, _)) = expiring.find(|(_, at)| *at <= now) else {
                return expired;
            };
            drop(expiring);
            let Some((_, head)) = self.pop_head(class) else {
                return expired;
            };
            self.expire(&head.key, now, is_blocked, &mut expired);
            self.show_head(&head.key);
        }
    }

    /// Gives up the first records of a key that outlived their time to live, all at once:
    /// the key is held until the store has the end of each.
    fn expire(&mut self, key: &Key, now: Moment, is_blocked: bool, expired: &mut Vec<Settled>) {
        while let Some(first) = self.keys.get(key).and_then(|queue| queue.waiting.front())
            && let class = first.class()
            && first.ticket.deadline <= now
            && (is_blocked || self.is_suspect(class))
            && let Some(queue) = self.keys.get_mut(key)
            && let Some(pending) = queue.waiting.pop_front()
        {
            let health = self.health.get(&class.timeout);
            let settled = pending.expire(health.and_then(|health| health.last.as_ref()));
            self.hold(key, &settled);
            expired.push(settled);
        }
    }

    /// Holds back the key of a record that was given up, until [`Self::free`].
    fn hold(&mut self, key: &Key, settled: &Settled) {
        if settled.result.is_err()
            && matches!(key, Key::Named(_))
            && let Some(queue) = self.keys.get_mut(key)
        {
            queue.given_up += 1;
            self.given_up.insert(settled.number, key.clone());
        }
    }

    /// Lets the key of a record that was given up go on: the store has its end.
    pub(super) fn free(&mut self, number: u64) {
        if let Some(key) = self.given_up.remove(&number) {
            if let Some(queue) = self.keys.get_mut(&key) {
                queue.given_up -= 1;
            }
            self.show_head(&key);
        }
    }

    fn wake_delayed(&mut self, now: Moment) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            self.show_ready(&key);
        }
    }

    /// When the oldest head of each class expires, where heads may expire.
    fn expiring(&self, is_blocked: bool) -> impl Iterator<Item = (Class, Moment)> {
        self.ready
            .iter()
            .filter(move |(class, _)| is_blocked || self.is_suspect(**class))
            .filter_map(|(class, heads)| Some((*class, heads.oldest()?.1.deadline)))
    }

    /// The class to make the next POST of, if one may start now.
    pub(super) fn startable(&self, now: Moment, permit: Permit) -> Option<Class> {
        let most_in_flight = if self.is_proven {
            permit.most_in_flight
        } else {
            1
        };
        if self.in_flight >= most_in_flight {
            return None;
        }
        self.ready
            .iter()
            .filter(|(class, heads)| {
                let is_due =
                    class.is_apart || permit.is_flushing || self.due(**class, heads) <= Some(now);
                is_due
                    && self.is_open(**class, now)
                    && (permit.may_be_slow || !self.is_suspect(**class))
            })
            .min_by_key(|(_, heads)| heads.oldest().map(|(number, _)| number))
            .map(|(class, _)| *class)
    }

    /// Whether the class's own POSTs let another one start.
    fn is_open(&self, class: Class, now: Moment) -> bool {
        let rests = self.health.get(&class.timeout).is_some_and(|health| {
            health.is_paused(now) || (health.failures > 0 && health.in_flight > 0)
        });
        let is_apart = class.is_apart && self.apart_in_flight > 0;
        !(rests || is_apart)
    }

    /// The class whose oldest record would end within a pause until `until`, and
    /// when it has waited for half of its time.
    pub(super) fn probe(&self, until: Moment) -> Option<(Class, Moment)> {
        self.ready
            .iter()
            .filter_map(|(class, heads)| Some((*class, heads.oldest()?.1)))
            .filter(|(_, head)| head.deadline < until)
            .map(|(class, head)| (class, head.half_life))
            .min_by_key(|(_, half_life)| *half_life)
    }

    /// When heads are sent: at once when they fill a batch, else after the linger.
    fn due(&self, class: Class, heads: &Heads) -> Option<Moment> {
        let (_, oldest) = heads.oldest()?;
        let is_full =
            heads.by_number.len() >= self.most_records(class) || heads.bytes >= self.most_bytes();
        Some(if is_full {
            oldest.since
        } else {
            oldest.since.after(self.terms.linger)
        })
    }

    fn most_records(&self, class: Class) -> usize {
        let window = self.health.get(&class.timeout);
        let window = window.map_or(usize::MAX, |health| health.window);
        window.min(self.terms.max_batch_records).max(1)
    }

    fn most_bytes(&self) -> usize {
        self.terms.max_batch_bytes.min(self.learnt_bytes)
    }

    /// A broker bounds a batch where no record of it is too large: a POST that was
    /// refused for its size bounds those after it.
    fn learn_size(&mut self, taken: &[Pending], verdicts: &[Verdict]) {
        let is_too_large = |verdict: &Verdict| matches!(verdict, Verdict::Alone(reason) if reason.code == TOO_LARGE);
        if verdicts.iter().any(is_too_large) {
            let bytes: usize = taken.iter().map(|pending| pending.ticket.size).sum();
            self.learnt_bytes = self.learnt_bytes.min(bytes / 2);
        }
    }

    /// Takes the records of the next POST: the oldest of the class, at least one
    /// and at most `most`. Their keys are in flight until [`Self::finish`].
    pub(super) fn take(&mut self, class: Class, most: usize) -> Vec<Pending> {
        let mut taken = Vec::new();
        let (mut most, mut bytes) = (self.most_records(class).min(most), 0);
        let most_bytes = self.most_bytes();
        while taken.len() < most
            && let Some((number, head)) = self.pop_head(class)
        {
            let Some(queue) = self.keys.get_mut(&head.key) else {
                continue;
            };
            while let Some(next) = queue.waiting.front()
                && queue.in_flight < queue.run(self.terms.order)
                && taken.len() < most.min(next.most_companions)
                && next.class() == class
                && (taken.is_empty() || bytes + next.ticket.size <= most_bytes)
                && let Some(pending) = queue.waiting.pop_front()
            {
                most = most.min(pending.most_companions);
                bytes += pending.ticket.size;
                queue.in_flight += 1;
                taken.push(pending);
            }
            if queue.in_flight == 0 {
                self.ready.entry(class).or_default().insert(number, head);
                break;
            }
        }
        self.in_flight += 1;
        self.apart_in_flight += usize::from(class.is_apart);
        self.health.entry(class.timeout).or_default().in_flight += 1;
        taken
    }

    /// Takes back the records of a POST with a verdict for each; gives those
    /// that have ended.
    pub(super) fn finish(
        &mut self,
        class: Class,
        taken: Vec<Pending>,
        verdicts: Vec<Verdict>,
        now: Moment,
        backoff: &mut Backoff,
    ) -> Vec<Settled> {
        self.in_flight -= 1;
        self.apart_in_flight -= usize::from(class.is_apart);
        self.learn_size(&taken, &verdicts);
        let is_written = |verdict: &Verdict| matches!(verdict, Verdict::Delivered { .. });
        self.is_proven |= verdicts.iter().any(is_written);
        let health = self.health.entry(class.timeout).or_default();
        health.in_flight = health.in_flight.saturating_sub(1);
        health.note(&verdicts, now, backoff);
        let mut keys: Vec<_> = taken.iter().map(Pending::key).collect();
        keys.dedup();

        let count = taken.len();
        let mut again = Vec::new();
        let mut settled = Vec::with_capacity(count);
        for (pending, verdict) in taken.into_iter().zip(verdicts) {
            let key = pending.key();
            match pending.judge(verdict, count, now, backoff) {
                Judged::Settled(done) => {
                    self.hold(&key, &done);
                    settled.push(done);
                }
                Judged::Again(pending) => again.push(pending),
            }
        }
        for pending in again.into_iter().rev() {
            if let Some(queue) = self.keys.get_mut(&pending.key()) {
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
    fn release(&mut self, key: &Key) {
        if let Some(queue) = self.keys.get_mut(key) {
            if queue.in_flight == queue.run(self.terms.order) {
                queue.streak = queue.streak.saturating_add(1);
            }
            queue.in_flight = 0;
        }
        self.show_head(key);
    }

    /// Whether a record here has to be sent again.
    pub(super) fn is_retrying(&self) -> bool {
        !self.delayed.is_empty() || self.ready.keys().any(|class| self.is_suspect(*class))
    }

    /// When the first record that failed is sent again, though the cluster pauses:
    /// until the first of these moments, or, for a record that would end by then,
    /// until the second one and half of its time.
    pub(super) fn next_retry(
        &self,
        class: Class,
        pause: Option<(Moment, Moment)>,
    ) -> Option<Moment> {
        let ((waits, _), key) = self.delayed.first_key_value()?;
        let record = self.keys.get(key)?.waiting.front()?;
        let health = self.health.get(&class.timeout);
        let rests = health.and_then(|health| health.paused_until);
        let at = (*waits).max(rests.unwrap_or(*waits));
        Some(match pause {
            None => at,
            Some((until, probe)) if record.ticket.deadline < until => {
                at.max(probe).max(record.half_life())
            }
            Some((until, _)) => at.max(until),
        })
    }

    /// When something changes by time alone; what is in the past waits for a
    /// POST to finish instead.
    pub(super) fn next_wake(&self, now: Moment, is_blocked: bool) -> Option<Moment> {
        let delayed = self.delayed.keys().next().map(|(at, _)| *at);
        let expiring = self.expiring(is_blocked).map(|(_, at)| at);
        let ready = self.ready.iter();
        let due = ready.filter_map(|(class, heads)| self.due(*class, heads));
        let paused = self.ready.keys().filter_map(|class| {
            let health = self.health.get(&class.timeout)?;
            health.paused_until
        });
        expiring
            .chain(due)
            .chain(delayed)
            .chain(paused)
            .filter(|at| *at > now)
            .min()
    }

    /// Takes out everything that is not in flight.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pending> {
        self.ready.clear();
        self.delayed.clear();
        self.given_up.clear();
        self.keys.drain().flat_map(|(_, queue)| queue.waiting)
    }

    /// Shows the first record of a key that is not held, or forgets the key.
    fn show_head(&mut self, key: &Key) {
        let Some(queue) = self.keys.get(key).filter(|queue| !queue.is_held()) else {
            return;
        };
        match queue.waiting.front() {
            None => {
                self.keys.remove(key);
            }
            Some(head) if head.failures > 0 => {
                let at = (head.not_before, head.ticket.number);
                self.delayed.insert(at, key.clone());
            }
            Some(_) => self.show_ready(key),
        }
    }

    fn show_ready(&mut self, key: &Key) {
        if let Some(queue) = self.keys.get(key)
            && let Some(first) = queue.waiting.front()
        {
            let head = Head {
                key: key.clone(),
                size: first.ticket.size,
                since: first.ticket.since,
                deadline: first.ticket.deadline,
                half_life: first.half_life(),
            };
            let heads = self.ready.entry(first.class()).or_default();
            heads.insert(first.ticket.number, head);
        }
    }

    fn pop_head(&mut self, class: Class) -> Option<(u64, Head)> {
        let heads = self.ready.get_mut(&class)?;
        let (number, head) = heads.by_number.pop_first()?;
        heads.bytes -= head.size;
        if heads.by_number.is_empty() {
            self.ready.remove(&class);
        }
        Some((number, head))
    }
}
