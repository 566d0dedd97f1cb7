//! Stores that are slow or fail.

use std::{
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::support::{
    Answer, Bench, DELIVERED, all_delivered, cluster, each, reason, retriable, to, values,
};
use crate::{
    cluster::ClusterId,
    outbox::{
        Backlog, Change, DeadEvent, DeadLetter, Done, End, Filter, LaneId, MemoryStore,
        OutboxLimits, Redecided, Store, StoreError, StoreFuture, StoredEvent, Watcher,
    },
    publisher::{Batch, Verdict},
    record::StoredRecord,
    wall_clock::unix_ms,
};

/// The word of records that a store has.
type Untold = Box<dyn FnOnce() + Send>;

/// A store in memory that takes ends, and tells of records that it took, when it is
/// allowed to.
struct SlowStore {
    inner: MemoryStore,
    allowed: Semaphore,
    told: Semaphore,
    untold: Arc<Mutex<Vec<Untold>>>,
    /// How many ends came together.
    batches: Mutex<Vec<usize>>,
    /// How taking ends fails, if it does, and how often.
    fails: Option<StoreError>,
    failures_left: AtomicUsize,
}

impl SlowStore {
    fn new(fails: Option<StoreError>) -> Arc<Self> {
        Self::with(fails, usize::MAX)
    }

    fn failing(error: StoreError, times: usize) -> Arc<Self> {
        Self::with(Some(error), times)
    }

    fn with(fails: Option<StoreError>, failures_left: usize) -> Arc<Self> {
        Arc::new(Self {
            failures_left: AtomicUsize::new(failures_left),
            inner: MemoryStore::default(),
            allowed: Semaphore::new(0),
            told: Semaphore::new(1_000),
            untold: Arc::default(),
            batches: Mutex::default(),
            fails,
        })
    }

    /// Tells of the records of which nothing was told.
    fn tell(&self) {
        for tell in std::mem::take(&mut *self.untold.lock().unwrap()) {
            tell();
        }
    }

    fn allow(&self, batches: usize) {
        self.allowed.add_permits(batches);
    }
}

impl Store for SlowStore {
    fn append(&self, records: Vec<StoredRecord>, events: Vec<StoredEvent>, done: Done) {
        if self.told.try_acquire().map(SemaphorePermit::forget).is_ok() {
            return self.inner.append(records, events, done);
        }
        // It has them, and the word of it comes later.
        let untold = Arc::clone(&self.untold);
        let keep = move |records, appended| {
            untold
                .lock()
                .unwrap()
                .push(Box::new(move || done(records, appended)));
        };
        self.inner.append(records, events, Box::new(keep));
    }

    fn watch(&self, watcher: Watcher) {
        self.inner.watch(watcher);
    }

    fn left(&self) -> Vec<Backlog> {
        self.inner.left()
    }

    fn waiting(&self) -> StoreFuture<'_, Change> {
        match &self.fails {
            // What is damaged cannot be counted either.
            Some(error @ StoreError::Corrupt { .. }) => Box::pin(ready(Err(error.clone()))),
            _ => self.inner.waiting(),
        }
    }

    fn oldest(&self) -> StoreFuture<'_, Option<u64>> {
        self.inner.oldest()
    }

    fn next<'a>(
        &'a self,
        lane: &'a LaneId,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<(u64, StoredRecord)>> {
        self.inner.next(lane, after, most)
    }

    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<Option<StoredRecord>>> {
        self.inner.read(numbers)
    }

    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.allowed.acquire().await.unwrap().forget();
            self.batches.lock().unwrap().push(ends.len());
            let fails = |left: usize| left.checked_sub(1);
            if let Some(error) = &self.fails
                && self
                    .failures_left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails)
                    .is_ok()
            {
                return Err(error.clone());
            }
            self.inner.settle(ends).await
        })
    }

    fn doubt(&self, numbers: Vec<u64>) -> StoreFuture<'_, ()> {
        self.inner.doubt(numbers)
    }

    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>> {
        self.inner.list(filter)
    }

    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, usize> {
        self.inner.replay(filter, now_ms)
    }

    fn events(&self, filter: &Filter, after: u64) -> StoreFuture<'_, Vec<DeadEvent>> {
        self.inner.events(filter, after)
    }

    fn redeem(&self, redecided: Vec<Redecided>, now_ms: u64) -> StoreFuture<'_, Vec<Option<bool>>> {
        self.inner.redeem(redecided, now_ms)
    }

    fn hold(&self, cluster: &ClusterId, is_held: bool) -> StoreFuture<'_, ()> {
        self.inner.hold(cluster, is_held)
    }

    fn most_dead_bytes(&self) -> u64 {
        self.inner.most_dead_bytes()
    }

    fn close(&self, in_flight: Vec<u64>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.inner.close(in_flight).await
        })
    }

    fn is_durable(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_to_take_ends_holds_up_no_post() {
    let store = SlowStore::new(None);
    let limits = OutboxLimits::new(20_000, usize::MAX);
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

/// Refuses `1` for good, and delivers all others.
fn all_but_the_first(batch: &Batch) -> Answer {
    each(batch, |value| match value {
        "1" => Verdict::Permanent(reason("never")),
        _ => DELIVERED,
    })
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_until_the_store_has_the_end_of_a_record_that_was_given_up() {
    let store = SlowStore::new(None);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_but_the_first(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales");
    let messages = [message("a", "1"), message("a", "2"), message("b", "3")];
    bench.delivery.accept(messages.into()).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(bench.batches(), [["1", "3"]]);
    store.allow(100);
    bench.delivery.flush().await;
    assert_eq!(bench.batches(), [vec!["1", "3"], vec!["2"]]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_could_not_take_an_end_is_asked_again_and_the_key_goes_on() {
    let store = SlowStore::failing(StoreError::Failed("full".to_owned()), 3);
    store.allow(100);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_but_the_first(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales");
    let messages = ["1", "2"].map(|name| message("a", name));
    bench.delivery.accept(messages.into()).await.unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.batches(), [["1"], ["2"]]);
    assert!(
        bench.sent()[1].start >= Duration::from_secs(3),
        "{:?}",
        bench.sent()
    );
}

#[tokio::test(start_paused = true)]
async fn what_became_of_records_is_told_though_the_store_fails_to_take_it() {
    let store = SlowStore::new(Some(StoreError::Failed("no".to_owned())));
    store.allow(100);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let mut bench = Bench::with_store(|batch, _| all_delivered(batch), store, limits);
    let message = to(&Arc::new(cluster()), "sales")("a", "1");
    bench.delivery.accept(vec![message]).await.unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.results()["1"], "ok");
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_sync_nothing_more_is_sent_and_a_flush_ends() {
    let failed = StoreError::SyncFailed {
        path: "outbox.db".into(),
        message: "EIO".to_owned(),
    };
    let store = SlowStore::new(Some(failed));
    store.allow(100);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_delivered(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales");
    // One at a time, since they have one key.
    let messages = ["1", "2", "3"].map(|name| message("a", name));
    bench.delivery.accept(messages.into()).await.unwrap();
    bench.delivery.flush().await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    bench.delivery.flush().await;
    // The second was on its way when the word came.
    assert_eq!(bench.batches(), [["1"], ["2"]]);
    let left = store.inner.waiting().await.unwrap();
    assert_eq!(left.lanes[0].records, 3, "they wait for the next process");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_while_no_process_runs_loses_nothing() {
    const HOUR: u64 = 3_600_000;
    let (now, lives) = (unix_ms(), 120_000);
    // Set back, so that the record is from the future; and forward, so that its time is over.
    for accepted_ms in [now + HOUR, now - HOUR] {
        let store = Arc::new(MemoryStore::default());
        let message = to(&Arc::new(cluster()), "sales")("a", "1");
        let record = StoredRecord::new(message, accepted_ms, accepted_ms + lives);
        let done = Box::new(|_, appended: Result<Vec<_>, _>| drop(appended.unwrap()));
        store.append(vec![record], Vec::new(), done);
        let limits = OutboxLimits::new(20_000, usize::MAX);
        let mut bench = Bench::with_store(|batch, _| all_delivered(batch), store, limits);
        bench.delivery.flush().await;
        assert_eq!(bench.results()["1"], "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_ends_before_the_word_of_it_comes_ends_once() {
    let store = SlowStore::new(None);
    store.allow(1_000);
    fill(&store.inner, MANY);
    store.told.forget_permits(1_000);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let mut bench = Bench::with_store(|batch, _| all_delivered(batch), store.clone(), limits);
    let new = to(&Arc::new(cluster()), "sales")("new", "new");
    let told = async {
        while !bench
            .sent()
            .iter()
            .any(|sent| sent.values.contains(&"new".to_owned()))
        {
            tokio::time::sleep(cluster().linger).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.tell();
    };
    let (accepted, ()) = tokio::join!(bench.delivery.accept(vec![new]), told);
    accepted.unwrap();
    let flushed = bench.delivery.flush().await;
    assert_eq!(flushed.delivered, u64::from(MANY) + 1);
    assert_eq!(bench.results().len(), MANY as usize + 1);
}

/// A store that has this many records of topic `sales`, of a few keys.
fn left(count: u32) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    fill(&store, count);
    store
}

fn fill(store: &MemoryStore, count: u32) {
    let message = to(&Arc::new(cluster()), "sales");
    let records = (0..count).map(|number| {
        let message = message(&(number % 700).to_string(), &number.to_string());
        StoredRecord::new(message, 0, u64::MAX)
    });
    store.append(
        records.collect(),
        Vec::new(),
        Box::new(|_, appended| drop(appended.unwrap())),
    );
}

const MANY: u32 = 10_500;

#[tokio::test(start_paused = true)]
async fn a_long_backlog_is_delivered_in_the_order_of_its_keys_and_then_what_came_since() {
    let store = left(MANY);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_delivered(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales");
    let new = (MANY..MANY + 1_000)
        .map(|number| message(&(number % 700).to_string(), &number.to_string()));
    bench.delivery.accept(new.collect()).await.unwrap();
    let flushed = bench.delivery.flush().await;
    assert_eq!(
        (flushed.delivered, flushed.dead),
        (u64::from(MANY) + 1_000, 0)
    );
    assert!(store.left().is_empty());
    let mut last = [None; 700];
    for number in bench.batches().concat() {
        let number: u32 = number.parse().unwrap();
        let before = last[number as usize % 700].replace(number);
        assert!(before < Some(number), "{number} after {before:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_backlog_of_one_topic_keeps_no_other_waiting() {
    let store = left(MANY);
    let script = |batch: &Batch, _| {
        let verdict = if batch.topic == "sales" {
            retriable()
        } else {
            DELIVERED
        };
        (cluster().linger, vec![verdict; values(batch).len()])
    };
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(script, store, limits);
    let message = to(&Arc::new(cluster()), "other")("a", "1");
    bench.delivery.accept(vec![message]).await.unwrap();
    while !bench.sent().iter().any(|sent| sent.topic == "other") {
        tokio::time::sleep(cluster().linger).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_in_the_store_is_told_at_a_shutdown() {
    let limits = OutboxLimits::new(20_000, 64 << 20);
    let mut bench = Bench::with_limits(|batch, _| super::support::all(batch, &retriable()), limits);
    let message = to(&Arc::new(cluster()), "sales");
    let messages = (0..MANY).map(|number| message("a", &number.to_string()));
    bench.delivery.accept(messages.collect()).await.unwrap();
    let delivery = std::mem::replace(
        &mut bench.delivery,
        Bench::new(|batch, _| all_delivered(batch)).delivery,
    );
    delivery.shutdown(Duration::ZERO).await.unwrap();
    let results = bench.results();
    assert_eq!(results.len(), MANY as usize);
    assert!(results.values().all(|result| *result == "shut_down"));
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_the_store_is_free_for_somebody_else() {
    let store = SlowStore::new(None);
    store.allow(100);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_delivered(batch), store.clone(), limits);
    let message = to(&Arc::new(cluster()), "sales")("a", "1");
    bench.delivery.accept(vec![message]).await.unwrap();
    bench
        .delivery
        .shutdown(Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(Arc::strong_count(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_damaged_store_has_left_is_not_none() {
    let damaged = StoreError::Corrupt {
        path: "outbox.db".into(),
        message: "a page is not one".to_owned(),
    };
    let store = SlowStore::failing(damaged.clone(), usize::MAX);
    let limits = OutboxLimits::new(20_000, usize::MAX);
    let bench = Bench::with_store(|batch, _| all_delivered(batch), store, limits);
    let left = bench.delivery.shutdown(Duration::ZERO).await;
    assert_eq!(left, Err(damaged));
}
