//! What the real django-action-triggers does, case by case, through the
//! component: each case is a configuration and events for `render`.
//!
//! The core's own test has the same cases natively; here the brokers, their
//! merging, the settings and the whitelist are the host's.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "fixtures/oracle/cases.rs"]
pub(crate) mod cases;

#[path = "fixtures/oracle/configurations.rs"]
pub(crate) mod configurations;

use configurations::{SKIPPED, json_or_text};

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
            "value": json_or_text(line["value"].as_str().unwrap()),
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

fn answers(case: &Value) -> Result<Vec<Value>, String> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    let events_file = directory.path().join("events.ndjson");
    let config = configurations::config(case, |_| json!({"rest_url": "http://127.0.0.1:1"}));
    fs::write(&file, config.to_string()).unwrap();
    fs::write(&events_file, configurations::events(case).join("\n")).unwrap();
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
