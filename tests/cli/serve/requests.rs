//! What requests come to.

use std::net::TcpListener;

use serde_json::json;

use super::client::{Answer, Service, durable, serving};
use crate::cli::{
    processes::blocking,
    support::{NOWHERE, Place, proxy, sale, trigger},
};

fn ndjson(service: &Service, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![("Content-Type", "application/x-ndjson")];
    all.extend(headers);
    service.request("POST", "/v1/events", &all, body)
}

#[test]
fn an_address_of_the_command_line_counts_before_the_one_of_the_configuration() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = serving(NOWHERE);
    config["serve"]["listen"] = json!(taken.local_addr().unwrap());
    let place = Place::new(&config);
    let mut command = place.command("serve");
    command.args(["--listen", "127.0.0.1:0"]);
    let service = Service::start_by(command, place);
    assert_eq!(service.get("/healthz").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_answered_when_their_records_are_in_the_outbox_and_delivered_then() {
    let proxy = proxy().await;
    let config = serving(&proxy.url());
    blocking(move || {
        let mut service = Service::start(&config);
        let one = service.post("/v1/events", &sale("1"));
        assert_eq!(one.status, 202, "{one:?}");
        assert_eq!(
            one.json(),
            json!({"events": [{
                "index": 0, "id": "1", "status": "accepted",
                "records": [{"trigger": 0, "queue": 0, "topic": "sales"}], "errors": [],
            }]})
        );
        let other = sale("3").replace("post_save", "pre_save");
        let list = format!("[{}, {}]", sale("2"), other);
        let list = service.post("/v1/events", &list);
        assert_eq!(
            (list.status, list.statuses()),
            (202, vec!["accepted".into(), "nothing_fired".into()])
        );
        let lines = ndjson(&service, &[], &format!("\n{}\n{}", sale("4"), sale("5")));
        assert_eq!(lines.statuses(), ["accepted"; 2]);
        assert_eq!(
            service.post("/v1/events", "[]").json(),
            json!({"events": []})
        );
        service.running.signal("-TERM");
        let output = service.running.end();
        assert!(output.status.success(), "{output:?}");
        let end = str::from_utf8(&output.stdout).unwrap();
        assert_eq!(end, "{\"stopped\":true,\"left\":0,\"lost\":0}\n");
    })
    .await;
    assert_eq!(proxy.records("sales").len(), 4);
}

#[test]
fn events_that_cannot_be_read_are_rejected_with_their_places_and_harm_no_other() {
    let service = Service::start(&durable());
    let bad = sale("2").replace("post_save", "post_safe");
    let some = service.post("/v1/events", &format!("[{},\n {bad}, 7]", sale("1")));
    assert_eq!(some.status, 207, "{some:?}");
    assert_eq!(some.statuses(), ["accepted", "rejected", "rejected"]);
    let rejected = &some.json()["events"][1];
    let error = &rejected["errors"][0];
    assert_eq!(
        (&error["path"], &error["code"]),
        (&json!("$[1]"), &json!("unknown_signal"))
    );
    assert!(
        error["message"].as_str().unwrap().contains("line 3"),
        "{error}"
    );
    let all = ndjson(&service, &[], &format!("\n{bad}{{\n"));
    assert_eq!(
        (all.status, all.statuses()),
        (422, vec!["rejected".into(); 2])
    );
    let message = all.json()["events"][1]["errors"][0]["message"].to_string();
    assert!(message.contains("(line 3, column"), "{message}");
    assert_eq!(
        service.metric("events_total{outcome=\"rejected\"}"),
        Some(4)
    );
}

#[test]
fn requests_that_are_no_events_are_refused_as_a_whole() {
    let mut config = durable();
    config["serve"]["max_body_bytes"] = json!(1000);
    let service = Service::start(&config);
    let refused = |headers: &[(&str, &str)], body: &str| {
        let answer = service.request("POST", "/v1/events", headers, body);
        (answer.status, answer.code())
    };
    let json = ("Content-Type", "application/json");
    let expected = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(refused(&[json], "[{]"), expected(400, "body_malformed"));
    assert_eq!(refused(&[json], ""), expected(400, "body_malformed"));
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(
        refused(&[form], "{}"),
        expected(415, "unsupported_content_type")
    );
    let gzip = ("Content-Encoding", "gzip");
    assert_eq!(
        refused(&[json, gzip], "{}"),
        expected(415, "unsupported_content_encoding")
    );
    assert_eq!(
        refused(&[json], &" ".repeat(1001)),
        expected(413, "body_too_large")
    );
    let key = ("Idempotency-Key", "a b");
    assert_eq!(
        refused(&[json, key], "{}"),
        expected(400, "invalid_idempotency_key")
    );
    assert_eq!(service.post("/v1/event", "{}").code(), "unknown_path");
    let got = service.get("/v1/events");
    assert_eq!((got.status, got.header("Allow")), (405, Some("POST")));
    assert_eq!(got.code(), "wrong_method");
    assert_eq!(
        service.metric("limits_total{limit=\"body_bytes\"}"),
        Some(1)
    );
}

#[test]
fn only_who_shows_the_token_is_served() {
    let mut config = durable();
    config["serve"]["token"] = json!({"file": "token"});
    let place = crate::cli::support::Place::new(&config);
    place.write("token", "c4n4ry\n");
    let service = Service::start_in(place);
    for shown in [
        None,
        Some("Bearer c4n4r"),
        Some("Basic c4n4ry"),
        Some("c4n4ry"),
    ] {
        let headers: Vec<_> = shown
            .map(|shown| ("Authorization", shown))
            .into_iter()
            .collect();
        for (method, path) in [
            ("POST", "/v1/events"),
            ("GET", "/metrics"),
            ("GET", "/nothing"),
        ] {
            let answer = service.request(method, path, &headers, "");
            assert_eq!(
                (answer.status, answer.code()),
                (401, "unauthenticated".into())
            );
            assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
            assert!(!answer.text.contains("c4n4ry"));
        }
    }
    let shown = [("Authorization", "bearer c4n4ry")];
    assert_eq!(service.request("GET", "/metrics", &shown, "").status, 200);
    assert_eq!(service.get("/healthz").status, 200);
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn what_is_sent_again_under_the_same_key_or_id_is_a_duplicate() {
    let mut in_memory = durable();
    in_memory["outbox"] = json!("memory");
    for config in [durable(), in_memory] {
        sent_again(&Service::start(&config));
    }
}

fn sent_again(service: &Service) {
    let nameless = sale("1").replace("\"id\":\"1\",\"signal\"", "\"signal\"");
    let body = nameless.clone() + &nameless + &sale("own");
    let key = [("Idempotency-Key", "order-7")];
    let first = ndjson(service, &key, &body);
    assert_eq!(first.statuses(), ["accepted"; 3]);
    let ids: Vec<_> = (0..3)
        .map(|n| first.json()["events"][n]["id"].clone())
        .collect();
    assert_eq!(ids, ["order-7/1", "order-7/2", "own"]);
    let again = ndjson(service, &key, &body);
    assert_eq!(
        (again.status, again.statuses()),
        (202, vec!["duplicate".into(); 3])
    );
    let other = ndjson(
        service,
        &key,
        &nameless.replace("\"quantity\":3", "\"quantity\":4"),
    );
    assert_eq!(
        (other.status, other.statuses()),
        (422, vec!["rejected".into()])
    );
    assert_eq!(
        other.json()["events"][0]["errors"][0]["code"],
        "event_id_reused"
    );
    assert_eq!(
        service.metric("records_total{state=\"duplicate\"}"),
        Some(3)
    );
    assert_eq!(service.metric("waiting_records"), Some(3));
}

#[test]
fn a_service_says_where_its_outbox_is() {
    let service = Service::start(&durable());
    let path = service.first["outbox"].as_str().unwrap();
    assert!(path.ends_with("outbox.db"), "{path}");
    let service = Service::start(&serving(NOWHERE));
    assert_eq!(service.first["outbox"], "memory");
    service.running.says("the outbox is in memory");
}

#[test]
fn an_event_of_which_a_part_was_there_and_the_rest_is_refused_is_rejected() {
    let mut config = durable();
    let (mut same, mut other) = (trigger(), trigger());
    same["payload"] = json!({"customer": "{{ customer.name }}"});
    other["payload"] = json!({"quantity": "{{ quantity }}"});
    config["triggers"] = json!([same, other]);
    let service = Service::start(&config);
    assert_eq!(
        service.post("/v1/events", &sale("1")).statuses(),
        ["accepted"]
    );
    let changed = sale("1").replace("\"quantity\":3", "\"quantity\":4");
    let answer = service.post("/v1/events", &changed);
    assert_eq!(
        (answer.status, answer.statuses(), answer.codes()),
        (422, vec!["rejected".into()], vec!["event_id_reused".into()])
    );
    assert_eq!(
        answer.json()["events"][0]["records"][0]["trigger"],
        0,
        "what was there is told"
    );
}

#[test]
fn render_and_explain_answer_and_publish_nothing() {
    let service = Service::start(&durable());
    let rendered = service.post("/v1/render", &sale("1"));
    assert_eq!(rendered.status, 200);
    assert_eq!(
        rendered.json(),
        json!({"events": [{"index": 0, "id": "1", "records": [{
            "trigger": 0, "queue": 0, "broker": "kafka_1", "bootstrap_servers": "localhost:9092",
            "topic": "sales", "key": null, "headers": [], "partition": null,
            "value": "{\"customer\":\"Alice\",\"quantity\":\"3\"}",
        }], "errors": []}]})
    );
    let explained = service.post("/v1/explain", &sale("1").replace("post_save", "pre_save"));
    let trigger = &explained.json()["events"][0]["triggers"][0];
    assert_eq!(
        (&trigger["fires"], &trigger["clause"]),
        (&json!(false), &json!("signal"))
    );
    assert_eq!(service.post("/v1/explain", "{}").status, 422);
    assert_eq!(service.metric("waiting_records"), Some(0));
}
