//! The broker is away for three minutes while events come in, and a partition is missing all
//! the while. Run it by `cargo test three_minutes -- --ignored --nocapture`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Kafka;

/// Instances that change in turn.
const KEYS: u64 = 50;
/// Each event of so many is for a topic of its own, and for a partition that it lacks. (A
/// broker may make a topic that is missing; the proxy waits for both in the same way.)
const LOST: u64 = 500;
/// More partitions than the broker gives a topic.
const MISSING: u64 = 99;

#[tokio::test]
#[ignore = "takes five minutes"]
async fn a_broker_that_is_away_for_three_minutes_under_load_loses_nothing() {
    let Some(kafka) = Kafka::find().await else {
        return;
    };
    if kafka.control.is_none() {
        return;
    }
    let topic = kafka.topic("outage");
    let folder = TempDir::new().unwrap();
    let mut run = start(&kafka, &topic, folder.path());
    let is_over = Arc::new(AtomicBool::new(false));
    let events = run.stdin.take().unwrap();
    let feeder = {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || feed(events, &is_over))
    };

    thread::sleep(Duration::from_secs(30));
    let reports = fs::read_to_string(folder.path().join("reports")).unwrap();
    let delivered = reports.lines().filter(|line| line.contains("\"offset\""));
    // The proxy takes a minute to say that a partition is missing.
    assert!(
        delivered.count() > 200,
        "the missing partition held up the other topic"
    );
    kafka.control(&["broker-stop"]);
    thread::sleep(Duration::from_mins(3));
    kafka.control(&["broker-start"]);
    thread::sleep(Duration::from_mins(1));
    is_over.store(true, Ordering::Relaxed);
    let handed_over = feeder.join().unwrap();
    let status = run.wait().unwrap();
    // What was for the missing partition is given up, and nothing else.
    assert_eq!(status.code(), Some(1));
    let reports = fs::read_to_string(folder.path().join("reports")).unwrap();
    let given_up = reports.lines().filter(|line| line.contains("\"error\""));
    let given_up: Vec<_> = given_up.collect();
    assert!(
        given_up
            .iter()
            .all(|line| line.contains("unknown_partition")),
        "{given_up:#?}"
    );
    let expected = (0..handed_over).filter(|number| number % LOST == 0);
    assert_eq!(given_up.len(), expected.count());

    let stored = kafka.read(&topic).unwrap();
    let numbers = stored.values().map(|record| {
        let text = record["value"].as_str().unwrap();
        text.parse::<u64>().unwrap()
    });
    let numbers: Vec<u64> = numbers.collect();
    let once: BTreeSet<u64> = numbers.iter().copied().collect();
    let sales = (0..handed_over).filter(|number| number % LOST != 0);
    assert_eq!(once, sales.collect(), "what was handed over is there");
    println!(
        "{} records, {} of them twice",
        once.len(),
        numbers.len() - once.len()
    );
    let mut seen = BTreeSet::new();
    let mut last = BTreeMap::new();
    // What is there twice counts where it came first.
    for number in numbers.into_iter().filter(|number| seen.insert(*number)) {
        let before = last.insert(number % KEYS, number);
        assert!(before < Some(number), "{number} after {before:?}");
    }
}

/// `run` with its outbox in a file, and its records waiting longer than the outage lasts.
fn start(kafka: &Kafka, topic: &str, folder: &Path) -> Child {
    let bootstrap = &kafka.cluster.bootstrap_servers;
    let broker = |topic: &str| {
        json!({
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": bootstrap},
            "params": {"topic": topic},
        })
    };
    let trigger = |model: &str, broker: &str, record: Value| {
        json!({
            "config_signals": [{"signal": "post_save"}],
            "content_types": [{"app_label": "shop", "model_name": model}],
            "payload": "{{ number }}",
            "msg_broker_queues": [{"name": broker, "record": record}],
        })
    };
    let config = json!({
        "ACTION_TRIGGERS": {"brokers": {
            "there": broker(topic),
            "missing": broker(&format!("{topic}-missing")),
        }},
        "clusters": {bootstrap: {
            "rest_url": kafka.cluster.rest_url.as_str(),
            "flavor": kafka.flavor,
            "api": kafka.api,
            "time_to_live_secs": 900,
        }},
        "outbox": {"path": "outbox.db"},
        "triggers": [
            trigger("sale", "there", json!({"key": "{{ id }}"})),
            trigger("loss", "missing", json!({"partition": MISSING})),
        ],
    });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_action-triggers"))
        .current_dir(folder)
        .args(["run", "--config", "config.json"])
        .stdin(Stdio::piped())
        .stdout(File::create(folder.join("reports")).unwrap())
        .spawn()
        .unwrap()
}

/// Hands over a hundred events a second until it is told to stop, and tells how many.
fn feed(mut events: ChildStdin, is_over: &AtomicBool) -> u64 {
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        for number in number..number + 10 {
            writeln!(events, "{}", event(number)).unwrap();
        }
        number += 10;
        thread::sleep(Duration::from_millis(100));
    }
    number
}

fn event(number: u64) -> Value {
    let model = if number.is_multiple_of(LOST) {
        "loss"
    } else {
        "sale"
    };
    json!({
        "id": number.to_string(),
        "signal": "post_save",
        "content_type": format!("shop.{model}"),
        "instance": {"id": number % KEYS, "number": number},
    })
}
