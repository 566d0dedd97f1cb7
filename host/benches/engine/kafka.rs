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
    let config = binary::write_config(folder.path(), &servers, &cluster);
    let events = binary::write_events(folder.path(), EVENTS);
    let bodies: Vec<String> = (0..EVENTS / RECORDS_OF_A_POST).map(body).collect();
    // `reqwest` here comes without one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/topics/sales", url.trim_end_matches('/'));

    let times = measure::pair_of(
        (ROUNDS, 1),
        || {
            binary::time("run", folder.path(), (&config, &events));
        },
        || tokio.block_on(send(&client, &url, &bodies)),
    );
    println!(
        "real proxy, {EVENTS} sales: {:>5.2} s run  {:>5.2} s bare client   {:.2} of its speed",
        times.measured.as_secs_f64(),
        times.baseline.as_secs_f64(),
        1.0 / times.ratio()
    );
}

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

/// A POST as `run` makes it of the sales from this place on.
fn body(place: usize) -> String {
    let numbers = place * RECORDS_OF_A_POST..(place + 1) * RECORDS_OF_A_POST;
    let record = |number: usize| -> Value {
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
    };
    json!({"records": numbers.map(record).collect::<Vec<_>>()}).to_string()
}
