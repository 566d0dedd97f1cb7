//! `run` against a bare HTTP client that sends the same records to the same proxy, a real
//! one: where `KAFKA_REST_URL` and `KAFKA_BOOTSTRAP` are set, as for `tests/real_kafka.rs`.

use std::env;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{binary, measure};

const EVENTS: usize = 60_000;
/// The defaults of a cluster.
const RECORDS_OF_A_POST: usize = 500;
const POSTS_AT_ONCE: usize = 4;
const ROUNDS: usize = 3;

/// Prints how long both take in turn, and their ratio.
pub(crate) fn report(tokio: &Runtime) {
    let (Ok(url), Ok(servers)) = (env::var("KAFKA_REST_URL"), env::var("KAFKA_BOOTSTRAP")) else {
        println!("real proxy: skipped, as KAFKA_REST_URL and KAFKA_BOOTSTRAP are not set");
        return;
    };
    let flavor = env::var("KAFKA_REST_FLAVOR").unwrap_or_else(|_| "strimzi".to_owned());
    let cluster = json!({"rest_url": url, "flavor": flavor});
    let folder = tempfile::tempdir().unwrap();
    let events = binary::write_events(folder.path(), EVENTS);
    let bodies = bodies();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/topics/sales", url.trim_end_matches('/'));

    for is_durable in [false, true] {
        let mut runs = 0;
        let times = measure::pair_of(
            (ROUNDS, 1),
            || {
                runs += 1;
                // A file of its own each time: the events of the last run are known there.
                let file = folder.path().join(format!("outbox-{runs}.db"));
                let outbox = if is_durable {
                    json!({"path": file})
                } else {
                    json!("memory")
                };
                let config = binary::write_config(folder.path(), &servers, (&cluster, &outbox));
                binary::time("run", folder.path(), (&config, &events));
            },
            || tokio.block_on(send(&client, &url, &bodies)),
        );
        println!(
            "real proxy, {EVENTS} sales, outbox {}: {:>5.2} s run  {:>5.2} s bare client   {:.2} of its speed",
            if is_durable { "in a file" } else { "in memory" },
            times.measured.as_secs_f64(),
            times.baseline.as_secs_f64(),
            1.0 / times.ratio()
        );
    }
}

/// Sends the bodies to a topic's address, as many at once as `run` does.
async fn send(client: &reqwest::Client, url: &str, bodies: &[String]) {
    let posts = stream::iter(bodies).map(|body| async move {
        let request = client
            .post(url)
            .header("content-type", "application/vnd.kafka.binary.v2+json")
            .header("accept", "application/vnd.kafka.v2+json")
            .body(body.clone());
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        assert!(!answer.bytes().await.unwrap().is_empty());
    });
    posts.buffer_unordered(POSTS_AT_ONCE).collect::<()>().await;
}

/// The bodies of the POSTs that `run` makes of the sales.
fn bodies() -> Vec<String> {
    let numbers: Vec<_> = (0..EVENTS).collect();
    let posts = numbers.chunks(RECORDS_OF_A_POST);
    posts
        .map(|numbers| json!({"records": numbers.iter().copied().map(record).collect::<Vec<_>>()}))
        .map(|body| body.to_string())
        .collect()
}

fn record(number: usize) -> Value {
    let value = json!({
        "customer": "Alice",
        "product": "Widget",
        "price": "9.99",
        "message": "Alice bought 3 of Widget",
    });
    let id = json!([number.to_string(), "0", 0]);
    json!({
        "value": BASE64_STANDARD.encode(value.to_string()),
        "headers": [{
            "key": "action-triggers-id",
            "value": BASE64_STANDARD.encode(id.to_string()),
        }],
    })
}
