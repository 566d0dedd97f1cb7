//! The REST client against a bare HTTP client that sends the same bodies.

use std::sync::Arc;

use action_triggers_dev_proxy::{DevProxy, Options};
use action_triggers_host::{Batch, Cluster, Publisher, Record, RestPublisher, Verdict};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::measure;

const RECORDS: usize = 500;
pub(crate) const VALUE: &[u8] = br#"{"customer":"Alice","message":"Alice bought 3 of Widget"}"#;

pub(crate) fn report(tokio: &tokio::runtime::Runtime) {
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        ..Options::default()
    };
    let proxy = tokio.block_on(DevProxy::start(options)).unwrap();
    let cluster = Arc::new(Cluster::new("localhost:9092", proxy.url().parse().unwrap()));
    let publisher = RestPublisher::new([cluster.clone()]).unwrap();
    let record = Record::json(VALUE);
    let batch = Batch::new(cluster.id(), "client", vec![record; RECORDS]);
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/topics/bare", proxy.url().trim_end_matches('/'));
    let value = BASE64_STANDARD.encode(VALUE);
    let body = json!({"records": vec![json!({"value": value}); RECORDS]}).to_string();

    let times = measure::pair(
        5,
        || {
            let verdicts = tokio.block_on(publisher.publish(&batch));
            assert!(
                verdicts
                    .iter()
                    .all(|one| matches!(one, Verdict::Delivered { .. }))
            );
        },
        || {
            let request = bare
                .post(&url)
                .header("content-type", "application/vnd.kafka.binary.v2+json")
                .body(body.clone());
            let answer = tokio.block_on(async { request.send().await?.bytes().await });
            assert!(!answer.unwrap().is_empty());
        },
    );
    let per_record = |time: std::time::Duration| time.as_secs_f64() * 1e6 / RECORDS as f64;
    println!(
        "publish, {RECORDS} records a POST: {:>6.2} us a record, client  {:>6.2} us bare   {:.2}x",
        per_record(times.measured),
        per_record(times.baseline),
        times.ratio()
    );
}
