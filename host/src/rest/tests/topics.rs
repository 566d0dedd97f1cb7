//! Missing topics and partitions told from a broker that is away.

use std::{sync::Arc, time::Duration};

use action_triggers_core::rest::{Answer, Topic};
use action_triggers_dev_proxy::{DevProxy, Options};

use super::{
    super::RestPublisher,
    cluster, message, publish, record,
    server::{Script, Server, http, ok},
    shorts,
};
use crate::{
    cluster::{Api, Cluster, Flavor},
    publisher::{Batch, Publisher, Verdict},
    record::Record,
};

const AWAY: &str = r#"{"offsets":[{"partition":null,"offset":null,"error_code":50003,"error":"Topic sales not present in metadata after 60000 ms."}]}"#;
const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;
const THERE: &str = r#"{"name":"sales","configs":{},"partitions":[{"partition":0},{"partition":1},{"partition":2}]}"#;

/// As Confluent and Strimzi word it.
fn missing() -> Script {
    let body =
        r#"{"error_code":40403,"message":"This server does not host this topic-partition."}"#;
    Script::Say(http(404, "", body))
}

fn to(partition: u32) -> Record {
    record("x").with(|record| record.partition = Some(partition))
}

/// A publisher that keeps what it learnt from batch to batch.
struct Sender {
    cluster: Arc<Cluster>,
    publisher: RestPublisher,
}

impl Sender {
    fn new(cluster: Cluster) -> Self {
        let cluster = Arc::new(cluster);
        let publisher = RestPublisher::new([Arc::clone(&cluster)]).unwrap();
        Self { cluster, publisher }
    }

    fn v2(server: &Server) -> Self {
        Self::new(cluster(&server.url, Api::V2, Flavor::Confluent))
    }

    async fn send(&self, records: Vec<Record>) -> Vec<Verdict> {
        let batch = Batch {
            cluster: self.cluster.id(),
            topic: "sales".to_owned(),
            records,
            timeout: None,
        };
        self.publisher.publish(&batch).await
    }
}

fn lines(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests.map(|request| request.line).collect()
}

#[tokio::test]
async fn a_topic_that_the_proxy_does_not_know_either_is_permanent_and_not_posted_to_again() {
    let server = Server::start([ok(AWAY), missing()]).await;
    let sender = Sender::v2(&server);
    let verdicts = sender.send(vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["permanent unknown_topic"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"topic `sales` does not exist; create it, or correct the topic");
    let verdicts = sender.send(vec![record("a"), record("b")]).await;
    assert_eq!(shorts(&verdicts), ["permanent unknown_topic"; 2]);
    assert_eq!(lines(&server), ["POST /topics/sales", "GET /topics/sales"]);
    let accept = "application/vnd.kafka.v2+json";
    assert_eq!(server.requests()[1].header("accept"), Some(accept));
}

#[tokio::test]
async fn a_topic_that_is_there_or_not_told_of_is_tried_again() {
    for answer in [
        ok(THERE),
        Script::Say(http(
            500,
            "",
            r#"{"error_code":50003,"message":"Timed out waiting for a node assignment."}"#,
        )),
        Script::Say(http(
            404,
            "",
            r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#,
        )),
        Script::Say(http(403, "", "")),
        Script::Close(Vec::new()),
    ] {
        let server = Server::start([ok(AWAY), answer, ok(ONE)]).await;
        let sender = Sender::v2(&server);
        let away = sender.send(vec![record("a")]).await;
        assert_eq!(shorts(&away), ["retriable not_in_metadata"]);
        let back = sender.send(vec![record("a")]).await;
        assert_eq!(shorts(&back), ["delivered 2@7"]);
        let post = "POST /topics/sales";
        assert_eq!(lines(&server), [post, "GET /topics/sales", post]);
    }
}

#[tokio::test]
async fn a_partition_beyond_the_topics_is_permanent_and_its_neighbours_stand() {
    let answer = r#"{"offsets":[{"partition":2,"offset":7},{"error_code":404,"message":"Partition 3 of topic sales with partition count 3 is not present in metadata after 60000 ms."}]}"#;
    let server = Server::start([ok(answer), ok(THERE), ok(ONE)]).await;
    let sender = Sender::new(cluster(&server.url, Api::V2, Flavor::Strimzi));
    let verdicts = sender.send(vec![to(2), to(3)]).await;
    assert_eq!(
        shorts(&verdicts),
        ["delivered 2@7", "permanent unknown_partition"]
    );
    insta::assert_snapshot!(message(&verdicts[1]), @"topic `sales` has 3 partitions, so no partition 3");
    let verdicts = sender.send(vec![to(3), to(2)]).await;
    assert_eq!(
        shorts(&verdicts),
        ["permanent unknown_partition", "delivered 2@7"]
    );
    let body = &server.requests()[2].body;
    assert_eq!(body, br#"{"records":[{"value":"eA==","partition":2}]}"#);
}

#[tokio::test]
async fn a_slow_post_is_asked_about_and_its_records_do_not_go_again_to_a_missing_topic() {
    let server = Server::start([Script::Stall(Vec::new()), missing()]).await;
    let mut cluster = cluster(&server.url, Api::V2, Flavor::Confluent);
    cluster.request_timeout = Duration::from_millis(1_200);
    let sender = Sender::new(cluster);
    let records = || vec![record("a"), record("b")];
    let verdicts = sender.send(records()).await;
    assert_eq!(shorts(&verdicts), ["unknown timed_out"; 2]);
    let verdicts = sender.send(records()).await;
    assert_eq!(shorts(&verdicts), ["permanent unknown_topic"; 2]);
    assert_eq!(lines(&server), ["POST /topics/sales", "GET /topics/sales"]);
}

#[tokio::test]
async fn karapace_is_asked_after_its_answer_and_not_meanwhile() {
    let answer = r#"{"offsets":[{"error":"This request is for a topic or partition that does not exist on this broker.","error_code":2}]}"#;
    let refused = Script::Say(http(422, "", answer));
    let server = Server::start([refused, ok(THERE), Script::Stall(Vec::new())]).await;
    let mut cluster = cluster(&server.url, Api::V2, Flavor::Karapace);
    cluster.request_timeout = Duration::from_millis(1_200);
    let sender = Sender::new(cluster);
    let verdicts = sender.send(vec![to(99)]).await;
    assert_eq!(shorts(&verdicts), ["permanent unknown_partition"]);
    let verdicts = sender.send(vec![to(0)]).await;
    assert_eq!(shorts(&verdicts), ["unknown timed_out"]);
    let post = "POST /topics/sales";
    assert_eq!(lines(&server), [post, "GET /topics/sales", post]);
}

#[tokio::test]
async fn a_proxy_that_tells_of_no_topics_is_not_asked() {
    let answer = r#"{"offsets":[{"partition":0,"offset":-1,"error_code":3}]}"#;
    let server = Server::start([ok(answer)]).await;
    let sender = Sender::new(cluster(&server.url, Api::V2, Flavor::Redpanda));
    let verdicts = sender.send(vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["retriable unknown_topic"]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn both_apis_of_a_proxy_tell_of_topics_and_partitions() {
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        auto_create_topics: false,
        topics: vec!["sales".to_owned()],
        ..Options::default()
    };
    for api in [Api::V2, Api::V3] {
        let proxy = DevProxy::start(options.clone()).await.unwrap();
        let sender = Sender::new(cluster(&proxy.url(), api, Flavor::Confluent));
        let verdicts = sender.send(vec![to(3), to(0)]).await;
        assert_eq!(
            shorts(&verdicts),
            ["permanent unknown_partition", "delivered 0@0"]
        );

        let topics = Vec::new();
        let empty = DevProxy::start(Options {
            topics,
            ..options.clone()
        });
        let empty = empty.await.unwrap();
        let sender = Sender::new(cluster(&empty.url(), api, Flavor::Confluent));
        let verdicts = sender.send(vec![record("a"), record("b")]).await;
        assert_eq!(shorts(&verdicts), ["permanent unknown_topic"; 2]);
    }
}

/// A topic with so many partitions that takes records without a key.
fn found(partitions: u32) -> Topic {
    Topic::Found {
        partitions,
        is_compacted: false,
    }
}

#[tokio::test]
async fn a_compacted_topic_is_told_where_the_error_does_not_tell() {
    // Karapace's words for whatever its client does not know.
    let refused = r#"{"offsets":[{"error":"An unexpected server error.","error_code":1}]}"#;
    let compacted = r#"{"name":"sales","configs":{"cleanup.policy":"compact"},"partitions":[{}]}"#;
    let server = Server::start([Script::Say(http(422, "", refused)), ok(compacted)]).await;
    let cluster = cluster(&server.url, Api::V2, Flavor::Karapace);
    let verdicts = publish(cluster, vec![record("a")]).await;
    assert_eq!(shorts(&verdicts), ["permanent key_required"]);
    insta::assert_snapshot!(message(&verdicts[0]), @"topic `sales` is compacted and takes only records with a key; give the queue's `record` a `key`");
}

#[test]
fn what_answers_say_of_a_topic() {
    let not_hosted = "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.";
    let strimzi = format!(r#"{{"error_code":404,"message":"{not_hosted}"}}"#);
    for (status, body, expected) in [
        (200, THERE, Some(found(3))),
        (
            200,
            r#"{"kind":"KafkaTopic","partitions_count":6,"partitions":{"related":"http://x"}}"#,
            Some(found(6)),
        ),
        (
            200,
            r#"{"name":"sales","configs":{"cleanup.policy":"compact,delete"},"partitions":[{}]}"#,
            Some(Topic::Found {
                partitions: 1,
                is_compacted: true,
            }),
        ),
        (200, r#"{"name":"sales"}"#, None),
        (200, r#"{"partitions":[]}"#, None),
        (404, r#"{"error_code":40403}"#, Some(Topic::Missing)),
        (404, r#"{"error_code":40401}"#, Some(Topic::Missing)),
        (404, strimzi.as_str(), Some(Topic::Missing)),
        (404, r#"{"error_code":404,"message":"Not Found"}"#, None),
        (404, "no JSON", None),
        (500, r#"{"error_code":40403}"#, None),
    ] {
        let answer = Answer {
            status,
            body: body.into(),
            ..Answer::default()
        };
        assert_eq!(Topic::read(&answer), expected, "{status} {body}");
    }
}
