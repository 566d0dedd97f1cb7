//! What drives the machine, as a host does: a clock, a store, a process that is
//! killed at times.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::proxy::{Course, Proxy};
use crate::{
    clock::Moment,
    cluster::{ClusterId, Order, Terms},
    delivery::{Backoff, Machine, NoRoom, Post, Settled, Shares, Ticket, random::Random},
    limits::OutboxLimits,
    verdict::Verdict,
};

/// More steps than any run takes.
const MOST_STEPS: usize = 100_000;

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// An accepted record has no end.
    Lost,
    /// A record that had ended did so again.
    EndedTwice,
    /// A record counts as delivered that was never written.
    NotWritten,
    /// A record was written and its end denies it.
    WrittenUnsaid,
    /// Two records of a key were under way at once though order is strict.
    TwoOfAKey,
    /// A record was written after a later one of its key.
    OutOfOrder,
    /// Whoever comes is kept waiting for a cluster that delivers nothing.
    Held,
    /// A record is refused though its cluster delivers.
    RefusedInProgress,
    /// The machine waits for nothing, or for ever for the same.
    Stuck,
}

/// A fault of the host, planted to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plant {
    Nothing,
    SettlesBeforeTheVerdict,
    ForgetsKeys,
    DropsDeadLetters,
    ForgetsWhatWasInFlight,
    SettlesTwice,
    HidesUnknownOutcomes,
    ForgetsDoubts,
    WaitsForTheStalled,
}

#[derive(Clone, Debug)]
struct Stored {
    topic: String,
    key: u64,
    ticket: Ticket,
}

/// How a record ended.
#[derive(Debug)]
struct End {
    is_delivered: bool,
    /// Whether its end admits that it may have been written.
    admits_write: bool,
}

pub(super) struct World {
    plant: Plant,
    terms: Terms,
    now: Moment,
    random: Random,
    pub(super) proxy: Proxy,
    machine: Machine,
    limits: OutboxLimits,
    shares: Shares,
    /// Records that have room, also of those that a killed process left.
    roomy: BTreeSet<u64>,
    /// The cluster that never answers, if there is one.
    away: Option<ClusterId>,
    /// Since when whoever comes waits for room, and when to ask again at the latest.
    held: Option<(Moment, Option<Moment>)>,
    /// When a record of each cluster was last delivered.
    delivered: BTreeMap<ClusterId, Moment>,
    /// The store: records that wait, and how others ended.
    waiting: BTreeMap<u64, Stored>,
    ended: BTreeMap<u64, End>,
    accepted: BTreeMap<u64, Stored>,
    arrivals: VecDeque<(Moment, Stored)>,
    kills: VecDeque<Moment>,
    /// POSTs under way by when they end.
    running: BTreeMap<(Moment, u64), (Post, Vec<Verdict>)>,
    /// What the proxy will write, by when.
    writes: BTreeMap<(Moment, u64), Vec<u64>>,
    /// The records of each POST that its verdicts did not call delivered.
    missed: BTreeMap<u64, Vec<u64>>,
    started: u64,
}

impl World {
    pub(super) fn new(seed: u64, plant: Plant) -> Self {
        let mut random = Random::seeded(seed);
        let terms = Terms {
            max_batch_records: 1 + random.index(20),
            max_in_flight: 1 + random.index(4),
            order: [Order::Strict, Order::Strict, Order::Fast][random.index(3)],
            ..Terms::default()
        };
        let start = Moment::from_millis(1_000_000);
        let mut at = start;
        let arrivals = (1..=1 + random.below(60)).map(|number| {
            at = at.after(Duration::from_millis(random.below(2_000)));
            let (topic, key) = (random.below(3).to_string(), random.below(4));
            (at, stored(number, topic, key, at, terms.time_to_live))
        });
        let arrivals: VecDeque<_> = arrivals.collect();
        let mut kill = || at.after(Duration::from_millis(random.below(200_000)));
        let mut kills = [kill(), kill()];
        kills.sort_unstable();
        let count = random.index(3);
        let limits = OutboxLimits::new(4 + random.index(100), 1 << 20);
        Self {
            plant,
            limits,
            shares: Shares::new(limits, true),
            roomy: BTreeSet::new(),
            away: (random.below(3) == 0).then(|| cluster("1")),
            held: None,
            delivered: BTreeMap::new(),
            terms,
            now: start,
            proxy: Proxy::new(Random::seeded(random.next())),
            machine: Machine::new(Backoff::seeded(random.next())),
            random,
            waiting: BTreeMap::new(),
            ended: BTreeMap::new(),
            accepted: BTreeMap::new(),
            arrivals,
            kills: kills.into_iter().take(count).collect(),
            running: BTreeMap::new(),
            writes: BTreeMap::new(),
            missed: BTreeMap::new(),
            started: 0,
        }
    }

    /// Runs until nothing happens any more, and then looks back.
    pub(super) fn run(&mut self) -> Result<(), Violation> {
        for _ in 0..MOST_STEPS {
            self.step()?;
            let Some(next) = self.next() else {
                return self.look_back();
            };
            if next <= self.now {
                return Err(Violation::Stuck);
            }
            self.now = next;
        }
        Err(Violation::Stuck)
    }

    /// When something happens next.
    fn next(&self) -> Option<Moment> {
        let is_done = self.arrivals.is_empty() && self.waiting.is_empty();
        let kill = self.kills.front().filter(|_| !is_done);
        let arrival = match self.held {
            Some((_, again)) => again,
            None => self.arrivals.front().map(|(at, _)| *at),
        };
        [
            arrival,
            self.running.keys().next().map(|(at, _)| *at),
            self.writes.keys().next().map(|(at, _)| *at),
            kill.copied(),
            self.machine.next_wake(self.now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does everything that is due.
    fn step(&mut self) -> Result<(), Violation> {
        let now = self.now;
        while let Some(entry) = self.writes.first_entry()
            && entry.key().0 <= now
        {
            let post = entry.key().1;
            self.proxy.write(post, entry.remove());
        }
        while self.kills.pop_front_if(|at| *at <= now).is_some() {
            self.kill();
        }
        while let Some(entry) = self.running.first_entry()
            && entry.key().0 <= now
        {
            let (post, verdicts) = entry.remove();
            let doubtful = post.numbers().zip(&verdicts);
            let doubtful = doubtful.filter(|(_, verdict)| matches!(verdict, Verdict::Unknown(_)));
            self.doubt(doubtful.map(|(number, _)| number).collect());
            let settled = self.machine.finish(post, verdicts, now).settled;
            if self.plant == Plant::SettlesTwice {
                self.settle(settled.clone())?;
            }
            self.settle(settled)?;
        }
        let expired = self.machine.advance(now);
        self.settle(expired)?;
        self.let_in()?;
        while let Some(post) = self.machine.next_post(now, self.arrivals.is_empty()) {
            self.start(post)?;
        }
        Ok(())
    }

    /// Lets those in who have come, in order, as far as there is room.
    fn let_in(&mut self) -> Result<(), Violation> {
        let now = self.now;
        while let Some((_, mut stored)) = self.arrivals.pop_front_if(|(at, _)| *at <= now) {
            let id = cluster(&stored.topic);
            let progress = self.delivered.get(&id).copied();
            let is_over = |since: Moment| now > since.after(self.limits.stalled_after);
            match self.shares.take(&id, stored.ticket.size, now) {
                Ok(_) => {
                    self.held = None;
                    stored.ticket.since = now;
                    stored.ticket.deadline = now.after(self.terms.time_to_live);
                    let number = stored.ticket.number;
                    self.roomy.insert(number);
                    self.accepted.insert(number, stored.clone());
                    self.waiting.insert(number, stored.clone());
                    self.accept(stored);
                }
                Err(NoRoom::Stalled) if self.plant != Plant::WaitsForTheStalled => {
                    self.held = None;
                    if progress
                        .is_some_and(|progress| now < progress.after(self.limits.stalled_after))
                    {
                        return Err(Violation::RefusedInProgress);
                    }
                }
                Err(why) => {
                    let (since, _) = self.held.unwrap_or((now, None));
                    if is_over(since.max(progress.unwrap_or(since))) {
                        return Err(Violation::Held);
                    }
                    let again = match why {
                        NoRoom::Until(again) => again,
                        NoRoom::Stalled => None,
                    };
                    self.held = Some((since, again));
                    self.arrivals.push_front((now, stored));
                    break;
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, stored: Stored) {
        let mut ticket = stored.ticket;
        if self.plant == Plant::ForgetsKeys {
            ticket.key = None;
        }
        self.machine
            .accept(&cluster(&stored.topic), &stored.topic, ticket, self.terms);
    }

    fn start(&mut self, post: Post) -> Result<(), Violation> {
        self.started += 1;
        let number = self.started;
        let records: Vec<_> = post.numbers().collect();
        if self.terms.order == Order::Strict {
            let keys: Vec<_> = self.in_flight().chain(records.iter().copied()).collect();
            let mut seen = BTreeSet::new();
            if !keys.iter().all(|record| seen.insert(self.key(*record))) {
                return Err(Violation::TwoOfAKey);
            }
        }
        let Course {
            takes,
            verdicts,
            writes,
            written_after,
        } = if self.away.as_ref() == Some(&post.cluster) {
            Proxy::is_away(&records)
        } else {
            self.proxy.meet(&records)
        };
        self.writes
            .insert((self.now.after(written_after), number), writes);
        let missed = records.iter().zip(&verdicts);
        let missed = missed.filter(|(_, verdict)| !matches!(verdict, Verdict::Delivered { .. }));
        self.missed
            .insert(number, missed.map(|(record, _)| *record).collect());
        if self.plant == Plant::SettlesBeforeTheVerdict {
            for record in &records {
                self.waiting.remove(record);
                self.ended.insert(
                    *record,
                    End {
                        is_delivered: true,
                        admits_write: true,
                    },
                );
            }
        }
        self.running
            .insert((self.now.after(takes), number), (post, verdicts));
        Ok(())
    }

    fn settle(&mut self, settled: Vec<Settled>) -> Result<(), Violation> {
        for one in settled {
            let end = match &one.result {
                Ok(_) => End {
                    is_delivered: true,
                    admits_write: true,
                },
                Err(_) if self.plant == Plant::DropsDeadLetters => {
                    self.waiting.remove(&one.number);
                    continue;
                }
                Err(error) => End {
                    is_delivered: false,
                    admits_write: self.plant != Plant::HidesUnknownOutcomes
                        && error.message.contains("written"),
                },
            };
            let is_delivered = one.result.is_ok();
            self.make_room(one.number, is_delivered);
            let is_first = self.waiting.remove(&one.number).is_some();
            if self.plant == Plant::SettlesBeforeTheVerdict {
                continue;
            }
            self.ended.insert(one.number, end);
            if !is_first {
                return Err(Violation::EndedTwice);
            }
        }
        Ok(())
    }

    fn make_room(&mut self, number: u64, is_delivered: bool) {
        let Some(stored) = self.waiting.get(&number) else {
            return;
        };
        let id = cluster(&stored.topic);
        if is_delivered {
            self.delivered.insert(id.clone(), self.now);
        }
        if self.roomy.remove(&number) {
            self.shares.end(&id, is_delivered, self.now);
            self.shares.free(&id, stored.ticket.size);
        }
    }

    /// The process is gone and another one goes on with what the store holds. POSTs
    /// under way reach the proxy or not.
    fn kill(&mut self) {
        let in_flight: BTreeSet<_> = self.in_flight().collect();
        // A store marks, at the start after, whatever may have been under way.
        self.doubt(in_flight.iter().copied().collect());
        for (_, number) in std::mem::take(&mut self.running).into_keys() {
            if self.random.below(2) == 0 {
                self.writes.retain(|(_, other), _| *other != number);
            }
        }
        self.machine = Machine::new(Backoff::seeded(self.random.next()));
        self.shares = Shares::new(self.limits, true);
        for (number, stored) in &self.waiting {
            let size = (1, stored.ticket.size);
            self.shares.add(&cluster(&stored.topic), size, self.now);
            self.roomy.insert(*number);
        }
        self.held = None;
        for stored in self.waiting.clone().into_values() {
            let was_in_flight = in_flight.contains(&stored.ticket.number);
            if !(was_in_flight && self.plant == Plant::ForgetsWhatWasInFlight) {
                self.accept(stored);
            }
        }
    }

    /// The store notes that attempts may have written these records.
    fn doubt(&mut self, records: Vec<u64>) {
        if self.plant == Plant::ForgetsDoubts {
            return;
        }
        for record in records {
            if let Some(stored) = self.waiting.get_mut(&record) {
                stored.ticket.may_be_written = true;
            }
        }
    }

    fn in_flight(&self) -> impl Iterator<Item = u64> {
        self.running.values().flat_map(|(post, _)| post.numbers())
    }

    fn key(&self, record: u64) -> Option<(&str, u64)> {
        let stored = self.accepted.get(&record)?;
        Some((&stored.topic, stored.key))
    }

    fn look_back(&self) -> Result<(), Violation> {
        if !self.accepted.keys().eq(self.ended.keys()) {
            return Err(Violation::Lost);
        }
        let written: BTreeSet<_> = self.proxy.log.iter().map(|(_, record)| *record).collect();
        for (record, end) in &self.ended {
            let is_written = written.contains(record);
            let may_deny = self.proxy.lied_about.contains(record);
            if end.is_delivered && !is_written {
                return Err(Violation::NotWritten);
            }
            if is_written && !end.admits_write && !may_deny {
                return Err(Violation::WrittenUnsaid);
            }
        }
        self.order()
    }

    /// Delivered records of a key were first written in the order accepted. Only
    /// under `fast` one that failed in the POST that wrote a later one comes after it.
    fn order(&self) -> Result<(), Violation> {
        let mut seen = BTreeSet::new();
        let mut earlier: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
        for (post, record) in &self.proxy.log {
            let is_delivered = self.ended.get(record).is_some_and(|end| end.is_delivered);
            if !is_delivered || !seen.insert(*record) {
                continue;
            }
            let before = earlier.entry(self.key(*record)).or_default();
            let may_overtake = |post: &u64| {
                self.terms.order == Order::Fast
                    && self
                        .missed
                        .get(post)
                        .is_some_and(|missed| missed.contains(record))
            };
            if before
                .iter()
                .any(|(post, other)| other > record && !may_overtake(post))
            {
                return Err(Violation::OutOfOrder);
            }
            before.push((*post, *record));
        }
        Ok(())
    }
}

/// Where a topic lies: there are two clusters.
fn cluster(topic: &str) -> ClusterId {
    ClusterId::new("", if topic == "1" { "1" } else { "0" })
}

fn stored(number: u64, topic: String, key: u64, at: Moment, time_to_live: Duration) -> Stored {
    let ticket = Ticket {
        number,
        key: Some(key.to_string().into()),
        size: 10,
        timeout: None,
        since: at,
        deadline: at.after(time_to_live),
        may_be_written: false,
    };
    Stored { topic, key, ticket }
}
