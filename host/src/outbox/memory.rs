//! A store in memory: what it holds is lost with the process.

use std::{
    collections::BTreeMap,
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::store::{DeadLetter, End, Filter, LaneId, Store, StoreError, StoreFuture};
use crate::record::StoredRecord;

/// Most bytes of dead letters that are kept; the oldest go first.
const DEAD_BYTES: usize = 8 << 20;

/// Keeps records in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, StoredRecord>,
    dead: BTreeMap<u64, DeadLetter>,
    dead_bytes: usize,
}

impl MemoryStore {
    fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> StoreFuture<'_, T> {
        let done = work(&mut self.state());
        Box::pin(ready(done))
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
        let letters = self.dead.values().filter(|letter| filter.passes(letter));
        let most = filter.limit.unwrap_or(usize::MAX);
        letters.take(most).map(|letter| letter.number).collect()
    }
}

impl Store for MemoryStore {
    fn append(&self, records: Vec<StoredRecord>) -> StoreFuture<'_, Vec<u64>> {
        self.with(|state| Ok(records.into_iter().map(|one| state.append(one)).collect()))
    }

    fn lanes(&self) -> StoreFuture<'_, Vec<(LaneId, u64)>> {
        self.with(|state| {
            let lanes = state.waiting.iter();
            let lanes: BTreeMap<_, _> = lanes
                .map(|(number, one)| (LaneId::of(one), *number))
                .collect();
            Ok(lanes.into_iter().collect())
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
            Ok(waiting
                .map(|(number, one)| (*number, one.clone()))
                .collect())
        })
    }

    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<StoredRecord>> {
        self.with(|state| {
            let read = |number: &u64| {
                let found = state.waiting.get(number).cloned();
                found.ok_or(StoreError::Missing(*number))
            };
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
            Ok(())
        })
    }

    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>> {
        self.with(|state| {
            let numbers = state.matching(filter);
            let letters = numbers.iter().filter_map(|number| state.dead.get(number));
            Ok(letters.cloned().collect())
        })
    }

    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, Vec<(u64, StoredRecord)>> {
        self.with(|state| {
            let mut replayed = Vec::new();
            for number in state.matching(filter) {
                let Some(letter) = state.dead.remove(&number) else {
                    continue;
                };
                state.dead_bytes -= letter.record.record.size();
                let mut record = letter.record;
                let time_to_live = record.deadline_ms.saturating_sub(record.accepted_ms);
                record.accepted_ms = now_ms;
                record.deadline_ms = now_ms.saturating_add(time_to_live);
                replayed.push((state.append(record.clone()), record));
            }
            Ok(replayed)
        })
    }
}
