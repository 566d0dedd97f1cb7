//! A store in memory: what it holds is lost with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    letter::{DeadEvent, DeadLetter, Filter, Redecided, StoredEvent},
    seen::{Named, Names},
    store::{Appended, Backlog, Change, Done, End, LaneId, Store, StoreFuture, Watcher},
};
use crate::{cluster::ClusterId, record::StoredRecord};

/// Most bytes of dead letters that are kept; the oldest go first.
const DEAD_BYTES: usize = 8 << 20;

/// Keeps records in memory.
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    /// How long a record whose event's id the caller gave is known when it is sent again.
    dedup: Duration,
}

#[derive(Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, StoredRecord>,
    dead: BTreeMap<u64, DeadLetter>,
    /// Events of which something failed.
    events: BTreeMap<u64, StoredEvent>,
    /// Those of them that their callers named: their ids and numbers.
    named: BTreeSet<(String, u64)>,
    /// Bytes of both.
    dead_bytes: usize,
    held: BTreeSet<ClusterId>,
    names: Names,
    watcher: Option<Watcher>,
}

impl MemoryStore {
    pub(crate) fn new(dedup: Duration) -> Self {
        let state = State {
            names: Names::new(dedup),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            dedup,
        }
    }

    fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut State) -> T) -> StoreFuture<'_, T> {
        let done = work(&mut self.state());
        Box::pin(ready(Ok(done)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, record: StoredRecord) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, record);
        self.last
    }

    /// Takes a record in unless it was sent before.
    fn take(&mut self, record: StoredRecord, named: Option<Named>) -> Appended {
        let met = named.and_then(|named| self.names.meet(&named));
        met.unwrap_or_else(|| Appended::New(self.append(record)))
    }

    fn bury(&mut self, letter: DeadLetter) {
        self.dead_bytes += letter.record.record.size();
        self.dead.insert(letter.number, letter);
        self.forget();
    }

    /// Keeps an event of which something failed; once, however often it is sent.
    fn keep(&mut self, stored: StoredEvent) {
        if let Some(number) = self.same(&stored) {
            self.take_event(number);
        }
        self.last += 1;
        self.keep_as(self.last, stored);
    }

    /// The number of the same event, sent before.
    fn same(&self, stored: &StoredEvent) -> Option<u64> {
        let id = &stored.event.id;
        let named = self.named.range((id.clone(), 0)..=(id.clone(), u64::MAX));
        let mut numbers = named.map(|(_, number)| *number);
        numbers.find(|number| {
            let known = self.events.get(number);
            known.is_some_and(|known| known.is_same(stored))
        })
    }

    fn keep_as(&mut self, number: u64, stored: StoredEvent) {
        self.dead_bytes += stored.event.size();
        if stored.event.id_is_given {
            self.named.insert((stored.event.id.clone(), number));
        }
        self.events.insert(number, stored);
        self.forget();
    }

    fn take_event(&mut self, number: u64) -> Option<StoredEvent> {
        let stored = self.events.remove(&number)?;
        self.dead_bytes -= stored.event.size();
        self.named.remove(&(stored.event.id.clone(), number));
        Some(stored)
    }

    /// Forgets the oldest letters where there are too many bytes of them. A record that is
    /// forgotten can be sent again.
    fn forget(&mut self) {
        while self.dead_bytes > DEAD_BYTES {
            let first = |number: Option<&u64>| number.copied().unwrap_or(u64::MAX);
            let (record, event) = (
                first(self.dead.keys().next()),
                first(self.events.keys().next()),
            );
            let (event, trigger) = if record < event
                && let Some(oldest) = self.dead.remove(&record)
            {
                self.dead_bytes -= oldest.record.record.size();
                self.names.drop(&oldest.record);
                (oldest.record.event, Some(oldest.record.trigger))
            } else if let Some(oldest) = self.take_event(event) {
                (oldest.event.id, None)
            } else {
                return;
            };
            tracing::warn!(
                event,
                trigger,
                "a dead letter is forgotten: the outbox keeps {DEAD_BYTES} bytes of them"
            );
        }
    }

    fn redeem(&mut self, one: &Redecided, now_ms: u64, dedup: Duration) -> Option<bool> {
        let stored = self.take_event(one.number)?;
        let (mut moved, mut is_reused) = (Vec::new(), Vec::new());
        for record in &one.records {
            let named = Named::of(record, dedup);
            let taken = self.take(record.clone(), named);
            if let Appended::New(_) = taken {
                let bytes = i64::try_from(record.record.size()).unwrap_or(i64::MAX);
                moved.push((record.cluster(), 1, bytes));
            }
            is_reused.push(taken == Appended::Reused);
        }
        self.tell(moved);
        let left = one.left_beside(&stored, is_reused);
        let is_left = left.is_some();
        if let Some(event) = left {
            self.keep_as(one.number, stored.again(event, now_ms));
        }
        Some(is_left)
    }

    fn matching(&self, filter: &Filter) -> Vec<u64> {
        let letters = self.dead.values();
        let letters = letters.filter(|letter| {
            let is_meant = filter.number.is_none_or(|number| number == letter.number);
            is_meant && filter.passes(&letter.record, Some(&letter.death.code))
        });
        let most = filter.limit.unwrap_or(usize::MAX);
        letters.take(most).map(|letter| letter.number).collect()
    }

    fn waiting(&self) -> Change {
        let mut lanes: BTreeMap<LaneId, Backlog> = BTreeMap::new();
        for (number, record) in &self.waiting {
            let lane = LaneId::of(record);
            let backlog = lanes.entry(lane.clone()).or_insert(Backlog {
                lane,
                newest: 0,
                records: 0,
                bytes: 0,
            });
            backlog.newest = *number;
            backlog.records += 1;
            backlog.bytes += record.record.size() as u64;
        }
        Change {
            lanes: lanes.into_values().collect(),
            held: self.held.iter().cloned().collect(),
            moved: Vec::new(),
        }
    }

    fn tell(&self, moved: Vec<(ClusterId, i64, i64)>) {
        if let Some(watcher) = &self.watcher {
            let mut change = self.waiting();
            change.moved = moved;
            watcher(change);
        }
    }
}

#[cfg(test)]
impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Duration::from_hours(24))
    }
}

impl Store for MemoryStore {
    fn append(&self, records: Vec<StoredRecord>, events: Vec<StoredEvent>, done: Done) {
        // Outside of the lock, as it takes the most time.
        let names: Vec<_> = records
            .iter()
            .map(|record| Named::of(record, self.dedup))
            .collect();
        let mut state = self.state();
        for event in events {
            state.keep(event);
        }
        let both = records.iter().cloned().zip(names);
        let appended = both.map(|(record, named)| state.take(record, named));
        let appended = appended.collect();
        // Under the lock, so that it is called in order.
        done(records, Ok(appended));
    }

    fn watch(&self, watcher: Watcher) {
        self.state().watcher = Some(watcher);
    }

    fn left(&self) -> Vec<Backlog> {
        self.state().waiting().lanes
    }

    fn waiting(&self) -> StoreFuture<'_, Change> {
        self.with(|state| state.waiting())
    }

    fn oldest(&self) -> StoreFuture<'_, Option<u64>> {
        self.with(|state| {
            state
                .waiting
                .values()
                .map(|record| record.accepted_ms)
                .min()
        })
    }

    fn next<'a>(
        &'a self,
        lane: &'a LaneId,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<(u64, StoredRecord)>> {
        self.with(|state| {
            let waiting = state.waiting.range(after.saturating_add(1)..);
            let waiting = waiting.filter(|(_, one)| lane.has(one)).take(most);
            waiting
                .map(|(number, one)| (*number, one.clone()))
                .collect()
        })
    }

    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<Option<StoredRecord>>> {
        self.with(|state| {
            let read = |number| state.waiting.get(number).cloned();
            numbers.iter().map(read).collect()
        })
    }

    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()> {
        self.with(|state| {
            for (number, end) in ends {
                let Some(record) = state.waiting.remove(&number) else {
                    continue;
                };
                if let End::Dead(death) = end {
                    state.bury(DeadLetter {
                        number,
                        record,
                        death,
                    });
                }
            }
        })
    }

    fn doubt(&self, numbers: Vec<u64>) -> StoreFuture<'_, ()> {
        self.with(|state| {
            for number in numbers {
                if let Some(record) = state.waiting.get_mut(&number) {
                    record.may_be_written = true;
                }
            }
        })
    }

    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>> {
        self.with(|state| {
            let numbers = state.matching(filter);
            let letters = numbers.iter().filter_map(|number| state.dead.get(number));
            letters.cloned().collect()
        })
    }

    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, usize> {
        self.with(|state| {
            let numbers = state.matching(filter);
            let mut moved = Vec::new();
            for number in &numbers {
                let Some(letter) = state.dead.remove(number) else {
                    continue;
                };
                state.dead_bytes -= letter.record.record.size();
                let mut record = letter.record;
                record.renew(now_ms);
                let bytes = i64::try_from(record.record.size()).unwrap_or(i64::MAX);
                moved.push((record.cluster(), 1, bytes));
                state.append(record);
            }
            state.tell(moved);
            numbers.len()
        })
    }

    fn events(&self, filter: &Filter, after: u64) -> StoreFuture<'_, Vec<DeadEvent>> {
        self.with(|state| {
            let events = state.events.range(after.saturating_add(1)..);
            let events = events.filter(|(number, stored)| {
                filter.number.is_none_or(|wanted| wanted == **number) && filter.passes_event(stored)
            });
            events
                .map(|(number, stored)| DeadEvent {
                    number: *number,
                    stored: stored.clone(),
                })
                .collect()
        })
    }

    fn redeem(&self, redecided: Vec<Redecided>, now_ms: u64) -> StoreFuture<'_, Vec<Option<bool>>> {
        self.with(|state| {
            let redecided = redecided.iter();
            let redeemed = redecided.map(|one| state.redeem(one, now_ms, self.dedup));
            redeemed.collect()
        })
    }

    fn hold(&self, cluster: &ClusterId, is_held: bool) -> StoreFuture<'_, ()> {
        self.with(|state| {
            if is_held {
                state.held.insert(cluster.clone());
            } else {
                state.held.remove(cluster);
            }
            state.tell(Vec::new());
        })
    }

    fn most_dead_bytes(&self) -> u64 {
        DEAD_BYTES as u64
    }

    fn close(&self, _in_flight: Vec<u64>) -> StoreFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn is_durable(&self) -> bool {
        false
    }
}
