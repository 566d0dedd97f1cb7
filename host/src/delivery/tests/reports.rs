use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::support::{Bench, DELIVERED, all_delivered, cluster, retriable, to};
use crate::{delivery::Delivered, outbox::OutboxLimits};

const SECOND: Duration = Duration::from_secs(1);

fn limits(records: usize, bytes: usize) -> OutboxLimits {
    OutboxLimits::new(records, bytes)
}

#[tokio::test(start_paused = true)]
async fn a_report_says_where_the_record_lies() {
    let mut bench = Bench::new(|batch, _| all_delivered(batch));
    bench
        .delivery
        .accept(vec![to(&Arc::new(cluster()), "sales")("a", "1")])
        .await
        .unwrap();
    let report = bench.reports.recv().await.unwrap();
    assert_eq!((&*report.id.event, &*report.topic), ("1", "sales"));
    let place = Delivered::new(Some(0), Some(7));
    assert_eq!(report.result, Ok(place));
}

#[tokio::test(start_paused = true)]
async fn accepting_waits_while_the_outbox_holds_its_most_messages() {
    let mut bench = Bench::with_limits(
        |batch, _| (10 * SECOND, vec![DELIVERED; batch.records.len()]),
        limits(3, 1_000),
    );
    bench.unsubscribe();
    let message = to(&Arc::new(cluster()), "sales");
    let messages = ["1", "2", "3", "4"].map(|name| message(name, name));
    bench.delivery.accept(messages.into()).await.unwrap();
    let waited = bench.elapsed();
    assert!(waited >= 10 * SECOND, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn accepting_waits_while_the_outbox_holds_its_most_bytes_and_lets_a_bigger_message_in_alone()
{
    let mut bench = Bench::with_limits(
        |batch, _| (10 * SECOND, vec![DELIVERED; batch.records.len()]),
        limits(100, 10),
    );
    bench.unsubscribe();
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(["12345", "6789"].map(|name| message(name, name)).into())
        .await
        .unwrap();
    assert!(bench.elapsed() < SECOND);
    bench
        .delivery
        .accept(vec![message("big", "a message above the bound")])
        .await
        .unwrap();
    let waited = bench.elapsed();
    assert!(waited >= 10 * SECOND, "{waited:?}");
    bench.delivery.flush().await;
    assert_eq!(bench.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn unread_reports_push_back_in_the_end_but_do_not_stop_what_was_accepted() {
    let mut bench = Bench::with_limits(|batch, _| all_delivered(batch), limits(5, 1_000));
    let message = to(&Arc::new(cluster()), "sales");
    let names: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    let mut messages: Vec<_> = names.iter().map(|name| message(name, name)).collect();
    let last = messages.split_off(5);
    bench.delivery.accept(messages).await.unwrap();
    bench.delivery.flush().await;
    let sent: usize = bench.batches().iter().map(Vec::len).sum();
    assert_eq!(sent, 5, "all are sent, and their reports wait");
    let full = timeout(100 * SECOND, bench.delivery.accept(last.clone())).await;
    assert!(full.is_err());
    let (read, accepted) = tokio::join!(
        async {
            let mut read = Vec::new();
            while read.len() < 8 {
                read.push(bench.reports.recv().await.unwrap().id.event.to_string());
            }
            read
        },
        bench.delivery.accept(last)
    );
    accepted.unwrap();
    assert_eq!(read, names);
}

#[tokio::test(start_paused = true)]
async fn delivery_goes_on_when_nobody_reads_reports() {
    let mut bench = Bench::with_limits(|batch, _| all_delivered(batch), limits(2, 1_000));
    let message = to(&Arc::new(cluster()), "sales");
    let messages = |from: usize| {
        (from..from + 3)
            .map(|number| number.to_string())
            .map(|name| message(&name, &name))
            .collect()
    };
    bench.unsubscribe();
    bench.delivery.accept(messages(0)).await.unwrap();
    bench.delivery.accept(messages(10)).await.unwrap();
    bench.delivery.accept(messages(20)).await.unwrap();
    bench.delivery.flush().await;
    let sent: usize = bench.batches().iter().map(Vec::len).sum();
    assert_eq!(sent, 9);
}

#[tokio::test(start_paused = true)]
async fn a_flush_does_not_wait_for_what_comes_after_it() {
    let bench = Bench::new(|batch, _| {
        let takes = if batch.topic == "quick" {
            SECOND
        } else {
            60 * SECOND
        };
        (takes, vec![DELIVERED; batch.records.len()])
    });
    let cluster = Arc::new(cluster());
    bench
        .delivery
        .accept(vec![to(&cluster, "quick")("a", "1")])
        .await
        .unwrap();
    tokio::join!(
        async {
            bench.delivery.flush().await;
            assert!(bench.elapsed() < 2 * SECOND);
        },
        async {
            let slow = to(&cluster, "slow")("a", "2");
            bench.delivery.accept(vec![slow]).await.unwrap();
        }
    );
    bench.delivery.flush().await;
    assert!(bench.elapsed() >= 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_its_grace_and_then_reports_what_is_left() {
    let bench = Bench::new(|batch, _| match batch.topic.as_str() {
        "good" => all_delivered(batch),
        "bad" => (SECOND, vec![retriable(); batch.records.len()]),
        _ => (70 * SECOND, vec![DELIVERED; batch.records.len()]),
    });
    let cluster = Arc::new(cluster());
    for topic in ["good", "bad", "slow"] {
        let message = to(&cluster, topic);
        bench
            .delivery
            .accept(vec![
                message("a", topic),
                message("a", &format!("{topic} later")),
            ])
            .await
            .unwrap();
    }
    let Bench {
        delivery,
        mut reports,
        ..
    } = bench;
    delivery.shutdown(30 * SECOND).await.unwrap();
    let mut texts = Vec::new();
    while let Some(report) = reports.recv().await {
        let result = report.result.map_or_else(
            |error| format!("{}: {error}", error.code()),
            |_| "ok".into(),
        );
        texts.push(format!("{}: {result}", report.id.event));
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    good: ok
    good later: ok
    bad: shut_down: the host shut down before the record was delivered; the last answer was: not now
    bad later: shut_down: the host shut down before the record was delivered
    slow: outcome_unknown: the host shut down before the record was delivered; it was being sent and may have been written
    slow later: shut_down: the host shut down before the record was delivered
    ");
}

#[tokio::test(start_paused = true)]
async fn shutdown_keeps_reports_for_a_slow_reader() {
    let bench = Bench::with_limits(|_, _| (SECOND, vec![retriable()]), limits(100, 1_000));
    let message = to(&Arc::new(cluster()), "sales");
    let names: Vec<_> = (0..10).map(|number| number.to_string()).collect();
    bench
        .delivery
        .accept(names.iter().map(|name| message("a", name)).collect())
        .await
        .unwrap();
    let Bench {
        delivery,
        mut reports,
        ..
    } = bench;
    delivery.shutdown(Duration::ZERO).await.unwrap();
    let mut read = Vec::new();
    while let Some(report) = reports.recv().await {
        assert_eq!(report.result.unwrap_err().code(), "shut_down");
        read.push(report.id.event.to_string());
    }
    assert_eq!(read, names);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_still_delivers_what_it_accepted() {
    let bench = Bench::new(|batch, number| match number {
        0 => (SECOND, vec![retriable(); batch.records.len()]),
        _ => all_delivered(batch),
    });
    bench
        .delivery
        .accept(vec![to(&Arc::new(cluster()), "sales")("a", "1")])
        .await
        .unwrap();
    let Bench {
        delivery,
        mut reports,
        ..
    } = bench;
    drop(delivery);
    assert!(reports.recv().await.unwrap().result.is_ok());
    assert!(reports.recv().await.is_none());
}
