//! What `run` and `render` hold in memory at most: the bounds of the configuration, what
//! a few calls give, and a constant.

use std::io::{BufRead as _, BufReader};

use action_triggers_dev_proxy::Fault;
use serde_json::json;

use super::support::{Place, Running, config, proxy, sale};

const EVENTS: usize = 480;
/// Bytes of each record; all of them together are 432 MB.
const RECORD: usize = 900_000;
/// The sandbox's memory, the outbox, and what the debug build of the binary needs besides.
const MOST_KIB: u64 = (64 + 8 + 128) * 1024;

/// The most memory that a process has had so far.
pub(super) fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_wait_for_room_are_not_decided_ahead() {
    let proxy = proxy().await;
    // Refused for good, so that nothing is kept in this process either.
    proxy.inject(Fault::Status(413), EVENTS);
    let mut config = config(&proxy.url());
    config["triggers"][0]["payload"] = json!(format!("{{{{ customer.name|ljust:{RECORD} }}}}"));
    config["outbox"] = json!({"bytes": 8 << 20});
    config["limits"] = json!({"workers": 1, "memory_bytes": 64 << 20,
        "trigger_fuel": 100_000_000, "call_fuel": 1_000_000_000});
    let place = Place::new(&config);
    let peak = tokio::task::spawn_blocking(move || {
        let mut run = Running::start(place.command("run"));
        for number in 0..EVENTS {
            run.send(&sale(&number.to_string()));
        }
        for _ in 0..EVENTS {
            let line = run.line().unwrap();
            assert!(line.contains("too_large"), "{line}");
        }
        // It waits for more events, so it can still be asked.
        let peak = peak_kib(run.id());
        drop(run.stdin.take());
        run.end();
        peak
    });
    let peak = peak.await.unwrap();
    assert!(
        peak < MOST_KIB,
        "the peak is {peak} KiB, at most {MOST_KIB} are meant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rendered_is_printed_before_more_is_rendered() {
    const QUEUES: usize = 31;
    let mut config = config("http://localhost:1");
    config["triggers"][0]["payload"] = json!("{{ customer.name|ljust:990000 }}");
    config["triggers"][0]["msg_broker_queues"] = json!(vec![json!({"name": "kafka_1"}); QUEUES]);
    config["limits"] = json!({"workers": 1, "memory_bytes": 64 << 20,
        "trigger_fuel": 100_000_000, "call_fuel": 1_000_000_000});
    let place = Place::new(&config);
    // All in one piece: 644 MB of records.
    let events: String = (0..21).map(|number| sale(&number.to_string())).collect();
    place.write("events.ndjson", events);
    let mut render = place.command("render");
    render.arg("events.ndjson");
    let peak = tokio::task::spawn_blocking(move || {
        let (mut run, stdout) = Running::unread(render);
        let mut peak = 0;
        for (number, line) in (1..).zip(BufReader::new(stdout).lines()) {
            assert!(line.unwrap().len() > 990_000);
            // It cannot have ended while a line is left to be read.
            if number == QUEUES * 21 - 1 {
                peak = peak_kib(run.id());
            }
        }
        run.end();
        peak
    });
    let peak = peak.await.unwrap();
    // Of records of 31 MB a call: some in the sandbox, some on their way, some as lines.
    let most = (64 + 8 * 31 + 128) * 1024;
    assert!(
        (1..most).contains(&peak),
        "the peak is {peak} KiB, at most {most} are meant"
    );
}
