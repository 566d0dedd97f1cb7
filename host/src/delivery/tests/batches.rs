use std::{sync::Arc, time::Duration};

use super::support::{Bench, all_delivered, cluster, to};
use crate::cluster::Api;

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn records_wait_for_company_until_the_linger_is_over() {
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster()), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    tokio::time::sleep(3 * MS).await;
    bench
        .delivery
        .accept(vec![message("b", "2")])
        .await
        .unwrap();
    tokio::time::sleep(30 * MS).await;
    assert_eq!(bench.batches(), [["1", "2"]]);
    assert_eq!(bench.sent()[0].start, 5 * MS);
}

#[tokio::test(start_paused = true)]
async fn without_a_linger_a_record_goes_at_once() {
    let mut cluster = cluster();
    cluster.linger = Duration::ZERO;
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    tokio::time::sleep(30 * MS).await;
    assert_eq!(bench.sent()[0].start, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait() {
    let mut cluster = cluster();
    cluster.linger = Duration::from_secs(1);
    cluster.max_batch_records = 2;
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster), "sales");
    let messages = ["1", "2", "3", "4", "5"].map(|name| message(name, name));
    bench.delivery.accept(messages.into()).await.unwrap();
    tokio::time::sleep(500 * MS).await;
    assert_eq!(bench.batches(), [["1", "2"], ["3", "4"]]);
    tokio::time::sleep(600 * MS).await;
    assert_eq!(bench.batches()[2], ["5"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_stays_within_its_bytes_and_a_bigger_record_goes_alone() {
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster()), "sales");
    let long = "d".repeat(1000);
    let names = ["aaaaa", "bbbbb", "c", long.as_str(), "e"];
    let [first, second, ..] = names.map(|name| message(name, name).record.size());
    let mut cluster = cluster();
    cluster.max_batch_bytes = first + second;
    let message = to(&Arc::new(cluster), "sales");
    let messages = names.map(|name| message(name, name));
    bench.delivery.accept(messages.into()).await.unwrap();
    bench.delivery.flush().await;
    let batches = bench.batches();
    assert_eq!(batches[0], ["aaaaa", "bbbbb"]);
    assert_eq!(batches[1..], [["c"], [long.as_str()], ["e"]]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_cuts_the_linger_short() {
    let mut cluster = cluster();
    cluster.linger = Duration::from_hours(1);
    let mut bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster), "sales");
    bench
        .delivery
        .accept(vec![message("a", "1")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    assert_eq!(bench.elapsed(), 10 * MS);
    assert_eq!(bench.results()["1"], "ok");
}

#[tokio::test(start_paused = true)]
async fn records_with_other_timeouts_go_apart() {
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let message = to(&Arc::new(cluster()), "sales");
    let mut hasty = message("b", "2");
    hasty.timeout = Some(MS);
    bench
        .delivery
        .accept(vec![message("a", "1"), hasty, message("c", "3")])
        .await
        .unwrap();
    bench.delivery.flush().await;
    let sent = bench.sent();
    assert_eq!(
        (&sent[0].values, sent[0].timeout),
        (&vec!["1".into(), "3".into()], None)
    );
    assert_eq!(
        (&sent[1].values, sent[1].timeout),
        (&vec!["2".into()], Some(MS))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cluster_gets_no_more_posts_at_once_than_it_allows_and_topics_take_turns() {
    let mut cluster = cluster();
    cluster.max_in_flight = 3;
    cluster.max_batch_records = 1;
    let cluster = Arc::new(cluster);
    let bench = Bench::new(|batch, _| all_delivered(batch));
    let names: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    for topic in ["a", "b"] {
        let message = to(&cluster, topic);
        let messages = names.iter().map(|name| message(name, name)).collect();
        bench.delivery.accept(messages).await.unwrap();
    }
    bench.delivery.flush().await;
    let sent = bench.sent();
    let at_once = |at| {
        sent.iter()
            .filter(|post| post.start <= at && at < post.end)
            .count()
    };
    let most = sent.iter().map(|post| at_once(post.start)).max();
    assert_eq!(most, Some(3));
    let first_half = &sent[..20];
    let of_a = first_half.iter().filter(|post| post.topic == "a").count();
    assert!(
        (8..=12).contains(&of_a),
        "{of_a} of the first 20 POSTs are for one of two topics"
    );
}

#[tokio::test(start_paused = true)]
async fn the_id_is_a_header_where_the_api_has_headers() {
    assert_eq!(headers_seen(Api::V2).await, [] as [(String, String); 0]);
    let id = (
        "action-triggers-id".to_owned(),
        r#"["say \"hi\", \\","trigger",0]"#.to_owned(),
    );
    assert_eq!(
        headers_seen(Api::V3).await,
        [("own".to_owned(), "1".to_owned()), id]
    );
}

/// The headers of a record that came with one of its own and a forged id.
async fn headers_seen(api: Api) -> Vec<(String, String)> {
    let (headers, seen) = std::sync::mpsc::channel();
    let bench = Bench::new(move |batch, _| {
        headers.send(batch.records[0].headers.clone()).unwrap();
        all_delivered(batch)
    });
    let mut message = to(
        &Arc::new(cluster().with(|cluster| cluster.api = api)),
        "sales",
    )("a", r#"say "hi", \"#);
    if api == Api::V3 {
        let headers = [("own", "1"), ("action-triggers-id", "forged")];
        message.record.headers = headers
            .map(|(name, value)| (name.into(), value.into()))
            .into();
    }
    bench.delivery.accept(vec![message]).await.unwrap();
    bench.delivery.flush().await;
    let headers = seen.recv().unwrap().into_iter();
    let text = |value: bytes::Bytes| String::from_utf8(value.to_vec()).unwrap();
    headers.map(|(name, value)| (name, text(value))).collect()
}
