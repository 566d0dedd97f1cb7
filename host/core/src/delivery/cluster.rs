//! Shares the POSTs that a cluster allows at once between its lanes.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Settled, Terms, Ticket,
    backoff::Backoff,
    health,
    lane::{Lane, Permit},
    pending::{Class, Pending},
};
use crate::{
    clock::Moment,
    cluster::ClusterId,
    verdict::{Reason, Verdict},
};

/// A shorter pause than this grows by backoff where it does not help: some ask for none at
/// all, or for one that is over by our clock.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
/// A POST that takes longer is a slow one, and does not keep a quick one waiting.
const SLOW_AFTER: Duration = Duration::from_millis(500);

/// Records to be sent in one POST; comes back with a verdict for each.
#[derive(Debug)]
pub struct Post {
    /// The cluster to send to.
    pub cluster: ClusterId,
    /// The topic to send to.
    pub topic: String,
    /// The queues' own bound on the attempt.
    pub timeout: Option<Duration>,
    /// Among the POSTs of its cluster.
    number: u64,
    class: Class,
    records: Vec<Pending>,
}

impl Post {
    /// The numbers of its records, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.records.iter().map(|pending| pending.ticket.number)
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has no records; none that starts has not.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn abandon(self) -> impl Iterator<Item = Settled> {
        self.records
            .into_iter()
            .map(|pending| pending.shut_down(true))
    }
}

/// A cluster's lanes by topic.
#[derive(Debug)]
pub(super) struct Lanes {
    id: ClusterId,
    terms: Terms,
    turns: BTreeMap<String, Turn>,
    /// By their numbers.
    in_flight: BTreeMap<u64, Flight>,
    /// POSTs started ever.
    started: u64,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Turn {
    lane: Lane,
    /// The number of its last POST; who waits longest comes first.
    last: u64,
}

#[derive(Debug)]
struct Flight {
    since: Moment,
    is_suspect: bool,
}

/// A pause that the proxy asked for. When it is over, one POST at a time goes
/// until one comes through.
#[derive(Debug)]
struct Pause {
    until: Moment,
    /// When the next record may be sent before that, to see whether it is over.
    next_probe: Moment,
    /// Pauses in a row.
    count: u32,
}

impl Lanes {
    pub(super) fn new(id: ClusterId, terms: Terms) -> Self {
        Self {
            id,
            terms,
            turns: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            started: 0,
            pause: None,
        }
    }

    pub(super) fn push(&mut self, topic: &str, ticket: Ticket, terms: Terms) {
        self.terms = terms;
        if let Some(turn) = self.turns.get_mut(topic) {
            turn.lane.set_terms(terms);
            turn.lane.push(Pending::new(ticket));
            return;
        }
        let mut lane = Lane::new(terms);
        lane.push(Pending::new(ticket));
        self.turns.insert(topic.to_owned(), Turn { lane, last: 0 });
    }

    /// Lets the time pass and gives what outlived its time to live.
    pub(super) fn advance(&mut self, now: Moment) -> Vec<Settled> {
        let is_blocked = self.pause.is_some();
        let lanes = self.turns.values_mut();
        let expired = lanes
            .flat_map(|turn| turn.lane.advance(now, is_blocked))
            .collect();
        self.turns.retain(|_, turn| !turn.lane.is_disposable());
        expired
    }

    /// The next POST, if one may start now. One of the POSTs allowed at once is
    /// kept from a lane while others have records, and one from all that may be slow
    /// together.
    pub(super) fn next_post(&mut self, now: Moment, is_flushing: bool) -> Option<Post> {
        if let Some(pause) = &self.pause {
            if !self.in_flight.is_empty() {
                return None;
            }
            if now < pause.until {
                return self.next_probe(now);
            }
        }
        let most = self.terms.max_in_flight.max(1);
        if self.quick_in_flight(now) >= most {
            return None;
        }
        let suspects = self.in_flight.values().filter(|post| post.is_suspect);
        let all_but_one = (most - 1).max(1);
        let busy = self.turns.values().filter(|turn| turn.lane.is_busy());
        let permit = Permit {
            most_in_flight: if busy.count() > 1 { all_but_one } else { most },
            may_be_slow: suspects.count() < all_but_one,
            is_flushing,
        };
        let lanes = self.turns.iter();
        let (topic, class, _) = lanes
            .filter_map(|(topic, turn)| {
                let class = turn.lane.startable(now, permit)?;
                Some((topic.clone(), class, turn.last))
            })
            .min_by_key(|(_, _, last)| *last)?;
        // After a pause one record has to come through first.
        let records = if self.pause.is_some() { 1 } else { usize::MAX };
        self.start(topic, class, records, now)
    }

    /// POSTs under way that count among those allowed at once: slow ones do not,
    /// as far as there are fewer of them than that.
    fn quick_in_flight(&self, now: Moment) -> usize {
        let most_slow = self.terms.max_in_flight.saturating_sub(1);
        let is_slow = |post: &&Flight| now >= post.since.after(SLOW_AFTER);
        let slow = self.in_flight.values().filter(is_slow).count();
        self.in_flight.len() - slow.min(most_slow)
    }

    /// One record that would end within the pause, to see whether it is over.
    fn next_probe(&mut self, now: Moment) -> Option<Post> {
        let (topic, class, at) = self.probe()?;
        if now < at {
            return None;
        }
        self.start(topic, class, 1, now)
    }

    /// Which record is sent next within a pause, and when.
    fn probe(&self) -> Option<(String, Class, Moment)> {
        let pause = self.pause.as_ref()?;
        let probes = self.turns.iter().filter_map(|(topic, turn)| {
            let (class, at) = turn.lane.probe(pause.until)?;
            Some((topic, class, at.max(pause.next_probe)))
        });
        let (topic, class, at) = probes.min_by_key(|(_, _, at)| *at)?;
        Some((topic.clone(), class, at))
    }

    fn start(&mut self, topic: String, class: Class, most: usize, now: Moment) -> Option<Post> {
        let turn = self.turns.get_mut(&topic)?;
        self.started += 1;
        turn.last = self.started;
        let flight = Flight {
            since: now,
            is_suspect: turn.lane.is_suspect(class),
        };
        self.in_flight.insert(self.started, flight);
        Some(Post {
            cluster: self.id.clone(),
            topic,
            timeout: class.timeout,
            number: self.started,
            class,
            records: turn.lane.take(class, most),
        })
    }

    /// Takes back a POST with a verdict per record; gives what has ended, and the
    /// first reason why something of its lane has to be sent again.
    pub(super) fn finish(
        &mut self,
        post: Post,
        verdicts: Vec<Verdict>,
        now: Moment,
        backoff: &mut Backoff,
    ) -> (Vec<Settled>, Option<(Reason, Moment)>) {
        self.in_flight.remove(&post.number);
        self.note_pause(&verdicts, now, backoff);
        let reason = verdicts.iter().find_map(health::failure).cloned();
        let Post {
            topic,
            class,
            records,
            ..
        } = post;
        let Some(turn) = self.turns.get_mut(&topic) else {
            return (Vec::new(), None);
        };
        let settled = turn.lane.finish(class, records, verdicts, now, backoff);
        let is_first = reason.is_some() && !turn.lane.is_noted;
        turn.lane.is_noted = reason.is_some() || (turn.lane.is_noted && turn.lane.is_retrying());
        let pause = self.pause.as_ref();
        let pause = pause.map(|pause| (pause.until, pause.next_probe));
        let next = turn.lane.next_retry(class, pause).unwrap_or(now);
        let notice = reason.filter(|_| is_first).map(|reason| (reason, next));
        (settled, notice)
    }

    /// Lets the key of a record that was given up go on.
    pub(super) fn free(&mut self, topic: &str, number: u64) {
        if let Some(turn) = self.turns.get_mut(topic) {
            turn.lane.free(number);
        }
    }

    fn note_pause(&mut self, verdicts: &[Verdict], now: Moment, backoff: &mut Backoff) {
        let reasons = verdicts.iter().filter_map(health::failure);
        match reasons.filter_map(|reason| reason.retry_after).max() {
            Some(asked) => {
                let count = self.pause.as_ref().map_or(0, |pause| pause.count) + 1;
                let wait = backoff.wait(count);
                let granted = asked.min(self.terms.max_retry_after);
                self.pause = Some(Pause {
                    until: now.after(granted.max(wait.min(SHORT_PAUSE))),
                    next_probe: now.after(wait),
                    count,
                });
            }
            // The proxy has answered otherwise: the pause is over.
            None if verdicts.iter().any(|one| health::failure(one).is_none()) => self.pause = None,
            None => {}
        }
    }

    /// When something changes by time alone.
    pub(super) fn next_wake(&self, now: Moment) -> Option<Moment> {
        let pause = self.pause.as_ref();
        let lanes = self
            .turns
            .values()
            .filter_map(|turn| turn.lane.next_wake(now, pause.is_some()));
        let probe = self.probe().map(|(_, _, at)| at);
        let slow = self
            .in_flight
            .values()
            .map(|post| post.since.after(SLOW_AFTER));
        lanes
            .chain(pause.map(|pause| pause.until))
            .chain(probe)
            .chain(slow)
            .filter(|at| *at > now)
            .min()
    }

    /// Takes out everything that is not in flight.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Settled> {
        self.turns
            .values_mut()
            .flat_map(|turn| turn.lane.drain())
            .map(|pending| pending.shut_down(false))
    }
}
