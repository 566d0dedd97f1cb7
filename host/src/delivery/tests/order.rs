use std::{sync::Arc, time::Duration};

use super::support::{Bench, DELIVERED, all_delivered, cluster, each, reason, retriable, to};
use crate::{cluster::Order, publisher::Verdict};

/// The key of a record: the first letter of its name.
fn key(name: &str) -> &str {
    name.split_at(1).0
}

#[tokio::test(start_paused = true)]
async fn later_records_of_a_key_wait_while_an_earlier_one_is_tried_again_and_others_go_on() {
    let mut bench = Bench::new(|batch, number| {
        each(batch, |value| match value {
            "a1" if number < 5 => retriable(),
            _ => DELIVERED,
        })
    });
    let message = to(&Arc::new(cluster()), "sales");
    let names = ["a1", "b1", "a2", "b2", "a3"];
    let messages = names.map(|name| message(key(name), name));
    bench.delivery.accept(messages.into()).await.unwrap();
    bench.delivery.flush().await;
    let batches = bench.batches();
    assert_eq!(batches[0], ["a1", "b1"]);
    assert_eq!(batches[1], ["b2"]);
    assert!(batches[2..6].iter().all(|batch| batch == &["a1"]));
    assert_eq!(batches[6..], [["a2"], ["a3"]]);
    assert!(bench.results().values().all(|result| *result == "ok"));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_in_one_post_at_a_time() {
    let mut cluster = cluster();
    cluster.max_batch_records = 3;
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster), "sales");
    let names: Vec<_> = (0..60)
        .map(|number| format!("{}{number}", ["a", "b", "c", "d"][number % 4]))
        .collect();
    let messages = names.iter().map(|name| message(key(name), name)).collect();
    bench.delivery.accept(messages).await.unwrap();
    bench.delivery.flush().await;
    let sent = bench.sent();
    let mut posts_side_by_side = 0;
    for (number, post) in sent.iter().enumerate() {
        for later in &sent[number + 1..] {
            if later.start < post.end {
                posts_side_by_side += 1;
                let keys: Vec<_> = later.values.iter().map(|value| key(value)).collect();
                let shares = |value: &String| keys.contains(&key(value));
                assert!(!post.values.iter().any(shares), "{post:?} {later:?}");
            }
        }
    }
    assert!(posts_side_by_side > 0);
}

#[tokio::test(start_paused = true)]
async fn in_strict_order_a_post_never_holds_two_records_of_a_key() {
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster()), "sales");
    let names: Vec<_> = (0..40).map(|number| format!("{number:02}")).collect();
    let messages = names.iter().map(|name| message("hot", name)).collect();
    bench.delivery.accept(messages).await.unwrap();
    bench.delivery.flush().await;
    assert!(bench.batches().iter().all(|batch| batch.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn records_without_a_key_wait_for_none_and_share_posts() {
    let bench = Bench::new(|batch, number| {
        each(batch, |value| match value {
            "1" if number == 0 => retriable(),
            _ => DELIVERED,
        })
    });
    let message = to(&Arc::new(cluster()), "sales");
    let keyless = |name: &str| {
        let mut message = message("", name);
        message.ordering_key = None;
        message
    };
    let messages = ["1", "2", "3"].map(keyless);
    bench.delivery.accept(messages.into()).await.unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.batches(), [vec!["1", "2", "3"], vec!["1"]]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_dies_frees_its_key() {
    let mut bench = Bench::new(|batch, _| {
        each(batch, |value| match value {
            "never" => retriable(),
            "refused" => Verdict::Permanent(reason("bad")),
            _ => DELIVERED,
        })
    });
    let message = to(&Arc::new(cluster()), "sales");
    let never = message("a", "never");
    bench.delivery.accept(vec![never]).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let messages = ["refused", "last"].map(|name| message("a", name));
    bench.delivery.accept(messages.into()).await.unwrap();
    let flushed = bench.delivery.flush().await;
    assert_eq!((flushed.delivered, flushed.dead), (1, 2));
    let results = bench.results();
    assert_eq!(
        (results["never"], results["refused"], results["last"]),
        ("time_to_live_exceeded", "scripted", "ok")
    );
}

#[tokio::test(start_paused = true)]
async fn in_fast_order_a_key_that_never_runs_dry_gets_growing_batches_until_one_fails() {
    let bench = Bench::new(|batch, number| {
        each(
            batch,
            |_| if number == 18 { retriable() } else { DELIVERED },
        )
    });
    let fast = cluster().with(|cluster| {
        cluster.order = Order::Fast;
    });
    let message = to(&Arc::new(fast), "sales");
    let names: Vec<_> = (0..52).map(|number| format!("{number:02}")).collect();
    let messages = names.iter().map(|name| message("hot", name)).collect();
    bench.delivery.accept(messages).await.unwrap();
    bench.delivery.flush().await;
    let sizes: Vec<_> = bench.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes[..19], [vec![1; 16], vec![2, 4, 8]].concat());
    assert_eq!(sizes[19..35], [1; 16]);
    assert_eq!(sizes[35..], [2, 4, 8]);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_in_two_topics_is_two_keys() {
    let cluster = Arc::new(cluster());
    let bench = Bench::new(|batch, _| {
        let takes = Duration::from_secs(if batch.topic == "slow" { 50 } else { 0 });
        (takes, vec![DELIVERED; batch.records.len()])
    });
    bench
        .delivery
        .accept(vec![
            to(&cluster, "slow")("a", "1"),
            to(&cluster, "quick")("a", "2"),
        ])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.sent().len(), 2);
    bench.delivery.flush().await;
}
