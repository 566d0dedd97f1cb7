//! What goes wrong with an event or a record is typed, and stays with it: the
//! process lives, and the others go through.

use std::{net::TcpListener, process::Output};

use action_triggers_dev_proxy::Fault;
use serde_json::{Value, json};

use super::support::{Place, code, config, lines, outcomes, pair, proxy, sale, stderr, trigger};

/// A configuration whose records go one by one.
fn one_by_one(rest_url: &str) -> Value {
    let mut config = config(rest_url);
    config["clusters"]["localhost:9092"]["max_batch_records"] = json!(1);
    config["clusters"]["localhost:9092"]["max_in_flight"] = json!(1);
    config
}

#[tokio::test]
async fn a_bad_line_fails_alone_and_is_pointed_at() {
    let mut events = b"{\"signal\": \"post_save\"\n\xff\xfe\n\n".to_vec();
    events.extend(sale("1").replace("post_save", "post_svae").bytes());
    events.extend(sale("2").bytes());
    for command in ["render", "explain"] {
        let place = Place::new(&config("http://localhost:1"));
        let output = place.call(command, events.clone()).await;
        let expected = [
            pair("2", ""),
            pair("line 1", "event_malformed"),
            pair("line 2", "event_not_utf8"),
            pair("line 4", "unknown_signal"),
        ];
        assert_eq!(
            (code(&output), outcomes(&output).as_slice()),
            (1, &expected[..])
        );
        let shown = stderr(&output)
            .replace("triggers fired", "records rendered")
            .replace("trigger fired", "record rendered");
        insta::assert_snapshot!("bad_lines", shown);
    }
}

#[tokio::test]
async fn only_the_first_bad_lines_are_pointed_at() {
    let place = Place::new(&config("http://localhost:1"));
    let output = place.call("render", "{\n".repeat(100)).await;
    assert_eq!(lines(&output).len(), 100);
    let shown = stderr(&output);
    assert_eq!(shown.matches("event_malformed").count(), 10);
    assert_eq!(shown.matches("more lines are no events").count(), 1);
}

#[tokio::test]
async fn nothing_of_triggers_and_events_steers_a_terminal() {
    let hostile = "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}";
    let mut named = trigger();
    named["name"] = json!(hostile);
    named["payload"] = json!("{{ customer.name }}");
    let mut config = config("http://localhost:1");
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(1);
    config["triggers"] = json!([named]);
    let sale = sale("1").replace("Alice", &format!("\u{9b}{}", "\\u001b[2J"));
    let events = sale.clone() + &sale.replace("post_save", hostile) + hostile + "\n";
    for command in ["render", "explain", "run"] {
        let output = Place::new(&config).call(command, events.clone()).await;
        let printed = [&output.stdout[..], &output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        let steering = |one: char| one != '\n' && (one.is_control() || one == '\u{202e}');
        assert!(!printed.contains(steering), "{command}: {printed:?}");
        assert!(lines(&output).iter().any(|line| line["trigger"].is_null()));
    }
    config["triggers"][0]["config_signals"] = json!([hostile]);
    config[hostile] = json!(1);
    let output = Place::new(&config).call("check", "").await;
    let shown = stderr(&output);
    assert!(shown.contains("unknown_signal") && shown.contains("unknown_key"));
    assert!(
        !shown.contains('\u{1b}') && !shown.contains('\u{9b}'),
        "{shown:?}"
    );
}

#[tokio::test]
async fn a_huge_event_fails_alone() {
    let huge = sale("huge").replace("Alice", &"a".repeat(70 << 20));
    let events = [sale("1"), huge, sale("2")].concat();
    let output = Place::new(&config("http://localhost:1"))
        .call("render", events)
        .await;
    let expected = [
        pair("1", ""),
        pair("2", ""),
        pair("line 2", "event_too_large"),
    ];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (1, &expected[..])
    );
}

#[tokio::test]
async fn an_endless_template_fails_alone() {
    let (start, end) = ("{% for a in s %}".repeat(5), "{% endfor %}".repeat(5));
    let mut endless = trigger();
    endless["payload"] = json!(format!("{start}x{end}"));
    let mut config = config("http://localhost:1");
    config["triggers"] = json!([endless, trigger()]);
    let long = "a".repeat(1000);
    let events = sale("1").replace(r#""quantity""#, &format!(r#""s":"{long}","quantity""#));
    let output = Place::new(&config)
        .call("render", events + &sale("2"))
        .await;
    let expected = [
        pair("1", ""),
        pair("1", "template_out_of_fuel"),
        // Without `s` there is nothing to go through.
        pair("2", ""),
        pair("2", ""),
    ];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (1, &expected[..])
    );
}

#[tokio::test]
async fn a_setting_off_the_allow_list_is_refused() {
    let mut curious = trigger();
    curious["msg_broker_queues"][0]["conn_details"] = json!({"x": "{{ myapp.settings.SECRET }}"});
    let mut config = config("http://localhost:1");
    config["triggers"] = json!([curious, trigger()]);
    config["values"] = json!({"myapp.settings.SECRET": "hidden"});
    let output = Place::new(&config).call("render", sale("1")).await;
    let expected = [pair("1", ""), pair("1", "setting_not_allowed")];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (1, &expected[..])
    );
    assert!(!format!("{output:?}").contains("hidden"));
}

#[tokio::test]
async fn a_setting_that_is_not_text_is_refused() {
    let mut reading = trigger();
    reading["msg_broker_queues"][0]["parameters"] = json!({"topic": "{{ myapp.settings.TOPIC }}"});
    let mut config = config("http://localhost:1");
    config["ACTION_TRIGGERS"]["brokers"]["kafka_1"]["params"] = json!({});
    config["ACTION_TRIGGER_SETTINGS"]["ALLOWED_DYNAMIC_IMPORT_PATHS"] =
        json!(["myapp.settings.TOPIC"]);
    config["values"] = json!({"myapp.settings.TOPIC": {"file": "topic.txt"}});
    config["triggers"] = json!([reading]);
    let place = Place::new(&config);
    config["values"]["myapp.settings.TOPIC"]["file"] = json!(place.path("topic.txt"));
    place.write("config.json", config.to_string());
    place.write("topic.txt", b"caf\xe9");
    let output = place.call("render", sale("1")).await;
    assert_eq!(
        (code(&output), outcomes(&output)),
        (1, vec![pair("1", "setting_failed")])
    );
}

#[tokio::test]
async fn a_configuration_that_is_not_text_is_refused() {
    let place = Place::new(&json!({}));
    place.write("config.json", b"{\"triggers\": \"caf\xe9\"}");
    let output = place.call("run", sale("1")).await;
    assert_eq!(code(&output), 2);
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("file_not_utf8"), "{output:?}");
}

/// Runs three records in one POST, whose second gets this error in a 200.
async fn with_second_refused(code: u32) -> (Output, usize) {
    let proxy = proxy().await;
    proxy.inject(Fault::Record { nth: 1, code }, 1);
    let mut config = config(&proxy.url());
    config["clusters"]["localhost:9092"]["max_batch_records"] = json!(3);
    config["clusters"]["localhost:9092"]["linger_ms"] = json!(60_000);
    let events = [sale("1"), sale("2"), sale("3")].concat();
    let output = Place::new(&config).call("run", events).await;
    (output, proxy.records("sales").len())
}

#[tokio::test]
async fn a_record_refused_within_a_200_fails_alone() {
    let (output, stored) = with_second_refused(40301).await;
    let expected = [pair("1", ""), pair("2", "unauthorized"), pair("3", "")];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (1, &expected[..])
    );
    assert_eq!(stored, 2);
}

#[tokio::test]
async fn a_record_refused_with_its_batch_is_tried_alone() {
    let (output, stored) = with_second_refused(50002).await;
    let expected = [pair("1", ""), pair("2", ""), pair("3", "")];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (0, &expected[..])
    );
    assert_eq!(stored, 3);
}

#[tokio::test]
async fn a_redirect_is_tried_again_and_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    let proxy = proxy().await;
    proxy.inject(Fault::Redirect(format!("http://{address}/")), 1);
    let events = [sale("1"), sale("2")].concat();
    let output = Place::new(&one_by_one(&proxy.url()))
        .call("run", events)
        .await;
    let expected = [pair("1", ""), pair("2", "")];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (0, &expected[..])
    );
    assert!(elsewhere.accept().is_err());
}

#[tokio::test]
async fn a_record_that_is_too_large_fails_alone() {
    let proxy = proxy().await;
    let mut config = one_by_one(&proxy.url());
    config["clusters"]["localhost:9092"]["max_record_bytes"] = json!(100);
    let large = sale("large").replace("Alice", &"a".repeat(100));
    let output = Place::new(&config).call("run", large + &sale("2")).await;
    let expected = [pair("2", ""), pair("large", "too_large")];
    assert_eq!(
        (code(&output), outcomes(&output).as_slice()),
        (1, &expected[..])
    );
}
