//! The proxy over real sockets. The answers are Confluent's, as recorded.

use std::{net::Ipv4Addr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const BINARY: &str = "application/vnd.kafka.binary.v2+json";

async fn start(options: Options) -> DevProxy {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    DevProxy::start(Options { address, ..options })
        .await
        .unwrap()
}

/// One request on a connection of its own; the raw answer, head and body.
async fn raw(proxy: &DevProxy, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let length = body.len();
    let request =
        format!("{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that was cut ends in an error; what came is what counts.
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8(answer).unwrap()
}

async fn send(proxy: &DevProxy, head: &str, body: &str) -> (u16, String) {
    let answer = raw(proxy, head, body).await;
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

async fn post(proxy: &DevProxy, path: &str, media_type: &str, body: &str) -> (u16, String) {
    let head = format!("POST {path} HTTP/1.1\r\nContent-Type: {media_type}");
    send(proxy, &head, body).await
}

async fn get(proxy: &DevProxy, path: &str) -> (u16, Value) {
    let (status, body) = send(proxy, &format!("GET {path} HTTP/1.1"), "").await;
    (status, serde_json::from_str(&body).unwrap())
}

fn binary(values: &[&str]) -> String {
    let record = |value: &&str| json!({"value": STANDARD.encode(value)});
    let records: Vec<Value> = values.iter().map(record).collect();
    json!({"records": records}).to_string()
}

fn values(proxy: &DevProxy, topic: &str) -> Vec<String> {
    let text = |record: StoredRecord| String::from_utf8(record.value.unwrap().to_vec()).unwrap();
    proxy.records(topic).into_iter().map(text).collect()
}

#[tokio::test]
async fn v2_stores_the_bytes_and_answers_for_each_record() {
    let proxy = start(Options::default()).await;
    let body = r#"{"records":[{"key":"a2V5","value":"AP/+"},{"key":"a2V5","value":null}]}"#;
    let (status, answer) = post(&proxy, "/topics/sales", BINARY, body).await;
    let partition = partition::of_key(b"key", 3);
    assert_eq!(status, 200);
    let offset = |offset| json!({"partition": partition, "offset": offset, "error_code": null, "error": null});
    assert_eq!(
        serde_json::from_str::<Value>(&answer).unwrap(),
        json!({"offsets": [offset(0), offset(1)], "key_schema_id": null, "value_schema_id": null})
    );
    let stored = proxy.records("sales");
    assert_eq!(stored[0].value.as_deref(), Some(&b"\x00\xff\xfe"[..]));
    assert_eq!(stored[0].key.as_deref(), Some(&b"key"[..]));
    assert_eq!(stored[1].value, None);
}

#[tokio::test]
async fn records_without_a_key_stay_together_and_go_round_from_post_to_post() {
    let proxy = start(Options::default()).await;
    for _ in 0..4 {
        post(&proxy, "/topics/t", BINARY, &binary(&["a", "b"])).await;
    }
    let places: Vec<_> = proxy
        .records("t")
        .iter()
        .map(|r| (r.partition, r.offset))
        .collect();
    assert_eq!(
        places,
        [
            (0, 0),
            (0, 1),
            (0, 2),
            (0, 3),
            (1, 0),
            (1, 1),
            (2, 0),
            (2, 1)
        ]
    );
}

#[tokio::test]
async fn what_v2_refuses_is_refused_in_confluents_words() {
    let proxy = start(Options {
        max_body_bytes: 200,
        ..Options::default()
    })
    .await;
    let good = binary(&["x"]);
    let long = binary(&["x".repeat(300).as_str()]);
    let cases: &[(&str, &str, u16, u32, &str)] = &[
        ("application/json", &good, 415, 415, "HTTP 415"),
        ("application/vnd.kafka.v2+json", &good, 415, 415, "HTTP 415"),
        (
            "application/vnd.kafka.avro.v2+json",
            &good,
            415,
            415,
            "HTTP 415",
        ),
        (BINARY, "", 422, 422, "must not be null"),
        (BINARY, r#"{"records":[]}"#, 422, 422, "must not be empty"),
        (
            BINARY,
            r#"{"records":[{"value":"","headers":[]}]}"#,
            422,
            422,
            "Unrecognized field: headers",
        ),
        (
            BINARY,
            r#"{"records":[{"value":"eA=="}],"foo":1}"#,
            422,
            422,
            "Unrecognized field: foo",
        ),
        (
            BINARY,
            r#"{"records":[{"value":"eA=="},{"value":"***"}]}"#,
            400,
            400,
            "not a valid base64",
        ),
        (
            BINARY,
            r#"{"records":[{"value":12}]}"#,
            400,
            400,
            "not a base64 string",
        ),
        (BINARY, "not json", 400, 400, ""),
        (BINARY, &long, 413, 413, "HTTP 413"),
    ];
    for (media_type, body, status, code, message) in cases {
        let (got, answer) = post(&proxy, "/topics/t", media_type, body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(got, *status, "{body}");
        assert_eq!(answer["error_code"], *code, "{body}");
        assert!(
            answer["message"].as_str().unwrap().contains(message),
            "{answer}"
        );
    }
    assert!(
        proxy.records("t").is_empty(),
        "a refused POST stores nothing"
    );
    let accept =
        format!("POST /topics/t HTTP/1.1\r\nContent-Type: {BINARY}\r\nAccept: application/json");
    assert_eq!(send(&proxy, &accept, &good).await.0, 406);
    let charset = format!("{BINARY}; charset=utf-8");
    assert_eq!(post(&proxy, "/topics/t", &charset, &good).await.0, 200);
}

#[tokio::test]
async fn a_topic_is_made_only_where_that_is_allowed() {
    let topics = vec!["known".to_owned()];
    let options = Options {
        auto_create_topics: false,
        topics,
        ..Options::default()
    };
    let proxy = start(options).await;
    assert_eq!(
        post(&proxy, "/topics/known", BINARY, &binary(&["x"]))
            .await
            .0,
        200
    );
    let (status, answer) = post(&proxy, "/topics/other", BINARY, &binary(&["x"])).await;
    assert_eq!(status, 404);
    assert!(answer.contains(r#""error_code":40401"#), "{answer}");
    let v3 = "/v3/clusters/c/topics/other/records";
    let (status, report) = post(&proxy, v3, answer::JSON, r#"{"value":null}"#).await;
    assert_eq!(status, 200);
    assert!(report.contains(r#""error_code":40401"#), "{report}");
    assert_eq!(get(&proxy, "/topics/other").await.1["error_code"], 40403);
}

#[tokio::test]
async fn one_bad_record_leaves_its_neighbours_standing() {
    let options = Options {
        max_record_bytes: 100,
        ..Options::default()
    };
    let proxy = start(options).await;
    let big = STANDARD.encode("x".repeat(13));
    let body = json!({"records": [
        {"value": "YQ==", "partition": 1}, {"value": big}, {"value": "YQ==", "partition": 9}, {"value": "Yg=="},
    ]});
    let (status, answer) = post(&proxy, "/topics/t", BINARY, &body.to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let codes: Vec<_> = answer["offsets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["error_code"].as_u64())
        .collect();
    assert_eq!(
        (status, codes),
        (200, vec![None, Some(50002), Some(50003), None])
    );
    assert_eq!(proxy.records("t").len(), 2);
    let (status, answer) = post(&proxy, "/topics/a%20b", BINARY, &binary(&["x"])).await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("50002") && answer.contains("Invalid topics: [a b]"),
        "{answer}"
    );
    assert_eq!(
        post(&proxy, "/topics/t/partitions/-1", BINARY, &binary(&["x"]))
            .await
            .0,
        500
    );
    post(
        &proxy,
        "/topics/t/partitions/2",
        BINARY,
        &binary(&["there"]),
    )
    .await;
    assert_eq!(proxy.records("t").last().unwrap().partition, 2);
}

#[tokio::test]
async fn v3_reports_on_each_record_and_stops_at_broken_json() {
    let proxy = start(Options::default()).await;
    let (_, clusters) = get(&proxy, "/v3/clusters").await;
    let cluster = clusters["data"][0]["cluster_id"].as_str().unwrap();
    let path = format!("/v3/clusters/{cluster}/topics/t/records");
    let body = concat!(
        r#"{"partition_id":1,"key":{"type":"BINARY","data":"a2V5"},"value":{"type":"BINARY","data":"YQ=="},"#,
        r#""headers":[{"name":"h","value":"dg=="},{"name":"n"}],"timestamp":"2020-01-02T03:04:05.678Z"}"#,
        r#"{"value":{"type":"BINARY","data":"***"}}"#,
        r#"{"value":{"type":"JSON","data":{"a":1}},"partition_id":1}"#,
        r#"{"value":{"data":"YQ=="}} {"foo":1} {"partition_id":7} {"value":{"type":"BINARY"}} , {"value":null}"#,
    );
    let (status, answer) = post(&proxy, &path, answer::JSON, body).await;
    assert_eq!(status, 200);
    let reports: Vec<Value> = answer
        .split_terminator("\r\n")
        .map(|report| serde_json::from_str(report).unwrap())
        .collect();
    let codes: Vec<_> = reports
        .iter()
        .map(|report| report["error_code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [200, 400, 200, 422, 400, 40401, 400, 400]);
    assert_eq!(reports[0]["timestamp"], "2020-01-02T03:04:05.678Z");
    assert_eq!(reports[0]["value"], json!({"type": "BINARY", "size": 1}));
    let stored = proxy.records("t");
    assert_eq!(
        stored[0].headers,
        [("h".to_owned(), Some("v".into())), ("n".to_owned(), None)]
    );
    assert_eq!(values(&proxy, "t"), ["a", r#"{"a":1}"#]);
    assert_eq!(post(&proxy, &path, BINARY, "").await.0, 415);
    assert_eq!(
        post(&proxy, &path, answer::JSON, "").await,
        (200, String::new())
    );
}

#[tokio::test]
async fn a_topic_is_read_back() {
    let proxy = start(Options::default()).await;
    post(
        &proxy,
        "/topics/t/partitions/1",
        BINARY,
        &binary(&["a", "b", "c"]),
    )
    .await;
    assert_eq!(get(&proxy, "/topics").await, (200, json!(["t"])));
    assert_eq!(
        get(&proxy, "/topics/t").await.1["partitions"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let v3 = "/v3/clusters/dev-proxy-cluster/topics";
    let (_, topic) = get(&proxy, &format!("{v3}/t")).await;
    assert_eq!(topic["partitions_count"], 3);
    for missing in ["/topics/none".to_owned(), format!("{v3}/none")] {
        let (status, body) = get(&proxy, &missing).await;
        assert_eq!((status, &body["error_code"]), (404, &json!(40403)));
    }
    let json = "GET /topics/t HTTP/1.1\r\nAccept: application/json";
    assert_eq!(send(&proxy, json, "").await.0, 406);
    let (_, messages) = get(&proxy, "/topics/t/partitions/1/messages?offset=1&count=1").await;
    let message = &messages.as_array().unwrap()[0];
    assert_eq!(
        (&message["offset"], &message["value"]),
        (&json!(1), &json!("Yg=="))
    );
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!(
        get(&proxy, "/topics/t/partitions/9/messages").await.1["error_code"],
        40402
    );
    assert_eq!(get(&proxy, "/nowhere").await.0, 404);
}

#[tokio::test]
async fn injected_faults_are_met_one_a_post() {
    let proxy = start(Options::default()).await;
    let ab = binary(&["a", "b"]);
    proxy.inject(
        Fault::Record {
            nth: 1,
            code: 50003,
        },
        1,
    );
    let (status, answer) = post(&proxy, "/topics/record", BINARY, &ab).await;
    assert!(status == 200 && answer.contains("50003"), "{answer}");
    assert_eq!(values(&proxy, "record"), ["a"]);

    proxy.inject(Fault::Status(503), 1);
    assert_eq!(post(&proxy, "/topics/status", BINARY, &ab).await.0, 503);
    proxy.inject(Fault::Redirect("http://elsewhere/".to_owned()), 1);
    let answer = raw(
        &proxy,
        &format!("POST /topics/status HTTP/1.1\r\nContent-Type: {BINARY}"),
        &ab,
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 307") && answer.contains("location: http://elsewhere/"),
        "{answer}"
    );
    assert!(proxy.records("status").is_empty());

    proxy.inject(Fault::DropAfterStoring, 1);
    let answer = raw(
        &proxy,
        &format!("POST /topics/drop HTTP/1.1\r\nContent-Type: {BINARY}"),
        &ab,
    )
    .await;
    assert_eq!(answer, "");
    assert_eq!(values(&proxy, "drop"), ["a", "b"]);

    proxy.inject(Fault::TruncateAfterStoring, 1);
    let (status, answer) = post(&proxy, "/topics/half", BINARY, &ab).await;
    assert!(
        status == 200 && serde_json::from_str::<Value>(&answer).is_err(),
        "{answer}"
    );
    assert_eq!(values(&proxy, "half"), ["a", "b"]);

    assert_eq!(post(&proxy, "/topics/well", BINARY, &ab).await.0, 200);
}

#[tokio::test]
async fn a_hanging_post_stores_nothing_and_never_answers() {
    let proxy = start(Options::default()).await;
    proxy.inject(Fault::Hang, 1);
    let body = binary(&["a"]);
    let hung = post(&proxy, "/topics/t", BINARY, &body);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), hung)
            .await
            .is_err()
    );
    assert!(proxy.records("t").is_empty());
}

#[tokio::test]
async fn a_dropped_proxy_is_gone() {
    let proxy = start(Options::default()).await;
    let address = proxy.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    drop(proxy);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .ok();
    let mut answer = Vec::new();
    idle.read_to_end(&mut answer).await.ok();
    assert!(answer.is_empty());
}
