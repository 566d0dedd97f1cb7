//! What it costs to accept records for good: lines to a synced append, against a bare
//! `SQLite` loop that commits as many records at once. `kafka` has what delivering them costs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use action_triggers_host::{
    Batch, Broker, Cluster, ClusterId, Events, OutboxAdmin, OutboxFile, PublishFuture, Publisher,
    Runtime,
};
use tempfile::TempDir;
use tokio::runtime::Runtime as Tokio;

use crate::{bare::Bare, measure, sale_trigger};

/// Events of a call: about what the command reads at once.
const EVENTS: usize = 250;
/// Calls under way at once.
const CALLS: usize = 16;
/// Records of a store that is full when it is opened.
const FULL: usize = 1_000_000;

/// Delivers nothing, so that only accepting is measured.
struct Nowhere;

impl Publisher for Nowhere {
    fn publish<'a>(&'a self, _: &'a Batch) -> PublishFuture<'a> {
        Box::pin(std::future::pending())
    }
}

const SERVERS: &str = "localhost:9092";

pub(crate) fn report(tokio: &Tokio) {
    let folder = TempDir::new().unwrap();
    let file = OutboxFile::new(folder.path().join("outbox.db"));
    let runtime = tokio.block_on(start(&file));
    let lines: String = (0..EVENTS).map(line).collect();
    let bare = Bare::create(&folder.path().join("bare.db"));
    let times = measure::pair(
        1,
        || tokio.block_on(process(&runtime, &lines, CALLS)),
        || (0..CALLS).for_each(|_| bare.append(EVENTS)),
    );
    let records = CALLS * EVENTS;
    println!(
        "accept, {CALLS} calls of {EVENTS} at once: {:>8.0} records/s synced  {:>8.0} bare   {:.2} of its speed",
        rate(records, times.measured),
        rate(records, times.baseline),
        1.0 / times.ratio()
    );

    let mut accepted = (measure::ROUNDS + 1) * records;
    while accepted < FULL {
        tokio.block_on(process(&runtime, &lines, 4 * CALLS));
        accepted += 4 * records;
    }
    tokio.block_on(runtime.shutdown(Duration::ZERO)).unwrap();
    let started = Instant::now();
    let runtime = tokio.block_on(start(&file));
    println!(
        "start with {accepted} records that wait: {:.0} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    tokio.block_on(runtime.shutdown(Duration::ZERO)).unwrap();
}

fn rate(records: usize, time: Duration) -> f64 {
    records as f64 / time.as_secs_f64()
}

/// Has so many calls at once decided and kept.
async fn process(runtime: &Runtime, lines: &str, calls: usize) {
    let calls = (0..calls).map(|_| runtime.process(Events::ndjson(lines.to_owned())));
    let outcomes = futures_util::future::join_all(calls).await;
    let mut outcomes = outcomes.iter().flatten();
    assert!(outcomes.all(|one| one.outcome.as_ref().unwrap()[0].outcome.is_ok()));
}

/// A runtime that sends nothing: the lanes are held back.
async fn start(file: &OutboxFile) -> Runtime {
    let runtime = Runtime::builder()
        .code_cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
        .triggers(serde_json::json!([sale_trigger()]).to_string())
        .brokers([Broker::kafka("kafka_1")
            .bootstrap_servers(SERVERS)
            .topic("sales")])
        .clusters([Cluster::new(SERVERS, "http://localhost:1".parse().unwrap())])
        .publisher(Arc::new(Nowhere))
        .outbox(file.clone())
        .build()
        .await
        .unwrap();
    let held = ClusterId::new("", SERVERS);
    OutboxAdmin::open(file).unwrap().hold(&held, true).unwrap();
    runtime
}

fn line(number: usize) -> String {
    let instance = serde_json::json!({
        "id": number, "quantity": 3, "customer": {"name": "Alice"},
        "product": {"name": "Widget", "price": "10.50"},
    });
    let event = serde_json::json!({
        "signal": "post_save", "content_type": "myapp.sale", "instance": instance,
    });
    format!("{event}\n")
}
