//! The built binary, end to end.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use action_triggers_host::dev_proxy::{DevProxy, Fault, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

const SALE: &str = r#"{"id":"1","signal":"post_save","content_type":"myapp.sale","instance":{"id":7,"quantity":3,"customer":{"name":"Alice"}}}"#;

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_action-triggers"))
}

async fn proxy(options: Options) -> DevProxy {
    let address = ([127, 0, 0, 1], 0).into();
    DevProxy::start(Options { address, ..options })
        .await
        .unwrap()
}

fn trigger() -> Value {
    json!({
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
        "msg_broker_queues": [{"name": "kafka_1"}],
        "payload": {"customer": "{{ customer.name }}", "quantity": "{{ quantity }}"},
    })
}

fn config(rest_url: &str, trigger: &Value) -> Value {
    json!({
        "ACTION_TRIGGERS": {"brokers": {"kafka_1": {
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": "localhost:9092"},
            "params": {"topic": "sales"},
        }}},
        "ACTION_TRIGGER_SETTINGS": {},
        "clusters": {"localhost:9092": {"rest_url": rest_url, "time_to_live_secs": 1}},
        "triggers": [trigger],
    })
}

/// Runs a command on a configuration and events, away from this thread, so that
/// the proxy goes on.
async fn run(command: &'static str, config: &Value, events: &[u8]) -> Output {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    fs::write(&file, config.to_string()).unwrap();
    let events = events.to_vec();
    let call = move || {
        let _directory = directory;
        call(command, &file, &events)
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

fn call(command: &str, file: &Path, events: &[u8]) -> Output {
    let mut child = binary();
    child.arg(command).arg("--config").arg(file);
    child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    // A command that refuses its configuration reads nothing.
    child.stdin.take().unwrap().write_all(events).ok();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn demo_prints_the_seed_record() {
    let output = binary().arg("demo").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(code(&output), 0, "{text}");
    assert!(
        text.contains(r#"{"customer":"Alice","message":"Alice bought Widget","quantity":"3"}"#),
        "{text}"
    );
}

#[tokio::test]
async fn run_delivers_and_says_where() {
    let proxy = proxy(Options::default()).await;
    let output = run("run", &config(&proxy.url(), &trigger()), SALE.as_bytes()).await;
    assert_eq!(code(&output), 0, "{output:?}");
    let stored = proxy.records("sales");
    assert_eq!(
        stored[0].value.as_deref(),
        Some(&br#"{"customer":"Alice","quantity":"3"}"#[..])
    );
    let expected = json!({"event": "1", "trigger": 0, "queue": 0, "topic": "sales", "partition": stored[0].partition, "offset": 0});
    assert_eq!(lines(&output), [expected]);
}

#[tokio::test]
async fn render_shows_the_record_and_publishes_nothing() {
    let proxy = proxy(Options::default()).await;
    let output = run("render", &config(&proxy.url(), &trigger()), SALE.as_bytes()).await;
    let expected = json!({
        "event": "1", "trigger": 0, "queue": 0, "broker": "kafka_1", "bootstrap_servers": "localhost:9092",
        "topic": "sales", "key": null, "headers": [], "partition": null,
        "value": r#"{"customer":"Alice","quantity":"3"}"#,
    });
    assert_eq!((code(&output), lines(&output)), (0, vec![expected]));
    assert!(proxy.records("sales").is_empty());
}

#[tokio::test]
async fn a_bad_line_fails_alone() {
    let mut events = b"{\"signal\": \"post_save\"\n\xff\xfe\n".to_vec();
    events.extend(SALE.as_bytes());
    let output = run("render", &config("http://localhost:1", &trigger()), &events).await;
    let lines = lines(&output);
    assert_eq!((code(&output), lines.len()), (1, 3), "{output:?}");
    let bad = |line: &Value| (line["event"].clone(), line["error"]["code"].clone());
    assert_eq!(bad(&lines[0]), (json!("line 1"), json!("event_malformed")));
    assert_eq!(bad(&lines[1]), (json!("line 2"), json!("event_not_utf8")));
    assert_eq!(lines[2]["topic"], "sales");
}

#[tokio::test]
async fn an_endless_template_and_a_huge_event_are_typed() {
    let mut endless = trigger();
    let inner = "{% for a in s %}{% for a in s %}{% for a in s %}{% for a in s %}{% for a in s %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    endless["payload"] = json!(inner);
    let long = "a".repeat(1000);
    let event = format!(
        r#"{{"id":"1","signal":"post_save","content_type":"myapp.sale","instance":{{"s":"{long}"}}}}"#
    );
    let output = run(
        "render",
        &config("http://localhost:1", &endless),
        event.as_bytes(),
    )
    .await;
    let code_of = lines(&output)[0]["error"]["code"].clone();
    assert_eq!(
        (code(&output), code_of),
        (1, json!("template_out_of_fuel")),
        "{output:?}"
    );

    let huge = SALE.replace("Alice", &"a".repeat(2 << 20));
    let output = run(
        "render",
        &config("http://localhost:1", &trigger()),
        huge.as_bytes(),
    )
    .await;
    assert_eq!(
        (code(&output), &lines(&output)[0]["error"]["code"]),
        (1, &json!("event_too_large"))
    );
}

#[tokio::test]
async fn a_setting_off_the_allow_list_is_refused() {
    let mut trigger = trigger();
    trigger["msg_broker_queues"][0]["conn_details"] = json!({"x": "{{ myapp.settings.SECRET }}"});
    let mut config = config("http://localhost:1", &trigger);
    config["values"] = json!({"myapp.settings.SECRET": "hidden"});
    let output = run("render", &config, SALE.as_bytes()).await;
    assert_eq!(
        (code(&output), &lines(&output)[0]["error"]["code"]),
        (1, &json!("setting_not_allowed"))
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hidden"));
}

#[tokio::test]
async fn what_the_proxy_refuses_is_typed() {
    let proxy = proxy(Options::default()).await;
    for fault in [
        Fault::Redirect("http://127.0.0.1:1/".to_owned()),
        Fault::Records { code: 50002 },
    ] {
        proxy.inject(fault.clone(), 1);
        let output = run("run", &config(&proxy.url(), &trigger()), SALE.as_bytes()).await;
        assert_eq!(code(&output), 1, "{fault:?}: {output:?}");
        assert!(lines(&output)[0]["error"]["code"].is_string(), "{output:?}");
        proxy.clear_faults();
    }
    assert!(proxy.records("sales").is_empty());
}

#[tokio::test]
async fn explain_says_why() {
    let output = run(
        "explain",
        &config("http://localhost:1", &trigger()),
        SALE.as_bytes(),
    )
    .await;
    assert_eq!(
        (code(&output), &lines(&output)[0]["fires"]),
        (0, &json!(true))
    );
}

#[tokio::test]
async fn check_tells_good_from_bad() {
    let good = config("http://localhost:8082", &trigger());
    assert_eq!(code(&run("check", &good, b"").await), 0);
    let mut bad = good.clone();
    bad["triggers"][0]["config_signals"][0]["signal"] = json!("post_sav");
    bad["clusters"]["localhost:9092"]["api"] = json!("v9");
    let output = run("check", &bad, b"").await;
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 1, "{text}");
    assert!(
        text.contains("unknown_signal") && text.contains("unknown_value"),
        "{text}"
    );
    assert_eq!(code(&run("run", &bad, b"").await), 2);
    let missing = binary()
        .args(["check", "--config", "/nowhere.json"])
        .output()
        .unwrap();
    assert_eq!(code(&missing), 2);
}
