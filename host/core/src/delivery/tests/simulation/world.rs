//! What drives the machine, as a host does: a clock, a store, a process that is
//! killed at times.

mod checks;
mod restarts;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    proxy::{Course, Proxy},
    store::{End, Store, Stored, Write},
};
use crate::{
    clock::Moment,
    cluster::{ClusterId, Order, Terms},
    delivery::{Backoff, Machine, NoRoom, Post, Settled, Shares, Ticket, random::Random},
    limits::OutboxLimits,
    verdict::Verdict,
};

/// More steps than any run takes.
const MOST_STEPS: usize = 100_000;
/// The longest that a sync takes.
const SYNC_MS: u64 = 20;

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// An accepted record has no end.
    Lost,
    /// A record that had ended did so again.
    EndedTwice,
    /// A record that was given up is no dead letter, and was not counted as forgotten.
    LetterLost,
    /// A record was sent under two ids.
    AnotherId,
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
    AcceptsBeforeTheSync,
    GivesAnotherIdOnARetry,
    DropsDeadLettersWhenFull,
    SettlesBeforeTheVerdict,
    ForgetsKeys,
    DropsDeadLetters,
    ForgetsWhatWasInFlight,
    SettlesTwice,
    HidesUnknownOutcomes,
    ForgetsDoubts,
    WaitsForTheStalled,
    GoesOnBeforeTheEnd,
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
    store: Store,
    /// When the sync under way ends, and how many writes it is for.
    sync: Option<(Moment, usize)>,
    /// Whether its disk fails at times.
    is_failing: bool,
    /// Records that somebody was told are accepted, or that a process found in the store.
    accepted: BTreeMap<u64, Stored>,
    arrivals: VecDeque<(Moment, Stored)>,
    /// When the process is killed, or the power goes.
    kills: VecDeque<(Moment, bool)>,
    /// How often it still is when a record has just been given up.
    kills_at_ends: usize,
    /// Records of whose end this process has told the store.
    ending: BTreeSet<u64>,
    /// Under which ids each record was sent, and how often.
    ids: BTreeMap<u64, (BTreeSet<u64>, u64)>,
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
        let most_apart = [2_000, 2_000, 50][random.index(3)];
        let arrivals = (1..=1 + random.below(60)).map(|number| {
            at = at.after(Duration::from_millis(random.below(most_apart)));
            let (topic, key) = (random.below(3).to_string(), random.below(4));
            (at, stored(number, topic, key, at, terms.time_to_live))
        });
        let arrivals: VecDeque<_> = arrivals.collect();
        let kill = |random: &mut Random| {
            let late = at.after(Duration::from_millis(random.below(200_000)));
            let count = u8::try_from(arrivals.len()).unwrap_or(u8::MAX);
            let (arrival, _) = &arrivals[random.index(count)];
            let soon = arrival.after(Duration::from_millis(random.below(SYNC_MS)));
            ([late, soon][random.index(2)], random.below(2) == 0)
        };
        let mut kills = [kill(&mut random), kill(&mut random)];
        kills.sort_unstable();
        let count = random.index(3);
        let limits = OutboxLimits::new(4 + random.index(100), 1 << 20);
        let is_failing = random.below(4) == 0;
        let kills_at_ends = [0, 0, 0, 3][random.index(4)];
        let mut store = Store::new(1 + random.index(8));
        store.drops_when_full = plant == Plant::DropsDeadLettersWhenFull;
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
            store,
            sync: None,
            is_failing,
            ending: BTreeSet::new(),
            ids: BTreeMap::new(),
            accepted: BTreeMap::new(),
            arrivals,
            kills: kills.into_iter().take(count).collect(),
            kills_at_ends,
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
        let is_done =
            self.arrivals.is_empty() && self.store.waiting.is_empty() && self.sync.is_none();
        let kill = self.kills.front().filter(|_| !is_done);
        let arrival = match self.held {
            Some((_, again)) => again,
            None => self.arrivals.front().map(|(at, _)| *at),
        };
        let machine = self.machine.next_wake(self.now);
        [
            arrival,
            self.sync.map(|(at, _)| at),
            self.running.keys().next().map(|(at, _)| *at),
            self.writes.keys().next().map(|(at, _)| *at),
            kill.map(|(at, _)| *at),
            machine.filter(|_| !self.store.has_failed),
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
        while let Some((_, is_powerless)) = self.kills.pop_front_if(|(at, _)| *at <= now) {
            self.kill(is_powerless);
        }
        self.end_sync();
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
        if self.store.has_failed {
            // Nothing is accepted, and nothing more is sent.
            while self.arrivals.pop_front_if(|(at, _)| *at <= now).is_some() {}
            return Ok(());
        }
        let expired = self.machine.advance(now);
        self.settle(expired)?;
        self.let_in()?;
        while let Some(post) = self.machine.next_post(now, self.arrivals.is_empty()) {
            self.start(post)?;
        }
        self.begin_sync();
        Ok(())
    }

    /// Begins to sync what was written, unless a sync is under way.
    fn begin_sync(&mut self) {
        if self.sync.is_none() && self.store.unsynced() > 0 {
            let takes = Duration::from_millis(1 + self.random.below(SYNC_MS));
            self.sync = Some((self.now.after(takes), self.store.unsynced()));
        }
    }

    /// Ends the sync that is due: what it was for is safe, or the disk has failed.
    fn end_sync(&mut self) {
        let Some((_, count)) = self.sync.take_if(|(at, _)| *at <= self.now) else {
            return;
        };
        if self.is_failing && self.random.below(40) == 0 {
            self.store.has_failed = true;
            self.held = None;
            // Somebody sees to the disk and starts again.
            self.kill_within(60_000, false);
            return;
        }
        for write in self.store.sync(count) {
            match write {
                Write::Record(stored) if self.plant != Plant::AcceptsBeforeTheSync => {
                    self.accepted.insert(stored.ticket.number, stored.clone());
                    self.accept(stored);
                }
                Write::End(number, end) => {
                    self.free(number);
                    self.make_room(number, end.is_delivered);
                }
                _ => {}
            }
        }
        self.begin_sync();
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
                    self.store.write(Write::Record(stored.clone()));
                    if self.plant == Plant::AcceptsBeforeTheSync {
                        self.accepted.insert(number, stored.clone());
                        self.accept(stored);
                    }
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
        for record in &records {
            let (ids, attempts) = self.ids.entry(*record).or_default();
            let is_other = self.plant == Plant::GivesAnotherIdOnARetry && *attempts > 0;
            ids.insert(if is_other { u64::MAX } else { *record });
            *attempts += 1;
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
                self.store.waiting.remove(record);
                self.store.ended.insert(
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
                    self.store.waiting.remove(&one.number);
                    self.free(one.number);
                    continue;
                }
                Err(error) => End {
                    is_delivered: false,
                    admits_write: self.plant != Plant::HidesUnknownOutcomes
                        && error.message.contains("written"),
                },
            };
            if self.plant == Plant::SettlesBeforeTheVerdict {
                self.make_room(one.number, end.is_delivered);
                continue;
            }
            if !end.is_delivered && self.kills_at_ends > 0 && self.random.below(2) == 0 {
                self.kills_at_ends -= 1;
                self.kill_within(SYNC_MS, true);
            }
            if self.plant == Plant::GoesOnBeforeTheEnd {
                self.free(one.number);
            }
            let is_first = self.ending.insert(one.number);
            if !is_first || self.store.ended.contains_key(&one.number) {
                return Err(Violation::EndedTwice);
            }
            self.store.write(Write::End(one.number, end));
        }
        Ok(())
    }

    /// The end of a record is kept: later ones of its key may go.
    fn free(&mut self, number: u64) {
        if let Some(stored) = self.accepted.get(&number) {
            let topic = &stored.topic;
            self.machine.free(&cluster(topic), topic, number);
        }
    }

    fn make_room(&mut self, number: u64, is_delivered: bool) {
        let Some(stored) = self.accepted.get(&number) else {
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

    /// The store notes that attempts may have written these records.
    fn doubt(&mut self, records: Vec<u64>) {
        if self.plant == Plant::ForgetsDoubts {
            return;
        }
        for record in records {
            self.store.write(Write::Doubt(record));
        }
    }

    fn in_flight(&self) -> impl Iterator<Item = u64> {
        self.running.values().flat_map(|(post, _)| post.numbers())
    }

    fn key(&self, record: u64) -> Option<(&str, u64)> {
        let stored = self.accepted.get(&record)?;
        Some((&stored.topic, stored.key))
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
