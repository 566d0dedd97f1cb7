//! Random publishers against the promises that hold whatever they answer.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;

use super::support::{Bench, DELIVERED, cluster, reason, retriable, to, unknown, values};
use crate::{delivery::Order, outbox::OutboxLimits, publisher::Verdict};

#[derive(Clone, Debug)]
struct Case {
    /// Topic and key of each message.
    messages: Vec<(u8, u8)>,
    /// How the POSTs go, used in a circle: how long, and verdicts used in a circle.
    posts: Vec<(u64, Vec<u8>)>,
    max_batch_records: usize,
    max_in_flight: usize,
    outbox: usize,
    /// Whether few records of a key may share a POST.
    is_fast: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let messages = prop::collection::vec((0..3u8, 0..4u8), 1..80);
    let posts = prop::collection::vec((0..70_000u64, prop::collection::vec(0..10u8, 1..6)), 1..12);
    (
        messages,
        posts,
        1..20usize,
        1..5usize,
        1..100usize,
        any::<bool>(),
    )
        .prop_map(
            |(messages, posts, max_batch_records, max_in_flight, outbox, is_fast)| Case {
                messages,
                posts,
                max_batch_records,
                max_in_flight,
                outbox,
                is_fast,
            },
        )
}

fn verdict(kind: u8, count: usize) -> Verdict {
    match kind {
        0 => retriable(),
        1 => unknown(),
        2 => Verdict::Permanent(reason("never")),
        3 if count > 1 => Verdict::Alone(reason("not together")),
        _ => DELIVERED,
    }
}

/// Each record delivered, in order, with the others of its POST that were not.
type Log = Arc<Mutex<Vec<(String, Vec<String>)>>>;

async fn run(case: Case) {
    let log = Log::default();
    let written = Arc::clone(&log);
    let posts = case.posts.clone();
    let script = move |batch: &crate::publisher::Batch, at: usize| {
        let (takes, kinds) = &posts[at % posts.len()];
        let values = values(batch);
        let kinds = kinds.iter().cycle();
        let verdicts: Vec<_> = kinds
            .take(values.len())
            .map(|kind| verdict(*kind, values.len()))
            .collect();
        let pairs = || values.iter().cloned().zip(&verdicts);
        let missed = pairs().filter(|(_, verdict)| **verdict != DELIVERED);
        let missed: Vec<_> = missed.map(|(value, _)| value).collect();
        let delivered = pairs().filter(|(_, verdict)| **verdict == DELIVERED);
        let mut log = written.lock().unwrap();
        log.extend(delivered.map(|(value, _)| (value, missed.clone())));
        (Duration::from_millis(*takes), verdicts)
    };
    let limits = OutboxLimits {
        records: case.outbox,
        bytes: 10_000,
    };
    let Bench {
        delivery,
        mut reports,
        ..
    } = Bench::with_limits(script, limits);
    let mut cluster = cluster();
    cluster.max_batch_records = case.max_batch_records;
    cluster.max_in_flight = case.max_in_flight;
    if case.is_fast {
        cluster.order = Order::Fast;
    }
    let cluster = Arc::new(cluster);
    let messages: Vec<_> = case
        .messages
        .iter()
        .enumerate()
        .map(|(number, (topic, key))| {
            to(&cluster, &topic.to_string())(&key.to_string(), &format!("{topic}/{key}/{number}"))
        })
        .collect();
    let sender = async {
        delivery.accept(messages).await.unwrap();
        delivery.flush().await;
        delivery.shutdown(Duration::ZERO).await;
    };
    let reader = async {
        let mut seen = BTreeMap::new();
        while let Some(report) = reports.recv().await {
            let name = report.id.event.to_string();
            let result = report.result.map_err(|error| error.code);
            assert_eq!(
                seen.insert(name.clone(), result),
                None,
                "{name} is reported once"
            );
        }
        seen
    };
    let ((), seen) = tokio::join!(sender, reader);
    assert_eq!(seen.len(), case.messages.len(), "every message is reported");
    let log = log.lock().unwrap();
    assert_eq!(
        seen.values().filter(|result| result.is_ok()).count(),
        log.len()
    );
    assert!(
        !seen.values().any(|result| *result == Err("shut_down")),
        "the flush waits for all"
    );
    keys_are_in_order(&log, case.is_fast);
}

/// Records of a topic and key are delivered in the order accepted. Only under
/// `fast` one that failed in the POST that delivered a later one comes after it.
fn keys_are_in_order(log: &[(String, Vec<String>)], is_fast: bool) {
    let number = |name: &str| -> usize { name.rsplit('/').next().unwrap().parse().unwrap() };
    let key = |name: &str| name.rsplit_once('/').unwrap().0.to_owned();
    let mut earlier: HashMap<String, Vec<&(String, Vec<String>)>> = HashMap::new();
    for entry in log {
        let (name, _) = entry;
        let before = earlier.entry(key(name)).or_default();
        let overtaken_by = before.iter().find(|(other, missed)| {
            number(other) >= number(name) && !(is_fast && missed.contains(name))
        });
        assert_eq!(overtaken_by, None, "{name} came too late");
        before.push(entry);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_the_publisher_answers_nothing_is_lost_doubled_or_out_of_order(case in cases()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(case));
    }
}
