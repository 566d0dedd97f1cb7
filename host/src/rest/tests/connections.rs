//! What comes over connections: odd framing, compression, floods, age, HTTP proxies.

use std::{io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::{
    cluster, message, prepared, publish, record,
    server::{Script, Server, http, ok},
    shorts,
};
use crate::{
    cluster::{Api, Cluster, Flavor, HttpProxy, Secret},
    publisher::Publisher,
};

const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;

fn v2(server: &Server) -> Cluster {
    cluster(&server.url, Api::V2, Flavor::Confluent)
}

/// Publishes one record to a v2 proxy that follows the script.
async fn one(script: Script) -> Vec<String> {
    let server = Server::start([script]).await;
    shorts(&publish(v2(&server), vec![record("a")]).await)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn json_that_is_complete_counts_without_the_end_of_its_frame() {
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{ONE}\r\n",
        ONE.len()
    );
    let longer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ONE}",
        ONE.len() + 9
    );
    for answer in [chunks, longer] {
        for script in [Script::Close, Script::Reset] {
            assert_eq!(one(script(answer.clone().into())).await, ["delivered 2@7"]);
        }
    }
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    assert_eq!(
        one(Script::Say(compressed(&gzip(ONE)))).await,
        ["delivered 2@7"]
    );
    let mut cut = gzip(ONE);
    cut.truncate(cut.len() - 8);
    assert_eq!(one(Script::Say(compressed(&cut))).await, ["delivered 2@7"]);
}

#[tokio::test]
async fn the_bound_of_an_answer_is_on_what_compression_makes_of_it() {
    let bomb = gzip(&" ".repeat(50_000_000));
    assert_eq!(
        one(Script::Say(compressed(&bomb))).await,
        ["unknown answer_too_large"]
    );
}

#[tokio::test]
async fn a_wordy_refusal_is_that_refusal() {
    let trace = "\tat org.apache.kafka.Some.method(Some.java:1)\n".repeat(2_500);
    let wordy = format!("Not authorized to access topics: [sales]\n{trace}");
    assert!(wordy.len() > 100_000);
    let entries: Vec<_> = (0..50)
        .map(|_| json!({"error_code": 50002, "error": wordy}))
        .collect();
    let server = Server::start([ok(&json!({ "offsets": entries }).to_string())]).await;
    let records = vec![record("a"); 50];
    let verdicts = publish(v2(&server), records).await;
    assert_eq!(shorts(&verdicts), ["permanent unauthorized"; 50]);
}

#[tokio::test]
async fn a_flood_of_interim_answers_ends_the_attempt() {
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n",
    ] {
        let server = Server::start([Script::Flood(interim.into())]).await;
        let cluster = v2(&server).with(|cluster| {
            cluster.request_timeout = Duration::from_millis(500);
        });
        let verdicts = publish(cluster, vec![record("a")]).await;
        assert_eq!(shorts(&verdicts), ["unknown timed_out"]);
    }
    let some = format!(
        "HTTP/1.1 100 Continue\r\n\r\n{}",
        "HTTP/1.1 102 X\r\n\r\n".repeat(20)
    );
    let answer = [some.as_bytes(), &http(200, "", ONE)].concat();
    assert_eq!(one(Script::Say(answer)).await, ["delivered 2@7"]);
}

#[tokio::test]
async fn what_is_no_http_is_said_with_what_may_be_meant() {
    // How a TLS server refuses what is not TLS, and a server of HTTP/2 greets.
    for greeting in [
        &b"\x15\x03\x01\x00\x02\x02\x16"[..],
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff",
    ] {
        let server = Server::start([Script::Close(greeting.to_vec())]).await;
        let verdicts = publish(v2(&server), vec![record("a")]).await;
        assert_eq!(shorts(&verdicts), ["unknown connection_lost"]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(message(&verdicts[0]), @"the connection broke: invalid HTTP version parsed: that is not an answer in HTTP/1; if the port wants TLS, or speaks HTTP/2 only, write `https://` in `rest_url`");
        }
    }
}

/// Publishes twice through one publisher.
async fn twice(cluster: Cluster) {
    let (publisher, batch) = prepared(cluster, "sales", vec![record("a")]);
    for _ in 0..2 {
        let verdicts = publisher.publish(&batch).await;
        assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
    }
}

#[tokio::test]
async fn a_connection_is_used_until_it_is_too_old() {
    let server = Server::start([ok(ONE), ok(ONE)]).await;
    twice(v2(&server)).await;
    assert_eq!(server.connections(), 1);

    let server = Server::start([ok(ONE), ok(ONE)]).await;
    twice(v2(&server).with(|cluster| {
        cluster.connection_max_age = Duration::from_nanos(1);
    }))
    .await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_configured_http_proxy_is_used() {
    let server = Server::start([ok(ONE)]).await;
    let mut proxy = HttpProxy::new(server.url.parse().unwrap());
    proxy.basic = Some(("ann".to_owned(), Secret::from("pass-word")));
    let cluster =
        cluster("http://rest.invalid:8082/k", Api::V2, Flavor::Confluent).with(|cluster| {
            cluster.proxy = Some(proxy);
        });
    let verdicts = publish(cluster, vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST http://rest.invalid:8082/k/topics/sales");
    assert_eq!(
        request.header("proxy-authorization"),
        Some("Basic YW5uOnBhc3Mtd29yZA==")
    );
}
