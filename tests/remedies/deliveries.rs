//! Remedies for records that do not reach Kafka, followed before proxies that answer
//! as each code means.

use std::{path::Path, time::Duration};

use action_triggers_dev_proxy::{DevProxy, Fault, Options};
use action_triggers_host::{Config, Events, Reports, Runtime};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use super::{
    cases::{CLUSTER, QUEUE, TRIGGER, edited, event},
    proxies::{Answer, Proxy, Request},
};
use crate::configured::quick;

pub(super) const AREA: &str = "Deliveries that fail";

/// A code, how a proxy answers where it is given, and what is changed then.
struct Delivery {
    code: &'static str,
    answer: fn(&Request) -> Answer,
    /// What the configuration says beside the address of that proxy.
    wrong: &'static [(&'static str, &'static str)],
    remedy: Remedy,
}

enum Remedy {
    /// Nothing: the next attempt succeeds.
    Wait,
    /// The address of a proxy that is one.
    Address,
    /// These, instead of what was wrong; values are JSON.
    Change(&'static [(&'static str, &'static str)]),
}

use Remedy::{Address, Change, Wait};

const fn row(code: &'static str, answer: fn(&Request) -> Answer, remedy: Remedy) -> Delivery {
    Delivery {
        code,
        answer,
        wrong: &[],
        remedy,
    }
}

/// The codes that are raised here and whose remedies are followed.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    let apart = [
        "unknown_topic",
        "unknown_partition",
        "unreachable",
        "timed_out",
        "time_to_live_exceeded",
        "outcome_unknown",
        "shut_down",
    ];
    DELIVERIES.iter().map(|delivery| delivery.code).chain(apart)
}

const DELIVERIES: &[Delivery] = &[
    row("foreign_answer", |_| page(404), Address),
    row(
        "not_found",
        |_| said(404, 404, "HTTP 404 Not Found"),
        Address,
    ),
    row(
        "redirected",
        |_| Answer::Says(307, "Location: http://127.0.0.1:9/\r\n", String::new()),
        Address,
    ),
    row("bad_answer", |_| page(200), Address),
    row(
        "answer_too_large",
        |_| Answer::Says(200, "", " ".repeat(20 << 20)),
        Address,
    ),
    row(
        "unauthorized",
        |request| {
            if request.head.contains("authorization: bearer tok-en\r\n") {
                stored()
            } else {
                said(401, 40101, "Unauthorized")
            }
        },
        Change(&[("auth", r#"{"bearer": {"file": "token"}}"#)]),
    ),
    row(
        "format_refused",
        |request| {
            if request.head.contains("application/vnd.kafka.json.v2+json") {
                stored()
            } else {
                said(415, 415, "HTTP 415 Unsupported Media Type")
            }
        },
        Change(&[("format", r#""json""#)]),
    ),
    row(
        "key_required",
        |request| {
            if request.body.contains(r#""key""#) {
                stored()
            } else {
                of_record(
                    50002,
                    "Compacted topic cannot accept message without key in topic partition t-0.",
                )
            }
        },
        Change(&[("record", r#"{"key": "{{ instance.pk }}"}"#)]),
    ),
    row(
        "record_refused",
        |request| {
            if request.body.contains(r#""partition":2"#) {
                said(422, 422, "the partition 2 is kept for others")
            } else {
                stored()
            }
        },
        Change(&[("record", r#"{"partition": 1}"#)]),
    )
    .with(&[("record", r#"{"partition": 2}"#)]),
    row("not_in_metadata", metadata, Wait),
    row("throttled", |request| once(request, 429, 429), Wait),
    row("proxy_unavailable", |request| once(request, 503, 503), Wait),
    row("proxy_error", |request| once(request, 500, 500), Wait),
    row(
        "kafka_unavailable",
        |request| refused_once(request, 50003, "x"),
        Wait,
    ),
    row(
        "kafka_error",
        |request| {
            let message = "The server experienced an unexpected error when processing the request.";
            refused_once(request, 50002, message)
        },
        Wait,
    ),
    row(
        "expired",
        |request| {
            let message = "Expiring 1 record(s) for t-0:120001 ms has passed since batch creation";
            refused_once(request, 50003, message)
        },
        Wait,
    ),
    row(
        "connection_idle",
        |request| match request.posts_before {
            0 => said(400, 400, "Idle timeout expired: 30000/30000 ms"),
            _ => stored(),
        },
        Wait,
    ),
    row(
        "connection_lost",
        |request| match request.posts_before {
            0 => Answer::HangsUp,
            _ => stored(),
        },
        Wait,
    ),
    row(
        "cluster_id_unknown",
        |request| {
            if request.head.starts_with("get ") {
                let two = json!({"data": [{"cluster_id": "a"}, {"cluster_id": "b"}]});
                return Answer::Says(200, "", two.to_string());
            }
            v3(request, STORED)
        },
        Change(&[("api", r#""v3""#), ("cluster_id", r#""a""#)]),
    )
    .with(&[("api", r#""v3""#)]),
    row(
        "stream_expired",
        |request| v3(request, r#"{"error_code":408,"message":"x"}"#),
        Wait,
    )
    .with(V3),
    row(
        "stream_broken",
        |request| {
            let broken = r#"{"error_code":400,"message":"Error processing message: x"}"#;
            v3(request, broken)
        },
        Wait,
    )
    .with(V3),
    row("report_missing", |request| v3(request, ""), Wait).with(V3),
];

const STORED: &str = r#"{"error_code":200,"partition_id":0,"offset":4}"#;
const V3: &[(&str, &str)] = &[("api", r#""v3""#), ("cluster_id", r#""c""#)];

impl Delivery {
    const fn with(mut self, wrong: &'static [(&'static str, &'static str)]) -> Self {
        self.wrong = wrong;
        self
    }
}

fn said(status: u16, error_code: u32, message: &str) -> Answer {
    let body = json!({"error_code": error_code, "message": message});
    Answer::Says(status, "", body.to_string())
}

fn page(status: u16) -> Answer {
    Answer::Says(status, "", "<html>welcome</html>".into())
}

fn stored() -> Answer {
    let body = r#"{"offsets":[{"partition":0,"offset":0}]}"#;
    Answer::Says(200, "", body.into())
}

fn of_record(error_code: u32, error: &str) -> Answer {
    let body = json!({"offsets": [{"error_code": error_code, "error": error}]});
    Answer::Says(200, "", body.to_string())
}

/// The first POST gets this status, and those behind it are stored.
fn once(request: &Request, status: u16, error_code: u32) -> Answer {
    match request.posts_before {
        0 => said(status, error_code, "not now"),
        _ => stored(),
    }
}

fn refused_once(request: &Request, error_code: u32, error: &str) -> Answer {
    match request.posts_before {
        0 => of_record(error_code, error),
        _ => stored(),
    }
}

/// The same in the other API, whose first answer is this.
fn v3(request: &Request, first: &str) -> Answer {
    let report = if request.posts_before == 0 {
        first
    } else {
        STORED
    };
    Answer::Says(200, "", report.into())
}

/// A topic that is there, though the first POST does not find it.
fn metadata(request: &Request) -> Answer {
    if request.head.starts_with("get ") {
        return said(500, 500, "not now");
    }
    let missing = "Topic sales not present in metadata after 60000 ms.";
    refused_once(request, 50003, missing)
}

/// Starts a runtime with these in the cluster, or in the queue if it is `record`.
async fn started(folder: &Path, url: &str, changes: &[(&str, &str)]) -> Runtime {
    let mut edits = vec![
        (format!("{CLUSTER}/rest_url"), json!(url)),
        (format!("{CLUSTER}/linger_ms"), json!(0)),
    ];
    for (key, value) in changes {
        let object = if *key == "record" { QUEUE } else { CLUSTER };
        let value: Value = serde_json::from_str(value).unwrap();
        edits.push((format!("{object}/{key}"), value));
    }
    let edits: Vec<_> = edits
        .iter()
        .map(|(place, value)| (place.as_str(), value.clone()))
        .collect();
    let file = folder.join("config.json");
    std::fs::write(&file, edited(&edits).to_string()).unwrap();
    let config = Config::read(&file, None).unwrap();
    quick(config.builder()).build().await.unwrap()
}

/// Hands an event over, and says what is heard of its record first.
async fn first_word(runtime: &Runtime, reports: &mut Reports) -> String {
    let mut retries = runtime.retries();
    let outcomes = runtime.process(Events::ndjson(event(&json!({})))).await;
    assert!(outcomes[0].outcome.is_ok(), "{outcomes:?}");
    // Where both are there by now, the retry came first.
    tokio::select! {
        biased;
        retry = retries.recv() => retry.unwrap().reason.code.to_owned(),
        report = reports.recv() => ended(report.unwrap().result.err()),
    }
}

fn ended(error: Option<action_triggers_host::DeliveryError>) -> String {
    error.map_or("delivered".into(), |error| error.code().to_owned())
}

impl Delivery {
    /// What is heard where it is wrong, and as the remedy says.
    async fn followed(&self) -> [String; 2] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "tok-en\n").unwrap();
        let proxy = Proxy::start(self.answer).await;
        let runtime = started(folder.path(), &proxy.url, self.wrong).await;
        let mut reports = runtime.reports();
        let raised = first_word(&runtime, &mut reports).await;
        let mended = match self.remedy {
            Wait => ended(reports.recv().await.unwrap().result.err()),
            Change(changes) => {
                let runtime = started(folder.path(), &proxy.url, changes).await;
                let mut reports = runtime.reports();
                first_word(&runtime, &mut reports).await
            }
            Address => {
                let healthy = healthy(Options::default()).await;
                let runtime = started(folder.path(), &healthy.url(), self.wrong).await;
                let mut reports = runtime.reports();
                first_word(&runtime, &mut reports).await
            }
        };
        drop(reports);
        runtime.shutdown(Duration::ZERO).await.unwrap();
        [raised, mended]
    }
}

async fn healthy(options: Options) -> DevProxy {
    let address = ([127, 0, 0, 1], 0).into();
    DevProxy::start(Options { address, ..options })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_remedy_says_of_a_delivery_helps() {
    let mut faults = Vec::new();
    for delivery in DELIVERIES {
        let [raised, mended] = delivery.followed().await;
        if raised != delivery.code {
            faults.push(format!("`{}` is not raised, but {raised}", delivery.code));
        }
        if mended != "delivered" {
            faults.push(format!("`{}` is followed, and {mended}", delivery.code));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is heard first of a record for this proxy.
async fn heard(url: &str, changes: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let runtime = started(folder.path(), url, changes).await;
    let mut reports = runtime.reports();
    let heard = first_word(&runtime, &mut reports).await;
    drop(reports);
    runtime.shutdown(Duration::ZERO).await.unwrap();
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_partitions_that_are_made_are_there() {
    let none = healthy(Options {
        auto_create_topics: false,
        ..Options::default()
    })
    .await;
    assert_eq!(heard(&none.url(), &[]).await, "unknown_topic");
    let created = healthy(Options {
        auto_create_topics: false,
        topics: vec!["sales".into()],
        ..Options::default()
    })
    .await;
    let url = created.url();
    assert_eq!(heard(&url, &[]).await, "delivered");
    let beyond = [("record", r#"{"partition": 3}"#)];
    assert_eq!(heard(&url, &beyond).await, "unknown_partition");
    let within = [("record", r#"{"partition": 2}"#)];
    assert_eq!(heard(&url, &within).await, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_started_is_reached() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let url = format!("http://{address}");
    let heard = async |changes| heard(&url, changes).await;
    assert_eq!(heard(&[]).await, "unreachable");
    let options = Options {
        address,
        ..Options::default()
    };
    let _started = DevProxy::start(options).await.unwrap();
    assert_eq!(heard(&[]).await, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_time_helps_a_proxy_that_is_slow_and_a_record_that_waits() {
    let proxy = healthy(Options::default()).await;
    let slow = Fault::Delay(Duration::from_millis(300));
    proxy.inject(slow.clone(), 1);
    let hasty = [("request_timeout_secs", "0.01")];
    assert_eq!(heard(&proxy.url(), &hasty).await, "timed_out");
    proxy.clear_faults();
    proxy.inject(slow, 1);
    assert_eq!(heard(&proxy.url(), &[]).await, "delivered");

    for (seconds, expected) in [("0.001", "time_to_live_exceeded"), ("60", "delivered")] {
        let busy = |request: &Request| once(request, 503, 503);
        let busy = Proxy::start(busy).await;
        let folder = tempfile::tempdir().unwrap();
        let lives = [("time_to_live_secs", seconds)];
        let runtime = started(folder.path(), &busy.url, &lives).await;
        let mut reports = runtime.reports();
        runtime.process(Events::ndjson(event(&json!({})))).await;
        assert_eq!(ended(reports.recv().await.unwrap().result.err()), expected);
    }

    // The second one waits for the first, which has the same key.
    let two = [event(&json!({})), event(&json!({"id": "2"}))].concat();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let runtime = started(folder.path(), &url, &[]).await;
    let mut reports = runtime.reports();
    runtime.process(Events::ndjson(two.clone())).await;
    let (mut attempt, _) = silent.accept().await.unwrap();
    assert_eq!(attempt.read_u8().await.unwrap(), b'P', "a POST");
    let ends = ends_of_two(runtime, &mut reports, Duration::ZERO).await;
    assert_eq!(ends, ["outcome_unknown", "shut_down"]);

    proxy.clear_faults();
    let folder = tempfile::tempdir().unwrap();
    let lingers = [("linger_ms", "60000")];
    let runtime = started(folder.path(), &proxy.url(), &lingers).await;
    let mut reports = runtime.reports();
    runtime.process(Events::ndjson(two)).await;
    let ends = ends_of_two(runtime, &mut reports, Duration::from_mins(1)).await;
    assert_eq!(ends, ["delivered"; 2]);
}

/// Shuts a runtime down that has two records, and tells what becomes of them.
async fn ends_of_two(runtime: Runtime, reports: &mut Reports, grace: Duration) -> [String; 2] {
    let both = async { [reports.recv().await, reports.recv().await] };
    let (both, _left) = tokio::join!(both, runtime.shutdown(grace));
    both.map(|report| ended(report.unwrap().result.err()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_outcome_is_unknown_is_found_in_the_topic_by_its_id() {
    let proxy = healthy(Options::default()).await;
    proxy.inject(Fault::DropAfterStoring, 1);
    let folder = tempfile::tempdir().unwrap();
    let hasty = [("api", r#""v3""#), ("time_to_live_secs", "0.001")];
    let runtime = started(folder.path(), &proxy.url(), &hasty).await;
    let mut reports = runtime.reports();
    runtime.process(Events::ndjson(event(&json!({})))).await;
    let report = reports.recv().await.unwrap();
    assert_eq!(ended(report.result.err()), "outcome_unknown");
    let headers = proxy.records("sales").remove(0).headers;
    let id = bytes::Bytes::from_static(b"[\"1\",\"0\",0]");
    assert_eq!(headers, [("action-triggers-id".to_owned(), Some(id))]);
}

#[tokio::test]
async fn what_is_known_is_listed_only_where_something_is() {
    let unknown = edited(&[
        ("/ACTION_TRIGGERS/brokers", json!({})),
        (&format!("{TRIGGER}/config_signals"), json!(["saved"])),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, unknown.to_string()).unwrap();
    let (_, problems) = crate::configured::examined(&file).await;
    let helps: Vec<_> = problems.iter().filter_map(|one| one.help()).collect();
    assert!(
        helps.iter().any(|help| help.contains("use one of `")),
        "{helps:?}"
    );
    for help in helps {
        let list = help.split("use one of").nth(1);
        assert!(list.is_none_or(|list| list.contains('`')), "{help}");
    }
}
