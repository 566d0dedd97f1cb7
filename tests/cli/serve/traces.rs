//! What ties records to the requests that brought them.

use serde_json::{Value, json};

use action_triggers_dev_proxy::Fault;

use super::client::{Service, serving};
use crate::cli::{
    outbox::{lines_of, run},
    processes::blocking,
    replays::{halves, place},
    support::{NOWHERE, Place, binary, proxy, sale},
};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A configuration whose records have headers, one of which the trigger says.
fn with_headers(rest_url: &str) -> Value {
    let mut config = serving(rest_url);
    config["clusters"]["localhost:9092"]["api"] = json!("v3");
    config["triggers"][0]["msg_broker_queues"] =
        json!([{"name": "kafka_1", "record": {"headers": {"ce_source": "the trigger"}}}]);
    config
}

/// Posts an event of our own and a `CloudEvent`; gives the headers of their records but for
/// the host's own.
async fn headers_of(mut config: Value) -> Vec<Vec<(String, String)>> {
    let proxy = proxy().await;
    config["clusters"]["localhost:9092"]["rest_url"] = json!(proxy.url());
    blocking(move || {
        let mut service = Service::start(&config);
        for (parent, id) in [(TRACE, "1"), ("00-0-0-0", "2")] {
            let headers = [JSON, ("traceparent", parent), ("tracestate", "vendor=1")];
            let answer = service.request("POST", "/v1/events", &headers, sale(id));
            assert_eq!(answer.statuses(), ["accepted"]);
        }
        let attributes = [
            JSON,
            ("traceparent", TRACE),
            ("ce-specversion", "1.0"),
            ("ce-id", "3"),
            ("ce-source", "/shop"),
            ("ce-type", "myapp.sale.created"),
            ("ce-dataschema", "/schemas/sale"),
        ];
        let answer = service.request("POST", "/v1/events", &attributes, r#"{"quantity": 3}"#);
        assert_eq!(answer.statuses(), ["accepted"], "{answer:?}");
        service.running.signal("-TERM");
        assert!(service.running.end().status.success());
    })
    .await;
    let records = proxy.records("sales").into_iter().map(|record| {
        let headers = record.headers.into_iter();
        let headers = headers
            .map(|(name, value)| (name, String::from_utf8(value.unwrap().to_vec()).unwrap()));
        headers.collect::<Vec<_>>()
    });
    let mut records: Vec<_> = records.collect();
    // By the host's own, which names the event.
    let name = |headers: &Vec<(String, String)>| {
        let own = headers
            .iter()
            .find(|(name, _)| name == "action-triggers-id");
        own.cloned()
    };
    records.sort_by_key(name);
    for headers in &mut records {
        headers.retain(|(name, _)| name != "action-triggers-id");
    }
    records
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    expected.iter().map(owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_carry_the_trace_of_their_request_and_attributes_where_they_are_wanted() {
    let source = ("ce_source", "the trigger");
    let traced = [source, ("traceparent", TRACE), ("tracestate", "vendor=1")];
    let config = with_headers("");
    let records = headers_of(config.clone()).await;
    let expected = [&[source, ("traceparent", TRACE)][..], &traced, &[source]];
    assert_eq!(records, expected.map(pairs));

    let mut wanted = config;
    wanted["sources"] = json!({"cloudevents": {"record_headers": true}});
    let records = headers_of(wanted).await;
    let attributes = [
        source,
        ("ce_id", "3"),
        ("ce_specversion", "1.0"),
        ("ce_type", "myapp.sale.created"),
        ("traceparent", TRACE),
    ];
    let expected = [&attributes[..], &traced, &[source]];
    assert_eq!(records, expected.map(pairs));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_without_headers_does_without() {
    let mut config = serving("");
    config["sources"] = json!({"cloudevents": {"record_headers": true}});
    let records = headers_of(config).await;
    assert_eq!(records, [pairs(&[]), pairs(&[]), pairs(&[])]);
}

#[test]
fn an_event_that_is_sent_again_within_another_trace_is_a_duplicate() {
    let mut config = with_headers(NOWHERE);
    config["outbox"] = json!({"path": "outbox.db"});
    let service = Service::start(&config);
    for (parent, status) in [(TRACE, "accepted"), (OTHER, "duplicate")] {
        let headers = [JSON, ("traceparent", parent)];
        let answer = service.request("POST", "/v1/events", &headers, sale("1"));
        assert_eq!(answer.statuses(), [status]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_and_each_attempt_is_a_span_that_says_what_it_came_to() {
    let proxy = proxy().await;
    let place = Place::new(&serving(&proxy.url()));
    blocking(move || {
        let mut command = place.command("serve");
        command.env("RUST_LOG", "info").env("NO_COLOR", "1");
        let mut service = Service::start_by(command, place);
        let headers = [JSON, ("traceparent", TRACE)];
        let bad = sale("2").replace("post_save", "post_safe");
        let body = format!("[{},{bad}]", sale("1"));
        let answer = service.request("POST", "/v1/events", &headers, &body);
        assert_eq!(answer.status, 207);
        service.running.signal("-TERM");
        let said = String::from_utf8(service.running.end().stderr).unwrap();
        let within = format!("request{{traceparent=\"{TRACE}\"}}:event{{");
        for span in [
            format!("{within}event=\"1\" records=1 failed=0}}"),
            "code=\"unknown_signal\"}".to_owned(),
            "attempt{topic=\"sales\" cluster=\"localhost:9092\" tenant=\"\" records=1 \
             delivered=1}"
                .to_owned(),
        ] {
            assert!(said.contains(&span), "{span} is not in {said}");
        }
    })
    .await;
}

/// Both kinds of dead letters: a record that the proxy refused, and an event of which a
/// trigger failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_a_span_and_goes_on_with_the_trace_of_the_request() {
    let proxy = std::sync::Arc::new(proxy().await);
    let with_headers = |is_mended| {
        let mut config = halves(&proxy.url(), is_mended);
        config["clusters"]["localhost:9092"]["api"] = json!("v3");
        config["serve"] = json!({"listen": "127.0.0.1:0"});
        config
    };
    let (config, mended) = (with_headers(false), with_headers(true));
    proxy.inject(Fault::Records { code: 40_301 }, 1);
    blocking(move || {
        let mut service = Service::start_in(place(&config));
        let headers = [JSON, ("traceparent", TRACE)];
        let answer = service.request("POST", "/v1/events", &headers, sale("1"));
        assert_eq!(answer.statuses(), ["accepted"]);
        service.running.signal("-TERM");
        service.running.end();
        let place = &service.place;
        place.write("config.json", mended.to_string());
        let mut replay = binary();
        replay.current_dir(place.path("."));
        replay.args(["outbox", "replay", "--all", "--config", "config.json"]);
        replay.env("RUST_LOG", "info").env("NO_COLOR", "1");
        let said = String::from_utf8(replay.output().unwrap().stderr).unwrap();
        let span = "replay{records=1 events=1 failed=0}";
        let of_event = "replay:event{event=\"1\" records=1 failed=0}";
        assert!(said.contains(span) && said.contains(of_event), "{said}");
        run(place, "");
        assert!(lines_of(place, &["list"]).is_empty());
    })
    .await;
    let trace = ("traceparent".to_owned(), Some(TRACE.into()));
    for topic in ["sales", "others"] {
        let records = proxy.records(topic);
        let [record] = &records[..] else {
            panic!("{topic}: {records:?}");
        };
        assert!(record.headers.contains(&trace), "{topic}: {record:?}");
    }
}
