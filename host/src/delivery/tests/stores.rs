//! Stores that are slow or fail.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::support::{Bench, all_delivered, cluster, to};
use crate::{
    outbox::{DeadLetter, End, Filter, MemoryStore, OutboxLimits, Store, StoreError, StoreFuture},
    record::StoredRecord,
};

/// A store in memory that takes ends when it is allowed to.
struct SlowStore {
    inner: MemoryStore,
    allowed: Semaphore,
    /// How many ends came together.
    batches: Mutex<Vec<usize>>,
    fails: bool,
}

impl SlowStore {
    fn new(fails: bool) -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::default(),
            allowed: Semaphore::new(0),
            batches: Mutex::default(),
            fails,
        })
    }

    fn allow(&self, batches: usize) {
        self.allowed.add_permits(batches);
    }
}

impl Store for SlowStore {
    fn append(&self, records: Vec<StoredRecord>) -> StoreFuture<'_, Vec<u64>> {
        self.inner.append(records)
    }

    fn next(&self, after: u64, most: usize) -> StoreFuture<'_, Vec<(u64, StoredRecord)>> {
        self.inner.next(after, most)
    }

    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<StoredRecord>> {
        self.inner.read(numbers)
    }

    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.allowed.acquire().await.unwrap().forget();
            self.batches.lock().unwrap().push(ends.len());
            if self.fails {
                return Err(StoreError::Failed("the disk is full".to_owned()));
            }
            self.inner.settle(ends).await
        })
    }

    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>> {
        self.inner.list(filter)
    }

    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, Vec<(u64, StoredRecord)>> {
        self.inner.replay(filter, now_ms)
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_to_take_ends_holds_up_no_post() {
    let store = SlowStore::new(false);
    let limits = OutboxLimits::default();
    let mut bench = Bench::with_store(|batch, _| all_delivered(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales");
    // One at a time, since they have one key.
    let messages = ["1", "2", "3"].map(|name| message("a", name));
    bench.delivery.accept(messages.into()).await.unwrap();
    while bench.sent().len() < 3 {
        tokio::time::sleep(cluster().linger).await;
    }
    tokio::time::sleep(cluster().linger).await;
    assert!(
        bench.results().is_empty(),
        "nothing is told before the store has it"
    );
    store.allow(2);
    bench.delivery.flush().await;
    assert_eq!(bench.results().len(), 3);
    assert_eq!(
        *store.batches.lock().unwrap(),
        [1, 2],
        "what waits goes together"
    );
}

#[tokio::test(start_paused = true)]
async fn what_became_of_records_is_told_though_the_store_fails_to_take_it() {
    let store = SlowStore::new(true);
    store.allow(100);
    let limits = OutboxLimits::default();
    let mut bench = Bench::with_store(|batch, _| all_delivered(batch), store, limits);
    let message = to(&Arc::new(cluster()), "sales")("a", "1");
    bench.delivery.accept(vec![message]).await.unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.results()["1"], "ok");
}
