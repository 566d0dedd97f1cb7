//! A service whose outbox does not work: what is refused is not there, what was accepted is.

use std::process::Command;

use serde_json::json;

use super::client::{Answer, Service, durable, serving};
use crate::cli::{
    outbox::lines_of,
    support::{NOWHERE, Place, sale},
};

/// Events of a request.
const BATCH: usize = 20;

/// A place whose records wait in a file.
fn place() -> Place {
    Place::new(&durable())
}

/// The service, started by this shell, which does something before.
pub(super) fn shell(place: &Place, shell: &[&str], before: &str) -> Command {
    let service = place.command("serve");
    let (program, arguments) = shell.split_first().unwrap();
    let mut shell = Command::new(program);
    shell
        .current_dir(place.path("."))
        .args(arguments)
        .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
        .arg(service.get_program())
        .args(service.get_args());
    shell
}

/// The service, on a disk on which no file may grow beyond 256 KiB: a write that would fails.
pub(super) fn limited(place: Place) -> Service {
    let limited = shell(&place, &["sh"], "trap '' XFSZ; ulimit -f 512");
    Service::start_by(limited, place)
}

/// Posts batches until one is refused; gives how many were accepted, and the refusal.
fn until_refused(service: &Service, name: &str) -> (usize, Answer) {
    for batch in 0.. {
        let ids = (0..BATCH).map(|event| format!("{name}-{batch}-{event}"));
        let events: Vec<_> = ids.map(|id| sale(&id)).collect();
        let answer = service.post("/v1/events", &format!("[{}]", events.join(",")));
        if answer.status != 202 {
            return (batch, answer);
        }
        assert_eq!(answer.statuses(), ["accepted"; BATCH]);
    }
    unreachable!()
}

#[test]
fn after_a_failed_write_all_is_refused_whole_and_what_was_accepted_is_kept() {
    let mut service = limited(place());
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(service.metric("ready"), Some(1));
    let (accepted, refused) = until_refused(&service, "e");
    assert_eq!(
        (refused.status, refused.code()),
        (503, "outbox_sync_failed".into())
    );
    assert_eq!(refused.header("Retry-After"), Some("10"));
    // Whoever asks is sent elsewhere.
    assert_eq!(service.get("/healthz").status, 200);
    assert_eq!(service.get("/readyz").status, 503);
    assert_eq!(service.metric("ready"), Some(0));
    let again = service.post("/v1/events", &sale("late"));
    assert_eq!(
        (again.status, again.code()),
        (503, "outbox_sync_failed".into())
    );
    service.running.signal("-TERM");
    service.running.end();
    let listed = lines_of(&service.place, &["list", "--state", "waiting"]);
    assert_eq!(listed.len(), accepted * BATCH);
    assert!(accepted > 0);
}

#[test]
fn an_event_of_which_a_trigger_failed_is_accepted_only_where_the_outbox_keeps_it() {
    let mut config = serving(NOWHERE);
    // A setting that is not allowed.
    config["ACTION_TRIGGERS"]["brokers"]["kafka_1"]["params"] = json!({});
    config["triggers"][0]["msg_broker_queues"] =
        json!([{"name": "kafka_1", "parameters": {"topic": "{{ topics.other }}"}}]);
    config["triggers"][0]["payload"] = json!("{{ event.id }}");
    config["limits"] = json!({"event_bytes": 16 << 20});
    config["serve"]["max_body_bytes"] = json!(16 << 20);
    for (outbox, most_kept) in [
        (json!("memory"), 8 << 20),
        (json!({"path": "outbox.db", "dead_bytes": 100_000}), 100_000),
    ] {
        config["outbox"] = outbox.clone();
        let mut service = Service::start(&config);
        let large = sale("2").replace("Alice", &"x".repeat(most_kept));
        let answer = service.post("/v1/events", &format!("[{},{large}]", sale("1")));
        assert_eq!(
            (answer.status, answer.statuses()),
            (207, vec!["accepted".into(), "rejected".into()])
        );
        for event in 0..2 {
            let error = &answer.json()["events"][event]["errors"][0];
            assert_eq!(error["code"], "setting_not_allowed");
        }
        let alone = service.post("/v1/events", &large);
        assert_eq!(
            (alone.status, alone.statuses()),
            (422, vec!["rejected".into()])
        );
        // Each fits, and all of them together do not.
        let third = |id: &str| sale(id).replace("Alice", &"x".repeat(most_kept / 3));
        let thirds = ["3", "4", "5"].map(third).join(",");
        let together = service.post("/v1/events", &format!("[{thirds},{}]", sale("6")));
        let statuses = ["accepted", "accepted", "rejected", "accepted"].map(Into::into);
        assert_eq!(
            (together.status, together.statuses()),
            (207, statuses.into())
        );
        assert_eq!(service.metric("failed_events_total"), Some(4));
        service.running.signal("-TERM");
        let output = service.running.end();
        let said = String::from_utf8(output.stdout).unwrap();
        // What is only in memory is lost with the process, and that is said.
        let is_lost = outbox == "memory";
        let lost = if is_lost { 4 } else { 0 };
        assert_eq!(
            said,
            format!("{}\n", json!({"stopped": true, "left": 0, "lost": lost}))
        );
        assert_eq!(output.status.code(), Some(i32::from(is_lost)));
        if !is_lost {
            let listed = lines_of(&service.place, &["list"]);
            let events: Vec<_> = listed.iter().map(|line| &line["event"]).collect();
            assert_eq!(events, ["1", "3", "4", "6"]);
        }
    }
}
