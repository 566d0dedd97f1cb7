use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use super::support::{
    Bench, DELIVERED, all, all_delivered, cluster, each, reason, retriable, to, unknown, values,
};
use crate::{
    cluster::Cluster,
    outbox::{Acceptance, OutboxLimits},
    publisher::{Batch, Verdict},
    record::Message,
};

const SECOND: Duration = Duration::from_secs(1);

fn numbered(message: impl Fn(&str, &str) -> Message, count: usize) -> Vec<Message> {
    let names = (0..count).map(|number| format!("{number:03}"));
    names.map(|name| message(&name, &name)).collect()
}

#[tokio::test(start_paused = true)]
async fn only_the_failed_records_of_a_batch_are_sent_again_and_apart_from_new_ones() {
    let mut bench = Bench::new(|batch, number| {
        each(batch, |value| match value {
            "001" | "003" if number == 0 => retriable(),
            "004" => Verdict::Permanent(reason("too large")),
            _ => DELIVERED,
        })
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench.delivery.accept(numbered(&message, 5)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(16)).await;
    bench
        .delivery
        .accept(vec![message("new", "new")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    let again: Vec<_> = bench.batches()[1..].iter().flatten().cloned().collect();
    assert_eq!(again.len(), 3);
    assert!(again.contains(&"001".to_owned()) && again.contains(&"003".to_owned()));
    assert!(bench.batches().contains(&vec!["new".to_owned()]));
    let results = bench.results();
    assert_eq!(results["004"], "scripted");
    assert_eq!(
        results.values().filter(|result| **result == "ok").count(),
        5
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_time_out_one_record_probes_and_then_batches_grow_again() {
    let mut bench = Bench::new(|batch, number| {
        let verdict = if number < 3 { unknown() } else { DELIVERED };
        all(batch, &verdict)
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench.delivery.accept(numbered(message, 20)).await.unwrap();
    bench.delivery.flush().await;
    let sizes: Vec<_> = bench.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes[..4], [20, 1, 1, 1]);
    assert!(sizes.iter().skip(4).sum::<usize>() == 19 && sizes[4] <= 2);
    assert!(bench.results().values().all(|result| *result == "ok"));
}

#[tokio::test(start_paused = true)]
async fn a_record_is_given_up_when_its_time_to_live_is_over_with_the_last_reason() {
    let mut bench = Bench::new(|batch, number| {
        all(
            batch,
            &Verdict::Retriable(reason(&format!("no leader, try {number}"))),
        )
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.elapsed(), 120 * SECOND);
    let tries = bench.sent().len();
    assert!((15..120).contains(&tries), "{tries} tries");
    let error = bench.reports.recv().await.unwrap().result.unwrap_err();
    assert_eq!(error.code(), "time_to_live_exceeded");
    let last = format!(
        "not delivered within 120s; the last answer was: no leader, try {}",
        tries - 1
    );
    assert_eq!(error.to_string(), last);
}

#[tokio::test(start_paused = true)]
async fn a_pause_the_proxy_asks_for_is_kept() {
    let mut busy = reason("busy");
    busy.retry_after = Some(30 * SECOND);
    let bench = Bench::new(move |batch, number| match number {
        0 => all(batch, &Verdict::Retriable(busy.clone())),
        _ => all_delivered(batch),
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    tokio::time::sleep(SECOND).await;
    bench
        .delivery
        .accept(vec![message("b", "2")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    assert!(bench.sent()[1].start >= 30 * SECOND, "{:?}", bench.sent());
}

#[tokio::test(start_paused = true)]
async fn no_duration_is_too_long() {
    let mut never = reason("come back never");
    never.retry_after = Some(Duration::MAX);
    let mut bench = Bench::new(move |batch, number| match number {
        0 => all(batch, &Verdict::Retriable(never.clone())),
        _ => all_delivered(batch),
    });
    let endless = cluster().with(|cluster| {
        cluster.time_to_live = Duration::MAX;
        cluster.linger = Duration::MAX;
    });
    let good = to(&Arc::new(endless.clone()), "good")("a", "good");
    let brief = endless.with(|cluster| {
        cluster.bootstrap_servers = "other:9092".to_owned();
        cluster.time_to_live = SECOND;
        cluster.linger = Duration::ZERO;
    });
    let bad = to(&Arc::new(brief), "bad")("a", "bad");
    bench.delivery.accept(vec![bad]).await.unwrap();
    bench.delivery.flush().await;
    bench.delivery.accept(vec![good]).await.unwrap();
    bench.delivery.flush().await;
    let results = bench.results();
    assert_eq!((results["good"], results["bad"]), ("ok", "ok"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_refused_as_a_whole_is_halved_until_the_culprit_is_alone() {
    let mut bench = Bench::new(|batch, _| {
        let values = values(batch);
        let refused = reason("bad record");
        match (values.contains(&"013".to_owned()), values.len()) {
            (true, 1) => all(batch, &Verdict::Permanent(refused)),
            (true, _) => all(batch, &Verdict::Alone(refused)),
            (false, _) => all_delivered(batch),
        }
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench.delivery.accept(numbered(message, 64)).await.unwrap();
    bench.delivery.flush().await;
    let posts = bench.sent().len();
    assert!(posts <= 20, "{posts} POSTs to find one of 64");
    assert!(bench.elapsed() < SECOND, "at once");
    let results = bench.results();
    assert_eq!(results.len(), 64);
    let failed: Vec<_> = results
        .iter()
        .filter(|(_, result)| **result != "ok")
        .collect();
    assert_eq!(failed, [(&"013".to_owned(), &"scripted")]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_single_record_is_final_even_when_called_one_of_the_batch() {
    let mut bench = Bench::new(|batch, _| all(batch, &Verdict::Alone(reason("bad"))));
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.results()["1"], "scripted");
}

#[tokio::test(start_paused = true)]
async fn missing_topics_do_not_hold_up_the_others() {
    let cluster = Arc::new(cluster());
    let mut bench = Bench::new(|batch, _| {
        if !batch.topic.starts_with("missing") {
            return all_delivered(batch);
        }
        match batch.records.len() {
            1 => (60 * SECOND, vec![retriable()]),
            count => (70 * SECOND, vec![unknown(); count]),
        }
    });
    for topic in ["missing1", "missing2", "missing3"] {
        let message = to(&cluster, topic);
        let names = (0..50).map(|number| format!("{topic}-{number}"));
        bench
            .delivery
            .accept(names.map(|name| message(&name, &name)).collect())
            .await
            .unwrap();
    }
    bench
        .delivery
        .accept(vec![to(&cluster, "good")("first", "first")])
        .await
        .unwrap();
    tokio::time::sleep(71 * SECOND).await;
    let message = to(&cluster, "good");
    for number in 0..100 {
        let name = number.to_string();
        let before = bench.elapsed();
        bench
            .delivery
            .accept(vec![message(&name, &name)])
            .await
            .unwrap();
        while bench.reports.recv().await.unwrap().topic != "good" {}
        let waited = bench.elapsed().saturating_sub(before);
        assert!(number == 0 || waited < SECOND, "{number} took {waited:?}");
    }
    bench.delivery.flush().await;
    assert!(bench.elapsed() < 270 * SECOND, "{:?}", bench.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_turns_bad_while_busy_leaves_room_for_others() {
    let mut cluster = cluster();
    cluster.max_batch_records = 10;
    let cluster = Arc::new(cluster);
    let bench = Bench::new(|batch, number| match (batch.topic.as_str(), number) {
        ("bad", 1..) => (70 * SECOND, vec![unknown(); batch.records.len()]),
        _ => all_delivered(batch),
    });
    bench
        .delivery
        .accept(numbered(to(&cluster, "bad"), 200))
        .await
        .unwrap();
    tokio::time::sleep(SECOND).await;
    assert_eq!(bench.sent().len(), 5, "one POST and then four at once");
    bench
        .delivery
        .accept(numbered(to(&cluster, "good"), 10))
        .await
        .unwrap();
    tokio::time::sleep(SECOND).await;
    assert_eq!(bench.sent().last().unwrap().topic, "good");
}

#[tokio::test(start_paused = true)]
async fn records_without_a_turn_expire_with_a_topic_that_does_not_work() {
    let mut bench = Bench::new(|batch, _| match batch.records.len() {
        1 => (60 * SECOND, vec![retriable()]),
        count => (70 * SECOND, vec![unknown(); count]),
    });
    let mut cluster = cluster();
    cluster.max_batch_records = 2;
    let message = to(&Arc::new(cluster), "missing");
    bench.delivery.accept(numbered(message, 50)).await.unwrap();
    bench.delivery.flush().await;
    assert!(bench.elapsed() < 200 * SECOND);
    while let Some(report) = bench.reports.try_recv() {
        let error = report.result.unwrap_err();
        let tried = report.attempts > 0;
        let code = if tried {
            "outcome_unknown"
        } else {
            "time_to_live_exceeded"
        };
        assert!([code, "time_to_live_exceeded"].contains(&error.code()));
        assert!(error.message.contains("the last answer was"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_only_slow_delivers_everything() {
    let mut bench = Bench::new(|batch, _| (50 * SECOND, vec![DELIVERED; batch.records.len()]));
    let slow = cluster().with(|cluster| {
        cluster.max_batch_records = 1;
    });
    bench
        .delivery
        .accept(numbered(to(&Arc::new(slow), "slow"), 20))
        .await
        .unwrap();
    bench.delivery.flush().await;
    assert!(bench.elapsed() > 240 * SECOND);
    assert!(bench.results().values().all(|result| *result == "ok"));
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_panics_or_miscounts_loses_nothing() {
    let mut bench = Bench::new(|batch, number| match number {
        0 => panic!("scripted"),
        1 => (SECOND, Vec::new()),
        2 => (SECOND, vec![DELIVERED; batch.records.len() + 1]),
        _ => all_delivered(batch),
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench.delivery.accept(numbered(message, 3)).await.unwrap();
    bench.delivery.flush().await;
    assert!(bench.sent().len() > 3);
    let results = bench.results();
    assert!(
        results.len() == 3 && results.values().all(|result| *result == "ok"),
        "{results:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_panics_is_told_of_and_writes_once_it_is_corrected() {
    let is_corrected = Arc::new(AtomicBool::new(false));
    let corrected = Arc::clone(&is_corrected);
    let mut bench = Bench::new(move |batch, _| {
        assert!(corrected.load(Relaxed), "scripted");
        all_delivered(batch)
    });
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    let error = bench.reports.recv().await.unwrap().result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not known to be written within 120s; it may have been written; the last answer was: the publisher panicked"
    );
    is_corrected.store(true, Relaxed);
    bench
        .delivery
        .accept(vec![message("b", "1")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    let report = bench.reports.recv().await.unwrap();
    assert!(report.result.is_ok(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_away_holds_the_others_for_ten_seconds_at_most() {
    let limits = OutboxLimits::new(20, 64 << 20);
    let script = |batch: &Batch, _| match &*batch.topic {
        "away" => (60 * SECOND, vec![unknown(); batch.records.len()]),
        _ => all_delivered(batch),
    };
    let mut bench = Bench::with_limits(script, limits);
    bench.delivery.intake.share(true);
    let other = Cluster::new("other:9092", "http://localhost:8083".parse().unwrap());
    let (away, good) = (Arc::new(cluster()), Arc::new(other));
    let messages = (0..200).map(|number| match number % 2 {
        0 => to(&away, "away")("a", &number.to_string()),
        _ => to(&good, "good")("a", &number.to_string()),
    });
    let mut reports = bench.delivery.reports();
    // Unread reports would take up room.
    bench.unsubscribe();
    let read = tokio::spawn(async move {
        let mut ends = Vec::new();
        while let Some(report) = reports.recv().await {
            ends.push((report.topic, report.result.is_ok()));
        }
        ends
    });
    let accepted = bench.delivery.accept(messages.collect()).await.unwrap();
    assert!(bench.elapsed() < 11 * SECOND, "{:?}", bench.elapsed());
    let places = accepted.iter().enumerate();
    let refused: Vec<_> = places
        .filter(|(_, one)| matches!(one, Acceptance::Stalled(_)))
        .map(|(place, _)| place)
        .collect();
    assert!(refused.iter().all(|place| place % 2 == 0), "{refused:?}");
    assert!(!refused.is_empty());
    bench.delivery.shutdown(SECOND).await.unwrap();
    let ends = read.await.unwrap();
    assert_eq!(ends.len() + refused.len(), 200, "all have ended");
    let delivered = ends.iter().filter(|(_, is_delivered)| *is_delivered);
    assert_eq!(delivered.count(), 100);
}
