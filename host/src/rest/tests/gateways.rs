//! What stands between the host and a proxy: odd but lawful answers, connections
//! that are closed without a word, addresses of all kinds.

use super::{
    cluster, message, prepared, publish, record,
    server::{Script, Server, http, ok},
    shorts,
};
use crate::{
    cluster::{Api, Cluster, Flavor},
    publisher::Publisher,
};

const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;

fn v2(server: &Server) -> Cluster {
    cluster(&server.url, Api::V2, Flavor::Confluent)
}

#[tokio::test]
async fn an_answer_counts_however_it_is_wrapped() {
    let length = ONE.len();
    let with = |headers: &str| http(200, headers, ONE);
    let many = "X: y\r\n".repeat(200);
    let long = format!("Set-Cookie: a={}\r\n", "y".repeat(60_000));
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x};a=b\r\n{ONE}\r\n0\r\nX: y\r\n\r\n"
    );
    for (case, answer) in [
        (
            "HTTP/1.0, to the connection's end",
            format!("HTTP/1.0 200 OK\r\n\r\n{ONE}").into(),
        ),
        (
            "no reason",
            format!("HTTP/1.1 200\r\nContent-Length: {length}\r\n\r\n{ONE}").into(),
        ),
        (
            "lines without returns",
            format!("HTTP/1.1 200 OK\nContent-Length: {length}\n\n{ONE}").into(),
        ),
        ("chunks with extension and trailer", chunks.into_bytes()),
        ("two hundred headers", with(&many)),
        ("a long header", with(&long)),
        ("a header of two lines", with("X: a\r\n b\r\n")),
        ("a space before the colon", with("X : a\r\n")),
        ("a name that is none", with("X(1): a\r\n")),
        (
            "an encoding that is none",
            with("Content-Encoding: Identity\r\n"),
        ),
        (
            "an encoding that the body does not have",
            with("Content-Encoding: gzip\r\n"),
        ),
        (
            "one that nobody asked for and the body does not have",
            with("Content-Encoding: br\r\n"),
        ),
        ("another type", with("Content-Type: text/html\r\n")),
        ("another status", http(202, "", ONE)),
        (
            "a script after it",
            http(200, "", &format!("{ONE}<script></script>")),
        ),
        (
            "a byte order mark",
            http(200, "", &format!("\u{feff}{ONE}")),
        ),
    ] {
        let server = Server::start([Script::Close(answer)]).await;
        let verdicts = publish(v2(&server), vec![record("a")]).await;
        assert_eq!(shorts(&verdicts), ["delivered 2@7"], "{case}");
    }
}

#[tokio::test]
async fn an_encoding_that_cannot_be_undone_is_named() {
    let answer = http(200, "Content-Encoding: br\r\n", "\u{b}\u{2}\u{80}");
    let server = Server::start([Script::Say(answer)]).await;
    let verdicts = publish(v2(&server), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["unknown bad_answer"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"the answer's encoding `br` cannot be undone; let the proxy, or the gateway before it, send plain answers");
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn a_connection_that_was_closed_without_a_word_costs_no_record() {
    let closing = || Script::Close(http(200, "", ONE));
    let server = Server::start([closing(), closing(), ok(ONE)]).await;
    let (publisher, batch) = prepared(v2(&server), "sales", vec![record("a")]);
    for _ in 0..3 {
        let verdicts = publisher.publish(&batch).await;
        assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
    }
    assert_eq!(server.requests().len(), 3, "nothing is sent twice");
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn an_address_may_be_of_ip_version_6() {
    let Some(server) = Server::start_at("[::1]:0", [ok(ONE)]).await else {
        println!("skipped: there is no IPv6 here");
        return;
    };
    let verdicts = publish(v2(&server), vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
}

#[tokio::test]
async fn a_name_that_is_not_found_is_tried_again() {
    let nowhere = cluster(
        "http://no-such-host.invalid:8082",
        Api::V2,
        Flavor::Confluent,
    );
    let verdicts = publish(nowhere, vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["retriable unreachable"]);
    assert!(message(&verdicts[0]).starts_with("no connection to the proxy: "));
}
