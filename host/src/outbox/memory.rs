//! A store in memory: what it holds is lost with the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    letter::{DeadLetter, Filter},
    store::{Appended, Backlog, Change, Done, End, LaneId, Store, StoreFuture, Watcher},
};
use crate::{cluster::ClusterId, record::StoredRecord};

/// Most bytes of dead letters that are kept; the oldest go first.
const DEAD_BYTES: usize = 8 << 20;

/// Keeps records in memory. It does not know what was sent twice: it forgets with the
/// process, and a repeat comes after that.
#[derive(Default)]
pub(crate) struct MemoryStore(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, StoredRecord>,
    dead: BTreeMap<u64, DeadLetter>,
    dead_bytes: usize,
    held: BTreeSet<ClusterId>,
    watcher: Option<Watcher>,
}

impl MemoryStore {
    fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut State) -> T) -> StoreFuture<'_, T> {
        let done = work(&mut self.state());
        Box::pin(ready(Ok(done)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, record: StoredRecord) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, record);
        self.last
    }

    fn bury(&mut self, letter: DeadLetter) {
        self.dead_bytes += letter.record.record.size();
        self.dead.insert(letter.number, letter);
        while self.dead_bytes > DEAD_BYTES
            && let Some((_, oldest)) = self.dead.pop_first()
        {
            self.dead_bytes -= oldest.record.record.size();
            tracing::warn!(
                event = oldest.record.event,
                trigger = oldest.record.trigger,
                "a dead letter is forgotten: the outbox keeps {DEAD_BYTES} bytes of them"
            );
        }
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

impl Store for MemoryStore {
    fn append(&self, records: Vec<StoredRecord>, done: Done) {
        let mut state = self.state();
        let appended = records.iter().map(|record| state.append(record.clone()));
        let appended = appended.map(Appended::New).collect();
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

    fn close(&self, _in_flight: Vec<u64>) -> StoreFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    fn is_durable(&self) -> bool {
        false
    }
}
