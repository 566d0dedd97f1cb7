//! How a service ends.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use super::client::{Service, durable, read, serving};
use crate::cli::support::{NOWHERE, SlowProxy, sale};

/// The last line, and how the service ended.
fn ended(mut service: Service) -> (Value, Option<i32>) {
    let output = service.running.end();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_else(|| panic!("{errors}"));
    (serde_json::from_str(last).unwrap(), output.status.code())
}

#[test]
fn what_is_left_when_it_is_terminated_stays_in_the_outboxs_file() {
    let mut config = serving(NOWHERE);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["serve"]["shutdown_grace_secs"] = json!(0.2);
    for (outbox, expected) in [
        (
            json!({"path": "outbox.db"}),
            (json!({"stopped": true, "left": 2, "lost": 0}), Some(0)),
        ),
        (
            json!("memory"),
            (json!({"stopped": true, "left": 0, "lost": 2}), Some(1)),
        ),
    ] {
        config["outbox"] = outbox;
        let service = Service::start(&config);
        assert_eq!(
            service
                .post("/v1/events", &format!("[{},{}]", sale("1"), sale("2")))
                .status,
            202
        );
        service.running.signal("-TERM");
        assert_eq!(ended(service), expected);
    }
}

#[test]
fn what_cannot_be_counted_at_its_end_is_not_none() {
    let mut config = durable();
    config["serve"]["shutdown_grace_secs"] = json!(0.2);
    let service = Service::start(&config);
    service.post("/v1/events", &sale("1"));
    let file = rusqlite::Connection::open(service.place.path("outbox.db")).unwrap();
    file.execute_batch("DROP TABLE counts").unwrap();
    service.running.signal("-TERM");
    assert_eq!(
        ended(service),
        (json!({"stopped": true, "left": null, "lost": 0}), Some(2))
    );
}

#[test]
fn a_request_under_way_is_answered_and_its_record_delivered_before_it_ends() {
    let proxy = SlowProxy::start();
    let service = Service::start(&serving(&proxy.url));
    let event = sale("1");
    let mut request = service.connect();
    let head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
    write!(request, "{head}Content-Length: {}\r\n\r\n", event.len()).unwrap();
    // Its head is read when its body is asked for.
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    request.read_exact(&mut asked).unwrap();
    service.running.signal("-TERM");
    service.running.says("stopping");
    request.write_all(event.as_bytes()).unwrap();
    let answer = read(request);
    assert_eq!(
        (answer.status, answer.statuses()),
        (202, vec!["accepted".into()])
    );
    proxy.met();
    proxy.answer();
    let expected = json!({"stopped": true, "left": 0, "lost": 0});
    assert_eq!(ended(service), (expected, Some(0)));
}

#[test]
fn whoever_asks_twice_does_not_wait() {
    let proxy = SlowProxy::start();
    let mut config = serving(&proxy.url);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["serve"]["shutdown_grace_secs"] = json!(3600);
    let service = Service::start(&config);
    assert_eq!(service.post("/v1/events", &sale("1")).status, 202);
    proxy.met();
    service.running.signal("-INT");
    service.running.says("stopping");
    service.running.signal("-INT");
    assert_eq!(
        ended(service),
        (json!({"stopped": true, "left": 0, "lost": 1}), Some(1))
    );
}
