//! The binary, killed wherever it is, beside a proxy that fails at random.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use action_triggers_dev_proxy::{DevProxy, Fault, Options, StoredRecord};
use serde_json::{Value, json};

use super::{
    outbox::{blocking, durable, line, lines_of, run},
    support::{Place, Running, code, stderr},
};

/// In which a record has its id.
const ID_HEADER: &str = "action-triggers-id";

/// Numbers that are the same in every run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % most
    }

    fn fault(&mut self) -> Fault {
        match self.below(6) {
            0 => Fault::Status(503),
            1 => Fault::Status(500),
            2 => Fault::DropAfterStoring,
            3 => Fault::TruncateAfterStoring,
            // Kafka's "request timed out": the record may be written or not.
            4 => Fault::Records { code: 50_003 },
            _ => Fault::Delay(Duration::from_millis(self.below(50))),
        }
    }
}

/// An event of one of so many instances.
pub(super) fn event(number: u64, instances: u64) -> String {
    let event = json!({"id": format!("e{number}"), "signal": "post_save",
        "content_type": "myapp.sale", "instance": {"id": number % instances}});
    format!("{event}\n")
}

/// How a run of kills goes.
struct Course {
    kills: u64,
    events: u64,
    instances: u64,
    /// A process reads so many events that were accepted before, and so many more.
    window: u64,
}

/// Kills `run` so many times while it reads events, of which it has read some before, or
/// none; and looks at what came of them.
async fn survives(course: Course) {
    let Course {
        kills,
        events,
        instances,
        window,
    } = course;
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        // So that the topic has one order.
        partitions: 1,
        ..Options::default()
    };
    let proxy = Arc::new(DevProxy::start(options).await.unwrap());
    let mut config = durable(&proxy.url());
    config["clusters"]["localhost:9092"]["api"] = json!("v3");
    config["triggers"][0]["payload"] =
        json!({"event": "{{ event.id }}", "instance": "{{ instance.id }}"});
    let place = Place::new(&config);
    let input = move |from: u64, to: u64| -> String {
        let numbers = from..to.min(events);
        numbers.map(|number| event(number, instances)).collect()
    };
    let failing = Arc::clone(&proxy);
    blocking(move || {
        let (mut random, mut accepted) = (Random::new(kills), 0_u64);
        for kill in 1..=kills {
            for _ in 0..random.below(8) {
                failing.inject(random.fault(), 1);
            }
            let events_of_this = if kill % 5 == 0 {
                String::new()
            } else {
                input(accepted.saturating_sub(window), accepted + window)
            };
            place.write("events.ndjson", events_of_this);
            let mut command = place.command("run");
            command.arg("events.ndjson");
            let mut killed = Running::start(command);
            if kill % 2 == 0 {
                thread::sleep(Duration::from_millis(random.below(500)));
            } else {
                for _ in 0..random.below(window.min(2 * events / kills)) {
                    if killed.line().is_none() {
                        break;
                    }
                }
            }
            killed.signal("-KILL");
            killed.end();
            if place.path("outbox.db").exists() {
                assert_eq!(line(&place, &["verify"])["whole"], true, "kill {kill}");
                let stats = lines_of(&place, &["stats"]);
                accepted = stats.last().unwrap()["accepted"].as_u64().unwrap();
            }
        }
        failing.clear_faults();
        // What was accepted arrives without any input.
        let rest = run(&place, "");
        assert_eq!(code(&rest), 0, "{rest:?}");
        assert!(stderr(&rest).contains("0 left waiting"), "{rest:?}");
        assert_settled(&place);
        println!("{kills} kills: {accepted} events were accepted before the last process");
        place.write("events.ndjson", input(0, events));
        let mut command = place.command("run");
        command.arg("events.ndjson");
        let last = Running::start(command).end();
        assert_eq!(code(&last), 0, "{last:?}");
        let totals = assert_settled(&place);
        assert_eq!(totals["accepted"], events, "each event was accepted once");
        println!("{kills} kills, {events} events: {totals}");
    })
    .await;
    look_at(&proxy.records("sales"), events, instances);
}

/// Nothing waits, nothing was given up, and the counts agree.
fn assert_settled(place: &Place) -> Value {
    let stats = lines_of(place, &["stats"]);
    let counts = stats.iter().filter(|line| line["kind"] == "record");
    assert!(
        counts
            .map(|line| &line["records"])
            .all(|records| records == 0),
        "{stats:?}"
    );
    let totals = stats.last().unwrap().clone();
    assert_eq!(totals["accepted"], totals["delivered"], "{totals}");
    assert_eq!(
        (&totals["dead"], &totals["failed_events"]),
        (&json!(0), &json!(0))
    );
    totals
}

/// Each event is in the topic, its copies share their id, and an instance's events are
/// there in their order.
fn look_at(records: &[StoredRecord], events: u64, instances: u64) {
    let mut ids: BTreeMap<u64, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for record in records {
        let value: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        let event = value["event"].as_str().unwrap();
        let number: u64 = event.strip_prefix('e').unwrap().parse().unwrap();
        let header = record.headers.iter().find(|(name, _)| name == ID_HEADER);
        let id = header.unwrap().1.as_deref().unwrap();
        assert_eq!(id, format!("[\"{event}\",\"0\",0]").as_bytes());
        let ids = ids.entry(number).or_default();
        if ids.is_empty() {
            // Its first copy; a consumer drops the others by their id.
            let before = last.insert(number % instances, number);
            assert!(before < Some(number), "{before:?} before {number}");
        }
        ids.insert(id.to_vec());
    }
    assert!(ids.keys().copied().eq(0..events));
    assert!(ids.values().all(|ids| ids.len() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_beside_a_failing_proxy_lose_nothing_and_keep_the_order() {
    survives(Course {
        kills: 20,
        events: 4_000,
        instances: 300,
        // Each process reads all of them.
        window: 4_000,
    })
    .await;
}

/// Run it by `cargo test two_hundred_kills -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn two_hundred_kills_over_a_hundred_thousand_records_lose_nothing() {
    survives(Course {
        kills: 200,
        events: 100_000,
        instances: 5_000,
        window: 1_000,
    })
    .await;
}
