//! A publisher without an engine.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may fail as its body may"
)]

use action_triggers_core::{
    broker::{Offer, Payload},
    clock::{Moment, Now},
    outcome::{Loaded, LoadedQueue, LoadedTrigger, QueueDestination},
};
use action_triggers_rules::{Decided, Publisher, Said};

const NOW: Now = Now {
    moment: Moment::from_millis(0),
    unix_ms: 1_700_000_000_000,
};

const CONFIG: &str = r#"{
    "ACTION_TRIGGERS": {"brokers": {"kafka": {
        "conn_details": {"bootstrap_servers": "a:1"}, "params": {"topic": "sales"}
    }}},
    "clusters": {"a:1": {"rest_url": "http://proxy", "auth": {"bearer": {"env": "TOKEN"}}}},
    "triggers": []
}"#;

fn configured() -> Publisher {
    let mut publisher = Publisher::default();
    let order = publisher.configure("config.json", CONFIG.to_owned(), []);
    assert_eq!(order.unwrap().set, "[]");
    let mut trigger = LoadedTrigger::new("t");
    let mut queue = LoadedQueue::new("kafka", "$[0].msg_broker_queues[0]");
    queue.destination = QueueDestination::new("{}", "{}");
    queue.is_fixed = true;
    trigger.queues = vec![queue];
    let loaded = Loaded::new(vec![trigger], Vec::new(), String::new());
    publisher.loaded(&loaded, false).unwrap();
    publisher
}

fn token() -> [(String, String); 1] {
    [("TOKEN".to_owned(), "t0k3n".to_owned())]
}

#[test]
fn an_outbox_in_a_file_is_said_to_be_in_memory_here() {
    let warnings = |outbox: &str| {
        let mut publisher = Publisher::default();
        let config = CONFIG.replacen('{', &format!("{{\"outbox\": {outbox}, "), 1);
        publisher.configure("config.json", config, []).unwrap();
        let loaded = Loaded::new(Vec::new(), Vec::new(), String::new());
        publisher.loaded(&loaded, false).unwrap()
    };
    let [warning] = &warnings(r#"{"path": "outbox.db"}"#)[..] else {
        panic!("nothing is said")
    };
    assert_eq!(
        (warning.code(), warning.path(), warning.is_error()),
        ("outbox_in_memory", "$.outbox.path", false)
    );
    assert!(warning.to_string().contains("`outbox.db`"), "{warning}");
    assert!(warnings("{}").is_empty());
}

#[test]
fn few_random_bytes_are_refused() {
    let mut publisher = configured();
    let problems = publisher.start(token(), &[7; 15]).unwrap_err();
    assert_eq!(problems.first().unwrap().code(), "entropy_too_short");
    assert!(publisher.start(token(), &[7; 16]).is_ok());
}

#[test]
fn what_an_engine_says_of_records_that_it_did_not_hand_over_is_a_wrong_composition() {
    let mut publisher = configured();
    publisher.start(token(), &[7; 16]).unwrap();
    let decided = || {
        let said = Said {
            trigger: 0,
            queue: 0,
            receipt: Ok(0),
        };
        vec![Decided {
            id: "e".to_owned(),
            result: Ok(vec![said]),
        }]
    };
    publisher.begin(1);
    let misuse = publisher.end(decided(), NOW).unwrap_err();
    assert_eq!(misuse.code(), "wrong_composition");
    assert!(publisher.wake(NOW).unwrap().requests.is_empty());

    publisher.begin(1);
    let offer = Offer::new(Payload::Json("1".to_owned()));
    publisher.publish(offer).unwrap();
    assert_eq!(publisher.end(decided(), NOW).unwrap().len(), 1);
}

#[test]
fn no_secret_is_shown() {
    let mut publisher = configured();
    publisher.start(token(), &[7; 16]).unwrap();
    assert!(!format!("{publisher:?}").contains("t0k3n"));
}
