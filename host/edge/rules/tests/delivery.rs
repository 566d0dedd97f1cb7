//! Records on their way, with a network that the test plays.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail as its body may"
)]

use std::{sync::Arc, time::Duration};

use action_triggers_core::{
    clock::{Moment, Now},
    cluster::{Api, Auth, Cluster, Origin, Secret},
    record::{Destination, Message, Record, RecordId},
    rest::Failure,
};
use action_triggers_rules::{Courier, Reply, Report, Step, Waiting, WireRequest};

const ONE: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;

fn at(ms: u64) -> Now {
    Now {
        moment: Moment::from_millis(ms),
        unix_ms: 1_700_000_000_000 + ms,
    }
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new("a:9092", "http://proxy:8082".parse().unwrap());
    cluster.linger = Duration::ZERO;
    cluster
}

fn courier(cluster: Cluster) -> Courier {
    let mut courier = Courier::new(7);
    courier.connect(Arc::new(cluster)).unwrap();
    courier
}

fn accept(courier: &mut Courier, messages: Vec<Message>) -> Step {
    courier.take_on(messages, at(0));
    courier.wake(at(0))
}

fn message(event: &str, key: Option<&str>) -> Message {
    let destination = Destination::new("b", "sales", cluster().id());
    let mut record = Record::new(format!(r#"{{"event":"{event}"}}"#));
    record.value_is_json = true;
    let id = RecordId::new(event, "t", 0);
    let mut message = Message::new(id, Arc::new(destination), record);
    message.ordering_key = key.map(Into::into);
    message
}

fn answered(status: u16, body: &str) -> Reply {
    Reply::Answered {
        status,
        headers: vec![(
            "Content-Type".into(),
            "application/vnd.kafka.v2+json".into(),
        )],
        body: body.into(),
    }
}

fn only(step: &Step) -> &WireRequest {
    assert_eq!(step.requests.len(), 1, "{step:?}");
    &step.requests[0]
}

fn code(report: &Report) -> &str {
    match &report.result {
        Ok(_) => "delivered",
        Err(error) => error.code(),
    }
}

#[test]
fn a_record_becomes_a_post_and_its_answer_a_report() {
    let mut courier = courier(cluster());
    let step = accept(&mut courier, vec![message("1", None)]);
    let post = only(&step);
    assert_eq!(
        (post.method, &*post.url),
        ("POST", "http://proxy:8082/topics/sales")
    );
    let body = String::from_utf8(post.body.clone().unwrap()).unwrap();
    assert_eq!(body, r#"{"records":[{"value":"eyJldmVudCI6IjEifQ=="}]}"#);
    let step = courier.answer(post.id, answered(200, ONE), at(9));
    assert!(step.requests.is_empty());
    let delivered = step.reports[0].result.as_ref().unwrap();
    assert_eq!((delivered.partition, delivered.offset), (Some(2), Some(7)));
    assert_eq!(
        (&*step.reports[0].id.event, courier.waiting().records),
        ("1", 0)
    );
}

#[test]
fn what_may_pass_is_sent_again_when_the_caller_says_that_time_has_passed() {
    let mut courier = courier(cluster());
    let step = accept(&mut courier, vec![message("1", None)]);
    courier.answer(only(&step).id, answered(503, "{}"), at(10));
    let mut step = courier.wake(at(10));
    let mut now = 10;
    while step.requests.is_empty() {
        assert!(step.reports.is_empty());
        now = step.wake.unwrap().as_millis();
        step = courier.wake(at(now));
    }
    let step = courier.answer(only(&step).id, answered(200, ONE), at(now + 5));
    assert_eq!(
        (code(&step.reports[0]), step.reports[0].attempts),
        ("delivered", 2)
    );
}

#[test]
fn a_record_that_is_refused_lets_the_next_of_its_key_go_at_once() {
    let mut courier = courier(cluster());
    let messages = vec![message("1", Some("a")), message("2", Some("a"))];
    let step = accept(&mut courier, messages);
    let refused = r#"{"error_code":42206,"message":"no such partition"}"#;
    let step = courier.answer(only(&step).id, answered(422, refused), at(9));
    let codes: Vec<_> = step.reports.iter().map(code).collect();
    assert_eq!(codes.len(), 1, "{step:?}");
    let step = courier.answer(only(&step).id, answered(200, ONE), at(18));
    assert_eq!(code(&step.reports[0]), "delivered");
}

#[test]
fn a_request_without_an_answer_times_out_and_its_outcome_is_unknown() {
    let mut cluster = cluster();
    cluster.time_to_live = Duration::from_secs(100);
    let mut courier = courier(cluster);
    let mut step = accept(&mut courier, vec![message("1", None)]);
    let mut reports = Vec::new();
    while let Some(wake) = step.wake {
        step = courier.wake(at(wake.as_millis()));
        reports.append(&mut step.reports);
    }
    let codes: Vec<_> = reports.iter().map(code).collect();
    assert_eq!(codes, ["outcome_unknown"]);
    assert!(reports[0].may_be_written);
}

#[test]
fn a_late_or_an_unknown_answer_is_ignored() {
    let mut courier = courier(cluster());
    let step = accept(&mut courier, vec![message("1", None)]);
    let id = only(&step).id;
    assert!(
        courier
            .answer(99, answered(200, ONE), at(1))
            .reports
            .is_empty()
    );
    assert_eq!(
        courier.answer(id, answered(200, ONE), at(2)).reports.len(),
        1
    );
    assert!(
        courier
            .answer(id, answered(200, ONE), at(3))
            .reports
            .is_empty()
    );
}

#[test]
fn records_of_a_key_go_one_after_the_other() {
    let mut courier = courier(cluster());
    let pair = vec![message("1", Some("k")), message("2", Some("k"))];
    let step = accept(&mut courier, pair);
    let step = courier.answer(only(&step).id, answered(200, ONE), at(1));
    assert_eq!(&*step.reports[0].id.event, "1");
    let step = courier.answer(only(&step).id, answered(200, ONE), at(2));
    assert_eq!(&*step.reports[0].id.event, "2");
}

#[test]
fn v3_asks_for_the_cluster_first_and_names_each_record_in_a_header() {
    let mut cluster = cluster();
    cluster.api = Api::V3;
    let mut courier = courier(cluster);
    let step = accept(&mut courier, vec![message("1", None)]);
    let question = only(&step);
    assert_eq!(
        (question.method, &*question.url),
        ("GET", "http://proxy:8082/v3/clusters")
    );
    let clusters = r#"{"data":[{"cluster_id":"c1"}]}"#;
    let step = courier.answer(question.id, answered(200, clusters), at(1));
    let post = only(&step);
    assert_eq!(
        post.url,
        "http://proxy:8082/v3/clusters/c1/topics/sales/records"
    );
    let body = String::from_utf8(post.body.clone().unwrap()).unwrap();
    assert!(body.contains("action-triggers-id"), "{body}");
}

#[test]
fn what_is_given_up_is_reported_once_and_its_request_forgotten() {
    let mut courier = courier(cluster());
    let step = accept(&mut courier, vec![message("1", None), message("2", None)]);
    let id = only(&step).id;
    let reports = courier.give_up().reports;
    let codes: Vec<_> = reports.iter().map(code).collect();
    assert_eq!(codes, ["outcome_unknown"; 2], "they were being sent");
    assert!(reports.iter().all(|one| one.may_be_written));
    assert!(
        courier
            .answer(id, answered(200, ONE), at(1))
            .reports
            .is_empty()
    );
    assert_eq!(courier.waiting(), Waiting::default());
}

#[test]
fn a_failure_that_sent_nothing_leaves_nothing_unknown() {
    let mut cluster = cluster();
    cluster.time_to_live = Duration::from_millis(50);
    let mut courier = courier(cluster);
    let step = accept(&mut courier, vec![message("1", None)]);
    let refused = Reply::Failed(Failure::Unreachable("refused".into()));
    courier.answer(only(&step).id, refused, at(1));
    let step = courier.wake(at(50));
    assert_eq!(code(&step.reports[0]), "time_to_live_exceeded");
    assert!(!step.reports[0].may_be_written);
}

#[test]
fn secrets_are_in_headers_and_nowhere_else() {
    let mut cluster = cluster();
    cluster.auth = Auth::Bearer(Secret::new("hunter2", Origin::Env("TOKEN".into())));
    let mut courier = courier(cluster);
    let step = accept(&mut courier, vec![message("1", None)]);
    let post = only(&step);
    let header = ("authorization".to_owned(), "Bearer hunter2".to_owned());
    assert!(post.headers.contains(&header));
    assert!(!format!("{step:?} {courier:?}").contains("hunter2"));
    let page = answered(422, r#"{"error_code":42201,"message":"bad token hunter2"}"#);
    let step = courier.answer(post.id, page, at(1));
    let Err(error) = &step.reports[0].result else {
        panic!("delivered")
    };
    assert!(!error.message.contains("hunter2"), "{error}");
}
