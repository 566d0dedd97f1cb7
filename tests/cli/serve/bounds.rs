//! What a service takes of what would be too much for it.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use serde_json::json;

use super::client::{Service, read, serving};
use crate::cli::support::{NOWHERE, sale, until};

#[test]
fn a_full_outbox_refuses_at_once_and_keeps_nothing_of_what_it_refuses() {
    let mut config = serving(NOWHERE);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["outbox"] = json!({"messages": 5});
    let service = Service::start(&config);
    let batch = |ids: &[&str]| {
        let events: Vec<_> = ids.iter().map(|id| sale(id)).collect();
        service.post("/v1/events", &format!("[{}]", events.join(",")))
    };
    assert_eq!(batch(&["1", "2", "3"]).status, 202);
    let refused = batch(&["4", "5", "6"]);
    assert_eq!((refused.status, refused.code()), (429, "no_room".into()));
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert_eq!(service.metric("waiting_records"), Some(3));
    // What fits is taken all the same.
    assert_eq!(batch(&["7", "8"]).status, 202);
    assert_eq!(batch(&["9"]).status, 429);
    let larger = batch(&["1", "2", "3", "4", "5", "6"]);
    assert_eq!((larger.status, larger.code()), (429, "no_room".into()));
    assert_eq!(service.metric("limits_total{limit=\"outbox\"}"), Some(3));
}

#[test]
fn a_batch_that_no_outbox_could_hold_is_too_large() {
    let mut config = serving(NOWHERE);
    config["outbox"] = json!({"messages": 5});
    let service = Service::start(&config);
    let events: Vec<_> = (0..6).map(|id| sale(&id.to_string())).collect();
    let refused = service.post("/v1/events", &format!("[{}]", events.join(",")));
    assert_eq!(
        (refused.status, refused.code()),
        (413, "batch_too_large".into())
    );
    assert_eq!(service.metric("waiting_records"), Some(0));
}

/// A connection on which this was sent.
fn begun(service: &Service, text: &str) -> TcpStream {
    let mut stream = service.connect();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

const HEAD: &str =
    "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[test]
fn a_client_that_does_not_go_on_is_given_up() {
    let mut config = serving(NOWHERE);
    config["serve"]["client_timeout_secs"] = json!(0.2);
    let service = Service::start(&config);
    // Half of a head, and nothing at all: closed without a word.
    for text in ["POST /v1/events HTTP/1.1\r\nHost: lo", ""] {
        assert_eq!(read(begun(&service, text)).status, 0, "{text}");
    }
    let half = format!("{HEAD}Content-Length: 100\r\n\r\n[{{");
    let body = read(begun(&service, &half));
    assert_eq!((body.status, body.code()), (408, "body_too_slow".into()));
    assert_eq!(body.header("Connection"), Some("close"));
    // One that never ends, a byte at a time.
    let mut endless = begun(
        &service,
        &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"),
    );
    while endless.write_all(b"1\r\n \r\n").is_ok() {}
    service.counts("limits_total{limit=\"body_time\"}", 2);
    until(|| service.get("/healthz").status == 200);
}

#[test]
fn bodies_that_are_read_at_once_have_a_bound_together() {
    let mut config = serving(NOWHERE);
    config["serve"]["max_body_bytes"] = json!(1_024);
    let service = Service::start(&config);
    // A request that is let in takes room from those that are to hold it, so each attempt begins one more.
    let mut held = Vec::new();
    until(|| {
        let half = format!("{HEAD}Content-Length: 1024\r\n\r\n[");
        held.push(begun(&service, &half));
        let beside = service.post("/v1/events", "[]");
        (beside.status, beside.header("Retry-After")) == (429, Some("1"))
    });
    assert!(service.metric("limits_total{limit=\"bodies_together\"}") >= Some(1));
    drop(held);
    until(|| service.post("/v1/events", "[]").status == 202);
}

#[test]
fn a_body_that_ends_too_early_is_cut_short() {
    let service = Service::start(&serving(NOWHERE));
    let half = format!("{HEAD}Content-Length: 100\r\n\r\n[{{");
    let short = begun(&service, &half);
    short.shutdown(Shutdown::Write).unwrap();
    let short = read(short);
    assert_eq!((short.status, short.code()), (400, "body_cut_short".into()));
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let service = Service::start(&serving(NOWHERE));
    let status = |bytes: usize| {
        let long = "x".repeat(bytes);
        let answer = service.request("GET", "/healthz", &[("X-Long", &long)], "");
        answer.status
    };
    assert_eq!((status(10_000), status(70_000)), (200, 431));
}

#[test]
fn connections_beyond_the_most_are_told_so() {
    let mut config = serving(NOWHERE);
    config["serve"]["max_connections"] = json!(1);
    let service = Service::start(&config);
    let mut first = service.connect();
    first
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    first.read_exact(&mut [0; 12]).unwrap();
    let second = service.get("/healthz");
    assert_eq!(
        (second.status, second.code()),
        (503, "too_many_connections".into())
    );
    assert_eq!(second.header("Retry-After"), Some("1"));
    drop(first);
    until(|| service.get("/healthz").status == 200);
    service.counts_up_to("limits_total{limit=\"connections\"}", 1);
}

#[test]
fn more_than_an_answer_should_hold_is_too_much() {
    let mut config = serving(NOWHERE);
    config["clusters"]["localhost:9092"]["max_record_bytes"] = json!(10_000_000);
    config["triggers"][0]["payload"] = json!("{{ text }}{{ text }}{{ text }}");
    let service = Service::start(&config);
    let large = |events: usize| {
        let event = json!({"signal": "post_save", "content_type": "myapp.sale",
            "instance": {"text": "x".repeat(600_000)}});
        service.post("/v1/render", &json!(vec![event; events]).to_string())
    };
    let refused = large(10);
    assert_eq!(
        (refused.status, refused.code()),
        (413, "rendering_too_large".into())
    );
    assert_eq!(large(1).status, 200);
    let many = |events: usize| {
        let events = vec!["{}"; events].join("\n");
        let lines = [("Content-Type", "application/x-ndjson")];
        service.request("POST", "/v1/explain", &lines, &events)
    };
    let refused = many(10_001);
    assert_eq!(
        (refused.status, refused.code()),
        (413, "too_many_events".into())
    );
    assert_eq!(many(10).status, 422);
    assert_eq!(service.metric("limits_total{limit=\"events\"}"), Some(1));
}

#[test]
fn a_trap_costs_its_event_and_no_other() {
    let loops =
        "{% for a in customer.name %}{% for b in customer.name %}{{ a }}{% endfor %}{% endfor %}";
    let mut config = serving(NOWHERE);
    config["limits"] = json!({"call_deadline_ms": 1, "trigger_fuel": 1_000_000_000,
        "call_fuel": 1_000_000_000});
    config["triggers"][0]["payload"] = json!(loops);
    let service = Service::start(&config);
    let heavy = sale("2").replace("Alice", &"x".repeat(1_000));
    let body = format!("[{}, {heavy}, {}]", sale("1"), sale("3"));
    let answer = service.post("/v1/events", &body);
    assert_eq!(answer.statuses(), ["accepted"; 3], "{answer:?}");
    let error = &answer.json()["events"][1]["errors"][0];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("event_trapped"), &json!("$[1]"))
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`deadline_exceeded`"),
        "{error}"
    );
}
