//! Bodies in, answers out.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may fail as its body may"
)]

use action_triggers_front::{Ending, Failure, Made, Reported, Tally};
use serde_json::{Value, json};

fn failure(code: &str) -> Failure {
    (code.to_owned(), format!("what {code} means"))
}

fn made(trigger: &str, record: Result<&str, Failure>) -> Made {
    Made {
        trigger: trigger.to_owned(),
        queue: 0,
        record: record.map(str::to_owned),
    }
}

fn reported(event: &str, trigger: &str, ending: Ending) -> Reported {
    Reported {
        event: event.to_owned(),
        trigger: trigger.to_owned(),
        queue: 0,
        attempts: 1,
        ending,
    }
}

const WRITTEN: Ending = Ending::Written(Some(2), Some(7));

/// A request of events `0`, `1` …, each of a trigger `t` whose record ended so.
fn answered(endings: &[Option<Ending>]) -> (u16, Vec<Value>) {
    let mut tally = Tally::default();
    for (id, ending) in endings.iter().enumerate() {
        let made = ending.as_ref().map(|_| vec![made("t", Ok("sales"))]);
        let id = made.as_ref().map(|_| id.to_string());
        tally.add(id, made.ok_or_else(|| failure("event_malformed")));
    }
    for (id, ending) in endings.iter().enumerate() {
        assert!(!tally.is_done() || ending.is_none());
        if let Some(ending) = ending {
            tally.report(reported(&id.to_string(), "t", ending.clone()));
        }
    }
    assert!(tally.is_done());
    let json: Value = serde_json::from_str(&tally.json()).unwrap();
    let events = json.get("events").and_then(Value::as_array).unwrap();
    let statuses = events.iter().map(|event| event.get("status").unwrap());
    (tally.status(), statuses.cloned().collect())
}

#[test]
fn the_status_says_whether_all_some_or_nothing_was_written() {
    let failed = || Some(Ending::Failed(failure("too_large")));
    let unknown = || Some(Ending::Unknown(failure("timed_out")));
    let written = || Some(WRITTEN);
    for (endings, status, expected) in [
        (
            vec![written(), written()],
            200,
            json!(["written", "written"]),
        ),
        (vec![written(), failed()], 207, json!(["written", "failed"])),
        (
            vec![written(), unknown()],
            207,
            json!(["written", "unknown"]),
        ),
        (vec![written(), None], 207, json!(["written", "rejected"])),
        (vec![failed(), unknown()], 503, json!(["failed", "unknown"])),
        (vec![failed(), None], 503, json!(["failed", "rejected"])),
        (vec![None, None], 422, json!(["rejected", "rejected"])),
    ] {
        let (found, statuses) = answered(&endings);
        assert_eq!((found, json!(statuses)), (status, expected));
    }
}

#[test]
fn an_event_has_its_records_and_what_made_none() {
    let mut tally = Tally::default();
    tally.add(Some("e".to_owned()), Ok(Vec::new()));
    assert_eq!((tally.status(), tally.is_done()), (200, true));
    let queues = vec![
        made("a", Ok("sales")),
        made("b", Err(failure("template_failed"))),
        made("c", Ok("sales")),
    ];
    tally.add(Some("f".to_owned()), Ok(queues));
    tally.report(reported("f", "a", WRITTEN));
    tally.report(reported("f", "c", Ending::Unknown(failure("shut_down"))));
    assert_eq!(tally.status(), 207);
    let json: Value = serde_json::from_str(&tally.json()).unwrap();
    assert_eq!(
        json["events"],
        json!([
            {"index": 0, "id": "e", "status": "nothing_fired", "records": [], "errors": []},
            {
                "index": 1, "id": "f", "status": "mixed",
                "records": [
                    {"trigger": "a", "queue": 0, "topic": "sales", "status": "written",
                     "partition": 2, "offset": 7, "attempts": 1},
                    {"trigger": "c", "queue": 0, "topic": "sales", "status": "unknown",
                     "code": "shut_down", "message": "what shut_down means", "attempts": 1},
                ],
                "errors": [{"trigger": "b", "queue": 0, "code": "template_failed",
                            "message": "what template_failed means"}],
            },
        ])
    );
}

#[test]
fn two_events_of_one_id_have_an_end_each() {
    let mut tally = Tally::default();
    for _ in 0..2 {
        tally.add(Some("e".to_owned()), Ok(vec![made("t", Ok("sales"))]));
    }
    tally.report(reported("e", "t", WRITTEN));
    assert!(!tally.is_done());
    tally.report(reported("e", "t", WRITTEN));
    assert!(tally.is_done());
    assert_eq!(tally.status(), 200);
}
