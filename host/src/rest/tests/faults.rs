//! The client against proxies that answer late, too much, half or not at all.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;

use super::{
    super::{RestError, RestPublisher, open},
    cluster, message, prepared, publish, publish_to, record,
    server::{Script, Server, http, ok},
    shorts,
};
use crate::{
    cluster::{Api, Auth, Cluster, ClusterId, Flavor},
    publisher::{Batch, Publisher, Verdict},
};

const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;
const TWO: &str = r#"{"offsets":[{"partition":2,"offset":7},{"partition":0,"offset":1}]}"#;
const REPORT: &str = "{\"error_code\":200,\"partition_id\":1,\"offset\":3}\r\n";

fn v2(server: &Server) -> Cluster {
    cluster(&server.url, Api::V2, Flavor::Confluent)
}

fn v3(server: &Server) -> Cluster {
    let mut cluster = cluster(&server.url, Api::V3, Flavor::Confluent);
    cluster.cluster_id = Some("lkc-1".to_owned());
    cluster
}

/// Publishes two records to a v2 proxy that follows the script.
async fn two(script: Script) -> Vec<String> {
    let server = Server::start([script]).await;
    shorts(&publish(v2(&server), vec![record("a"), record("b")]).await)
}

#[tokio::test]
async fn a_batch_is_one_post_with_exact_types() {
    let server = Server::start([ok(TWO)]).await;
    let verdicts = publish(v2(&server), vec![record("a"), record("b")]).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7", "delivered 0@1"]);
    let [request] = &server.requests()[..] else {
        panic!("{:?}", server.requests());
    };
    assert_eq!(request.line, "POST /topics/sales");
    assert_eq!(
        request.header("content-type"),
        Some("application/vnd.kafka.binary.v2+json")
    );
    assert_eq!(
        request.header("accept"),
        Some("application/vnd.kafka.v2+json")
    );
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(
        request.body,
        br#"{"records":[{"value":"YQ=="},{"value":"Yg=="}]}"#
    );
}

#[tokio::test]
async fn base_path_is_kept_and_topic_is_percent_encoded() {
    for base in ["/kafka/rest", "/kafka/rest/"] {
        let server = Server::start([ok(ONE)]).await;
        let cluster = cluster(&format!("{}{base}", server.url), Api::V2, Flavor::Confluent);
        publish_to("a/b %é?#", cluster, vec![record("a")]).await;
        assert_eq!(
            server.requests()[0].line,
            "POST /kafka/rest/topics/a%2Fb%20%25%C3%A9%3F%23"
        );
    }
}

#[tokio::test]
async fn topics_that_a_path_would_lose_are_not_sent() {
    let server = Server::start([ok(ONE)]).await;
    for topic in ["", ".", ".."] {
        let verdicts = publish_to(topic, v2(&server), vec![record("a")]).await;
        assert_eq!(shorts(&verdicts), ["permanent invalid_topic"]);
    }
    assert_eq!(server.requests().len(), 0);
    let verdicts = publish_to("...", v2(&server), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
}

#[tokio::test]
async fn refused_records_do_not_travel_with_sound_ones() {
    let server = Server::start([ok(ONE)]).await;
    let mut headed = record("b");
    headed.headers.push(("h".to_owned(), "v".into()));
    let verdicts = publish(v2(&server), vec![headed.clone(), record("a"), headed]).await;
    assert_eq!(
        shorts(&verdicts),
        [
            "permanent headers_unsupported",
            "delivered 2@7",
            "permanent headers_unsupported"
        ]
    );
    assert_eq!(
        server.requests()[0].body,
        br#"{"records":[{"value":"YQ=="}]}"#
    );
}

#[tokio::test]
async fn a_200_may_hold_failures() {
    let script = ok(r#"{"offsets":[{"partition":0,"offset":1},{"error_code":40301,"error":"x"}]}"#);
    assert_eq!(
        two(script).await,
        ["delivered 0@1", "permanent unauthorized"]
    );
}

#[tokio::test]
async fn a_proxy_that_does_not_answer_leaves_the_outcome_unknown() {
    let server = Server::start([Script::Stall(Vec::new())]).await;
    let mut cluster = v2(&server);
    cluster.request_timeout = Duration::from_millis(100);
    let verdicts = publish(cluster, vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["unknown timed_out"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"no complete answer within 0.1 s");
}

#[tokio::test]
async fn the_batch_bounds_the_attempt_too() {
    let server = Server::start([Script::Stall(Vec::new())]).await;
    let cluster = Arc::new(v2(&server));
    let publisher = RestPublisher::new([Arc::clone(&cluster)]).unwrap();
    let batch = Batch {
        cluster: cluster.id(),
        topic: "sales".to_owned(),
        records: vec![record("a")],
        timeout: Some(Duration::from_millis(100)),
    };
    assert_eq!(
        shorts(&publisher.publish(&batch).await),
        ["unknown timed_out"]
    );
}

#[tokio::test]
async fn a_body_that_stalls_leaves_the_outcome_unknown() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"offsets\":".to_vec();
    let server = Server::start([Script::Stall(half)]).await;
    let mut cluster = v2(&server);
    cluster.request_timeout = Duration::from_millis(200);
    let verdicts = publish(cluster, vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["unknown timed_out"]);
}

#[tokio::test]
async fn reports_before_a_stall_hold() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n".to_owned();
    let server = Server::start([Script::Stall((head + REPORT).into_bytes())]).await;
    let mut cluster = v3(&server);
    cluster.request_timeout = Duration::from_secs(1);
    let verdicts = publish(cluster, vec![record("a"), record("b")]).await;
    assert_eq!(shorts(&verdicts), ["delivered 1@3", "unknown timed_out"]);
}

#[tokio::test]
async fn offsets_before_the_answer_stops_hold() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"offsets\":[{\"partition\":2,\"offset\":7},{";
    for (script, code) in [
        (Script::Close(half.to_vec()), "unknown connection_lost"),
        (Script::Stall(half.to_vec()), "unknown timed_out"),
    ] {
        let server = Server::start([script]).await;
        let mut cluster = v2(&server);
        cluster.request_timeout = Duration::from_secs(1);
        let verdicts = publish(cluster, vec![record("a"), record("b")]).await;
        assert_eq!(shorts(&verdicts), ["delivered 2@7", code]);
    }
}

#[tokio::test]
async fn an_answer_without_length_that_ends_early_is_counted() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned();
    let server = Server::start([Script::Close((head + REPORT).into_bytes())]).await;
    let verdicts = publish(v3(&server), vec![record("a"), record("b")]).await;
    assert_eq!(
        shorts(&verdicts),
        ["delivered 1@3", "unknown report_missing"]
    );
}

#[tokio::test]
async fn truncated_json_leaves_the_outcome_unknown() {
    assert_eq!(
        two(ok(r#"{"offsets":[{"parti"#)).await,
        ["unknown bad_answer"; 2]
    );
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"offsets\":[".to_vec();
    assert_eq!(
        two(Script::Close(cut)).await,
        ["unknown connection_lost"; 2]
    );
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let huge = http(200, "", &"x".repeat(1_000_000));
    assert_eq!(
        two(Script::Say(huge)).await,
        ["unknown answer_too_large"; 2]
    );
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_unknown() {
    assert_eq!(
        two(Script::Reset(Vec::new())).await,
        ["unknown connection_lost"; 2]
    );
    assert_eq!(
        two(Script::Close(Vec::new())).await,
        ["unknown connection_lost"; 2]
    );
    assert_eq!(
        two(Script::Close(b"nonsense\r\n\r\n".to_vec())).await,
        ["unknown connection_lost"; 2]
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_retriable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let verdicts = publish(cluster(&url, Api::V2, Flavor::Confluent), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["retriable unreachable"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"no connection to the proxy: Connection refused (os error 111)");
}

#[tokio::test]
async fn a_redirect_is_tried_again_and_never_followed() {
    let elsewhere = Server::start([ok(ONE)]).await;
    let location = format!("Location: {}/topics/sales?s=1\r\n", elsewhere.url);
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start([Script::Say(http(status, &location, ""))]).await;
        let verdicts = publish(v2(&server), vec![record("a")]).await;
        assert_eq!(shorts(&verdicts), ["retriable redirected"]);
        let expected = format!(
            "HTTP {status} sends us to another address, which is never followed; if it is the REST proxy's, set `rest_url` to {}",
            elsewhere.url
        );
        assert_eq!(message(&verdicts[0]), expected);
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn what_is_not_the_proxys_own_answer_is_tried_again_and_shown() {
    let page = "<html><head><title>404 Not Found</title></head></html>";
    let headers = "Content-Type: text/html\r\n";
    let server = Server::start([Script::Say(http(404, headers, page))]).await;
    let verdicts = publish(v2(&server), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["retriable foreign_answer"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"HTTP 404 with text/html instead of a REST proxy's answer: <html><head><title>404 Not Found</title></head></html>; is there a path to add to `rest_url`? If the proxy has the v3 API only, set `api` to `v3`");
}

#[tokio::test]
async fn retry_after_is_passed_on() {
    for (header, pause) in [
        ("Retry-After: 7\r\n", Some(Duration::from_secs(7))),
        (
            "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
            Some(Duration::ZERO),
        ),
        ("", None),
    ] {
        let server = Server::start([Script::Say(http(503, header, "busy"))]).await;
        let verdicts = publish(v2(&server), vec![record("a")]).await;
        let [Verdict::Retriable(reason)] = &verdicts[..] else {
            panic!("{verdicts:?}");
        };
        assert_eq!(
            (reason.code, reason.retry_after),
            ("proxy_unavailable", pause)
        );
    }
}

#[tokio::test]
async fn one_refused_record_sends_its_batch_apart() {
    let refusal = || {
        Script::Say(http(
            422,
            "",
            r#"{"error_code":422,"message":"Unrecognized field: x"}"#,
        ))
    };
    assert_eq!(two(refusal()).await, ["alone record_refused"; 2]);
    let server = Server::start([refusal()]).await;
    let verdicts = publish(v2(&server), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["permanent record_refused"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"the proxy answered HTTP 422 (error_code 422): Unrecognized field: x; does `flavor` say whose proxy it is?");
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let basic = Auth::Basic {
        username: "ann".to_owned(),
        password: "pass-word".into(),
    };
    let bearer = Auth::Bearer("tok-en".into());
    for (auth, header) in [
        (basic, "Basic YW5uOnBhc3Mtd29yZA=="),
        (bearer, "Bearer tok-en"),
    ] {
        let echo = format!("no {header}, pass-word");
        let server = Server::start([Script::Say(http(401, "", &echo))]).await;
        let mut cluster = v2(&server);
        cluster.auth = auth;
        let proxy = open(Arc::new(cluster.clone())).unwrap();
        let verdicts = publish(cluster, vec![record("a")]).await;
        assert_eq!(server.requests()[0].header("authorization"), Some(header));
        assert_eq!(shorts(&verdicts), ["retriable unauthorized"]);
        let shown = format!("{verdicts:?} {proxy:?}");
        for secret in ["YW5u", "tok-en"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn cluster_id_is_asked_for_once() {
    let clusters = r#"{"kind":"KafkaClusterList","data":[{"cluster_id":"a/b"}]}"#;
    let server = Server::start([ok(clusters), ok(REPORT), ok(REPORT)]).await;
    let cluster = v3(&server).with(|cluster| {
        cluster.cluster_id = None;
    });
    let (publisher, batch) = prepared(cluster, "sales", vec![record("a")]);
    for _ in 0..2 {
        assert_eq!(shorts(&publisher.publish(&batch).await), ["delivered 1@3"]);
    }
    let lines: Vec<_> = server.requests().into_iter().map(|r| r.line).collect();
    let post = "POST /v3/clusters/a%2Fb/topics/sales/records";
    assert_eq!(lines, ["GET /v3/clusters", post, post]);
}

#[tokio::test]
async fn nothing_is_unknown_while_the_cluster_id_is() {
    let away = r#"{"error_code":50003,"message":"Timed out waiting for a node assignment."}"#;
    for (script, expected) in [
        (Script::Say(http(500, "", away)), "retriable proxy_error"),
        (Script::Stall(Vec::new()), "retriable timed_out"),
        (Script::Close(Vec::new()), "retriable connection_lost"),
        (Script::Say(http(401, "", "")), "retriable unauthorized"),
        (Script::Say(http(404, "", "")), "retriable foreign_answer"),
        (
            Script::Say(http(404, "", r#"{"error_code":404}"#)),
            "permanent not_found",
        ),
        (
            Script::Say(http(307, "Location: /\r\n", "")),
            "retriable redirected",
        ),
        (
            ok(r#"{"data":[{"cluster_id":"a"},{"cluster_id":"b"}]}"#),
            "permanent cluster_id_unknown",
        ),
        (ok("{}"), "retriable cluster_id_unknown"),
        (ok(r#"{"data":[]}"#), "retriable cluster_id_unknown"),
        (ok("<html>starting</html>"), "retriable cluster_id_unknown"),
    ] {
        let server = Server::start([script]).await;
        let mut cluster = v3(&server);
        cluster.cluster_id = None;
        cluster.request_timeout = Duration::from_millis(500);
        let verdicts = publish(cluster, vec![record("a"), record("b")]).await;
        assert_eq!(shorts(&verdicts), [expected; 2]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_configured_is_not_reached() {
    let server = Server::start([ok(ONE)]).await;
    let publisher = RestPublisher::new([Arc::new(v2(&server))]).unwrap();
    let batch = Batch {
        cluster: ClusterId::new("", "elsewhere:9092"),
        topic: "sales".to_owned(),
        records: vec![record("a")],
        timeout: None,
    };
    let verdicts = publisher.publish(&batch).await;
    assert_eq!(verdicts[0].to_string(), "permanent unknown_cluster");
    assert_eq!(server.requests().len(), 0);
    let mut added = v2(&server);
    added.bootstrap_servers = "elsewhere:9092".to_owned();
    let publisher = RestPublisher::new([Arc::new(added)]).unwrap();
    let verdicts = publisher.publish(&batch).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
}

#[test]
fn clusters_that_cannot_be_used_are_errors() {
    let with = |change: &dyn Fn(&mut Cluster)| {
        let mut cluster = cluster("https://proxy:8082", Api::V2, Flavor::Confluent);
        change(&mut cluster);
        RestPublisher::new([Arc::new(cluster)]).unwrap_err()
    };
    let url = |url: &str| with(&|cluster| cluster.rest_url = url.parse().unwrap());
    let errors = [
        url("ftp://proxy"),
        url("http://ann:pass-word@proxy"),
        url("http://proxy/?a=b"),
        with(&|cluster| {
            cluster.api = Api::V3;
            cluster.flavor = Flavor::Karapace;
        }),
        with(&|cluster| cluster.auth = Auth::Bearer("to\nken".into())),
        with(&|cluster| {
            cluster.auth = Auth::Basic {
                username: "a:b".to_owned(),
                password: "pass-word".into(),
            };
        }),
        with(&|cluster| cluster.tls.ca_pem = Some(b"junk".to_vec())),
        with(&|cluster| cluster.tls.identity_pem = Some("junk".into())),
    ];
    let shown = errors
        .map(|error| format!("{}: {error}", error.code()))
        .join("\n");
    assert!(!shown.contains("pass-word"));
    insta::assert_snapshot!(shown, @r"
    invalid_rest_url: rest_url of cluster `kafka:9092` is neither http nor https
    invalid_rest_url: rest_url of cluster `kafka:9092` has credentials in it; move them to `auth`
    invalid_rest_url: rest_url of cluster `kafka:9092` has a query or a fragment; leave it out
    unsupported_api: cluster `kafka:9092` cannot use the v3 API: only Confluent REST Proxy has it; set `api` to `v2`
    invalid_auth: auth of cluster `kafka:9092` has a token that no HTTP header can carry; is there a line break in it?
    invalid_auth: auth of cluster `kafka:9092` has a user name with a colon, which HTTP Basic cannot carry
    invalid_tls: tls of cluster `kafka:9092`: `ca` has no certificate in PEM
    invalid_tls: tls of cluster `kafka:9092`: `identity` has no certificate in PEM
    ");
}

#[test]
fn a_cluster_configured_twice_is_an_error() {
    let one = || Arc::new(cluster("http://proxy", Api::V2, Flavor::Confluent));
    let error = RestPublisher::new([one(), one()]).unwrap_err();
    assert!(
        matches!(error, RestError::DuplicateCluster { .. }),
        "{error}"
    );
}
