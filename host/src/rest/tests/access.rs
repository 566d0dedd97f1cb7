//! Who we are to a proxy: headers of one's own, secrets that change, refusals.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    super::{access::Access, error::RestError},
    cluster, message, prepared, record,
    server::{Script, Server, http, ok},
    shorts,
};
use crate::{
    cluster::{Api, Auth, Cluster, Flavor, Origin, Secret},
    publisher::Publisher,
    rest::RestPublisher,
    verdict::Verdict,
};

const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;
/// Time is counted in whole milliseconds while it is paused.
const SECOND: Duration = Duration::from_millis(1001);
const REFUSAL: &str = r#"{"error_code":40101,"message":"it expired"}"#;

fn of_file(path: &Path) -> Secret {
    let value = std::fs::read_to_string(path).unwrap();
    Secret::new(&value, Origin::File(path.to_owned()))
}

fn bearer(url: &str, token: Secret) -> Cluster {
    cluster(url, Api::V2, Flavor::Confluent).with(|cluster| {
        cluster.auth = Auth::Bearer(token);
    })
}

/// Publishes a record as often as there are scripts.
async fn publish_again(server: &Server, cluster: Cluster, times: usize) -> Vec<Verdict> {
    let cluster = cluster.with(|cluster| {
        cluster.rest_url = server.url.parse().unwrap();
    });
    let (publisher, batch) = prepared(cluster, "sales", vec![record("a")]);
    let mut verdicts = Vec::new();
    for _ in 0..times {
        verdicts.extend(publisher.publish(&batch).await);
    }
    verdicts
}

#[tokio::test(start_paused = true)]
async fn secrets_are_read_again_at_most_once_a_second_when_they_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "old\n").unwrap();
    let cluster = bearer("http://proxy", of_file(&path)).with(|cluster| {
        cluster.headers = vec![("X-Key".to_owned(), of_file(&path))];
    });
    let access = Access::new(Arc::new(cluster)).unwrap();
    let shown = || {
        let shown = access.shown();
        let header = |name: &str| shown.headers[name].to_str().unwrap().to_owned();
        let hidden = shown.redactor.message("a new-token b");
        [header("authorization"), header("x-key"), hidden]
    };
    let old = ["Bearer old", "old", "a new-token b"];
    let new = ["Bearer new-token", "new-token", "a *** b"];
    std::fs::write(&path, "new-token\r\n").unwrap();
    assert_eq!(shown(), old);
    assert!(!access.renew().await);
    assert_eq!(shown(), old);
    tokio::time::advance(SECOND).await;
    assert!(access.renew().await);
    assert_eq!(shown(), new);
    // What cannot be read or sent leaves what there is.
    for broken in ["two\nlines", "\u{1}"] {
        std::fs::write(&path, broken).unwrap();
        tokio::time::advance(SECOND).await;
        assert!(!access.renew().await);
        assert_eq!(shown(), new);
    }
    std::fs::remove_file(&path).unwrap();
    tokio::time::advance(SECOND).await;
    assert!(!access.renew().await);
    assert_eq!(shown(), new);
}

/// A server that refuses as often, and then stores.
async fn refusing(times: usize) -> Server {
    let refusal = || Script::Say(http(401, "", REFUSAL));
    let scripts = std::iter::repeat_with(refusal).take(times);
    Server::start(scripts.chain([ok(ONE)])).await
}

#[tokio::test]
async fn refusals_last_as_long_as_the_configuration_has_patience() {
    for (auth_retry, time_to_live, refused) in [
        (60, 120, "retriable unauthorized"),
        (0, 120, "permanent unauthorized"),
        (60, 0, "permanent unauthorized"),
    ] {
        let server = refusing(2).await;
        let cluster = bearer(&server.url, "token".into()).with(|cluster| {
            cluster.auth_retry = Duration::from_secs(auth_retry);
            cluster.time_to_live = Duration::from_secs(time_to_live);
        });
        let verdicts = publish_again(&server, cluster, 3).await;
        assert_eq!(shorts(&verdicts), [refused, refused, "delivered 2@7"]);
    }
}

#[tokio::test]
async fn a_secret_that_has_changed_is_tried_before_a_refusal_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "old").unwrap();
    let server = refusing(1).await;
    let cluster = bearer(&server.url, of_file(&path)).with(|cluster| {
        cluster.auth_retry = Duration::ZERO;
    });
    let (publisher, batch) = prepared(cluster, "sales", vec![record("a")]);
    std::fs::write(&path, "new").unwrap();
    // Secrets are read again at most once a second.
    tokio::time::sleep(SECOND).await;
    let refused = publisher.publish(&batch).await;
    assert_eq!(shorts(&refused), ["retriable unauthorized"]);
    let verdicts = publisher.publish(&batch).await;
    assert_eq!(shorts(&verdicts), ["delivered 2@7"]);
    let requests = server.requests();
    let shown: Vec<_> = requests
        .iter()
        .map(|request| request.header("authorization"))
        .collect();
    assert_eq!(shown, [Some("Bearer old"), Some("Bearer new")]);
}

#[tokio::test]
async fn a_refusal_is_tried_again_and_then_final_in_the_proxys_own_words_only() {
    for (auth_retry, body, expected) in [
        (60, REFUSAL, "retriable unauthorized"),
        (0, REFUSAL, "permanent unauthorized"),
        (0, "<html>401</html>", "retriable unauthorized"),
        (0, r#"{"message":"Forbidden"}"#, "retriable unauthorized"),
    ] {
        for status in [401, 403] {
            let server = Server::start([Script::Say(http(status, "", body)), ok(ONE)]).await;
            let cluster = bearer(&server.url, "token".into()).with(|cluster| {
                cluster.auth_retry = Duration::from_secs(auth_retry);
            });
            let verdicts = publish_again(&server, cluster, 2).await;
            assert_eq!(shorts(&verdicts), [expected, "delivered 2@7"], "{body}");
        }
    }
}

#[tokio::test]
async fn the_last_refusal_names_the_bound() {
    let server = Server::start([Script::Say(http(401, "", REFUSAL))]).await;
    let cluster = bearer(&server.url, "token".into()).with(|cluster| {
        cluster.auth_retry = Duration::ZERO;
    });
    let verdicts = publish_again(&server, cluster, 1).await;
    insta::assert_snapshot!(message(&verdicts[0]), @"the proxy answered HTTP 401 (error_code 40101): it expired; it has refused us for 0ns (`auth_retry_secs`), with secrets read anew");
}

#[tokio::test]
async fn headers_of_ones_own_are_sent_and_their_secrets_never_shown() {
    let secret = |text| Secret::new(text, Origin::Env("KEY".to_owned()));
    let echo = r#"{"error_code":500,"message":"no key-0123456789, tenant shop"}"#;
    let server = Server::start([Script::Say(http(500, "", echo))]).await;
    let cluster = cluster(&server.url, Api::V2, Flavor::Confluent).with(|cluster| {
        cluster.headers = vec![
            ("X-Api-Key".to_owned(), secret("key-0123456789\n")),
            ("X-Tenant".to_owned(), "shop".into()),
        ];
    });
    let shown = format!("{cluster:?}");
    assert!(!shown.contains("0123456789"), "{shown}");
    let verdicts = publish_again(&server, cluster, 1).await;
    assert_eq!(verdicts[0].to_string(), "unknown proxy_error");
    insta::assert_snapshot!(message(&verdicts[0]), @"the proxy answered HTTP 500 (error_code 500): no ***, tenant shop");
    let request = &server.requests()[0];
    assert_eq!(request.header("x-api-key"), Some("key-0123456789"));
    assert_eq!(request.header("x-tenant"), Some("shop"));
}

#[test]
fn headers_that_cannot_be_sent_are_errors() {
    let with = |name: &str, value: &str, auth| {
        let cluster = cluster("http://proxy", Api::V2, Flavor::Confluent).with(|cluster| {
            cluster.headers = vec![(name.to_owned(), value.into())];
            cluster.auth = auth;
        });
        RestPublisher::new([Arc::new(cluster)]).unwrap_err()
    };
    let errors: [RestError; 4] = [
        with("a b", "x", Auth::None),
        with("Content-Type", "x", Auth::None),
        with("Authorization", "x", Auth::Bearer("t".into())),
        with("X-Key", "s3cret\nline", Auth::None),
    ];
    let shown = errors.map(|error| format!("{}: {error}", error.code()));
    insta::assert_snapshot!(shown.join("\n"), @r"
    invalid_header: header `a b` of cluster `kafka:9092` is not a header's name
    invalid_header: header `Content-Type` of cluster `kafka:9092` is set by the client; leave it out
    invalid_header: header `Authorization` of cluster `kafka:9092` is set by `auth`; keep one of the two
    invalid_header: header `X-Key` of cluster `kafka:9092` has a value that no HTTP header can carry; is there a line break in it?
    ");
}
