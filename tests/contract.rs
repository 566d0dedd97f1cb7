//! What the real django-action-triggers does, case by case, through the
//! component: each case is a configuration and events for `render`.
//!
//! The core's own test has the same cases natively; here the brokers, their
//! merging, the settings and the whitelist are the host's.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "fixtures/oracle/cases.rs"]
mod cases;

/// Cases that `render` cannot answer, by name or tag, and why.
const SKIPPED: &[(&str, &str)] = &[
    (
        "client-error",
        "aiokafka's own checks of its options; there is no aiokafka here",
    ),
    ("timeout", "nothing is sent, so nothing times out"),
    ("queues-connect-error", "nothing is sent"),
    ("queues-send-error", "nothing is sent"),
    (
        "django-setting",
        "settings of Django itself: the time zone is always UTC here",
    ),
    (
        "dyn-called-each-time",
        "a value that changes from call to call is a closure of an embedder",
    ),
];

/// The case's settings as a configuration, every cluster that it reaches in it.
fn config(case: &Value) -> Value {
    let mut config = case["settings"].clone();
    let mut values = json!({});
    for (path, value) in config["values"].as_object().into_iter().flatten() {
        match value["$call"].as_str() {
            None => values[path] = value.clone(),
            Some("return") => values[path] = value["value"].clone(),
            Some(_) => {}
        }
    }
    config["values"] = values;
    let sent = case["sent"].as_array().unwrap();
    let servers = sent
        .iter()
        .map(|record| &record["conn"]["bootstrap_servers"]);
    let servers: BTreeSet<&str> = servers.filter_map(Value::as_str).collect();
    config["clusters"] = servers
        .into_iter()
        .map(|servers| {
            (
                servers.to_owned(),
                json!({"rest_url": "http://127.0.0.1:1"}),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    config["triggers"] = cases::triggers(case);
    config
}

fn events(case: &Value) -> String {
    let deliveries = case["deliveries"].as_array().unwrap();
    let events = deliveries.iter().enumerate().map(|(index, delivery)| {
        let event = json!({
            "id": index.to_string(),
            "signal": delivery["signal"],
            "content_type": delivery["sender"],
            "instance": delivery["instance"],
        });
        format!("{event}\n")
    });
    events.collect()
}

/// What `render` prints of a record, as upstream's answers are written.
fn answer(case: &Value, line: &Value) -> Option<Value> {
    let place: usize = line["event"].as_str().unwrap().parse().unwrap();
    let delivery = &case["deliveries"][place];
    line.get("error").is_none().then(|| {
        json!({
            "event": delivery["event"],
            "signal": delivery["signal"],
            "sender": delivery["sender"],
            "config": line["trigger"],
            "queue": line["queue"],
            "bootstrap_servers": line["bootstrap_servers"],
            "topic": line["topic"],
            "value": json_or_text(&line["value"]),
        })
    })
}

fn expected(record: &Value) -> Value {
    let value: Value = serde_json::from_str(record["value"].as_str().unwrap()).unwrap();
    json!({
        "event": record["event"],
        "signal": record["signal"],
        "sender": record["sender"],
        "config": record["config"],
        "queue": record["queue"],
        "bootstrap_servers": record["conn"]["bootstrap_servers"],
        "topic": record["topic"],
        "value": value,
    })
}

/// Plain text is text here, and a JSON string at upstream.
fn json_or_text(value: &Value) -> Value {
    let text = value.as_str().unwrap();
    serde_json::from_str(text).unwrap_or_else(|_| value.clone())
}

fn answers(case: &Value) -> Result<Vec<Value>, String> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    let events_file = directory.path().join("events.ndjson");
    fs::write(&file, config(case).to_string()).unwrap();
    fs::write(&events_file, events(case)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_action-triggers"))
        .arg("render")
        .arg("--config")
        .args([file, events_file])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    if output.status.code() == Some(2) {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let lines = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    Ok(lines
        .filter_map(|line: Value| answer(case, &line))
        .collect())
}

/// A fault of a case, if it has one.
fn fault(case: &Value) -> Option<String> {
    let sent = case["sent"].as_array().unwrap();
    let expected: Vec<Value> = sent.iter().map(expected).collect();
    match answers(case) {
        Ok(answers) if answers == expected => None,
        // Upstream takes what it can never run; here the configuration is refused.
        Err(_) if expected.is_empty() => None,
        Ok(answers) => Some(format!(
            "{}: {}\n  expected {}\n  answered {}",
            case["name"],
            case["note"],
            json!(expected),
            json!(answers)
        )),
        Err(error) => Some(format!("{}: {error}", case["name"])),
    }
}

#[test]
fn contract_cases_get_upstreams_answers_through_the_component() {
    let mut cases = cases::all();
    cases.retain(|case| match cases::skipped(case, SKIPPED) {
        Some(reason) => {
            println!("skipped {}: {reason}", case["name"]);
            false
        }
        None => true,
    });
    let half = cases.len() / 2;
    let check = |cases: &[Value]| cases.iter().filter_map(fault).collect::<Vec<_>>();
    let faults = std::thread::scope(|scope| {
        let first = scope.spawn(|| check(&cases[..half]));
        let second = check(&cases[half..]);
        [first.join().unwrap(), second].concat()
    });
    let count = cases.len();
    assert!(
        faults.is_empty(),
        "{} of {count}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
