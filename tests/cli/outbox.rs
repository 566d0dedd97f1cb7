//! The outbox in a file: what the binary keeps over its own death, and what people do
//! with what it keeps.

use std::sync::Arc;

use action_triggers_dev_proxy::Fault;
use serde_json::{Value, json};

use super::support::{
    NOWHERE, Place, Running, code, config, lines, outcomes, pair, proxy, sale, stderr,
};

/// A configuration with an outbox in a file, and records that are tried for long.
pub(super) fn durable(rest_url: &str) -> Value {
    let mut config = config(rest_url);
    config["outbox"] = json!({"path": "outbox.db"});
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3_600);
    config
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Runs with these events to its end.
pub(super) fn run(place: &Place, events: &str) -> std::process::Output {
    let mut run = Running::start(place.command("run"));
    run.send(events);
    run.stdin.take();
    run.end()
}

/// Calls `outbox` with these words.
pub(super) fn outbox(place: &Place, words: &[&str]) -> std::process::Output {
    let mut call = super::support::binary();
    call.current_dir(place.path("."))
        .arg("outbox")
        .args(words)
        .args(["--config", "config.json"]);
    call.output().unwrap()
}

/// The one line that `outbox` prints.
pub(super) fn line(place: &Place, words: &[&str]) -> Value {
    let output = outbox(place, words);
    assert_eq!(code(&output), 0, "{output:?}");
    lines(&output).remove(0)
}

/// All lines that `outbox` prints.
pub(super) fn lines_of(place: &Place, words: &[&str]) -> Vec<Value> {
    let output = outbox(place, words);
    assert_eq!(code(&output), 0, "{output:?}");
    lines(&output)
}

/// Accepts events while the proxy is away, until the summary of `stats` says so.
fn accept(place: &Place, events: &str, waiting: u64) -> Running {
    let mut run = Running::start(place.command("run"));
    run.send(events);
    // A file that is not there yet is not looked into.
    while !place.path("outbox.db").exists() || records(place, "waiting") < waiting {
        std::thread::yield_now();
    }
    run
}

/// How many records are in a state.
fn records(place: &Place, state: &str) -> u64 {
    let output = outbox(place, &["stats"]);
    let lines = if code(&output) == 0 {
        lines(&output)
    } else {
        Vec::new()
    };
    let lines = lines
        .iter()
        .filter(|line| line["state"] == state && line["kind"] == "record");
    lines.map(|line| line["records"].as_u64().unwrap()).sum()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_accepted_is_delivered_by_the_next_one_under_the_same_ids() {
    let place = Place::new(&durable(NOWHERE));
    let proxy = proxy().await;
    let url = proxy.url();
    let (killed, next) = blocking(move || {
        let events: String = (0..500).map(|id| sale(&id.to_string())).collect();
        let mut run = accept(&place, &events, 500);
        run.signal("-KILL");
        let killed = run.end();
        place.write("config.json", durable(&url).to_string());
        // No input at all: what the store has is delivered.
        (killed, self::run(&place, ""))
    })
    .await;
    assert!(lines(&killed).is_empty(), "{killed:?}");
    assert_eq!(code(&next), 0, "{next:?}");
    let mut delivered: Vec<u64> = lines(&next)
        .iter()
        .map(|line| line["event"].as_str().unwrap().parse().unwrap())
        .collect();
    delivered.sort_unstable();
    assert!(delivered.iter().copied().eq(0..500));
    let summary = stderr(&next);
    assert!(
        summary.contains("0 accepted, 500 delivered (500 perhaps twice), 0 dead, 0 left waiting"),
        "{summary}"
    );
    assert_eq!(proxy.records("sales").len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_sent_twice_is_published_once_and_another_of_its_id_is_refused() {
    let proxy = proxy().await;
    let place = Place::new(&durable(&proxy.url()));
    let (first, second) = blocking(move || {
        let first = run(&place, &sale("1"));
        let other = sale("1").replace("\"quantity\":3", "\"quantity\":4");
        let second = run(&place, &(sale("1") + &other + &sale("2")));
        (first, second)
    })
    .await;
    assert_eq!(code(&first), 0, "{first:?}");
    assert_eq!(
        outcomes(&second),
        [pair("1", "event_id_reused"), pair("2", "")]
    );
    assert_eq!(
        stderr(&second),
        "outbox `outbox.db`: 1 accepted, 1 sent twice, 1 delivered, 0 dead, 0 left waiting\n\
         3 events, 1 record delivered, 1 failed"
    );
    assert_eq!(proxy.records("sales").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory_an_event_sent_twice_in_one_run_is_published_once() {
    let proxy = proxy().await;
    let place = Place::new(&config(&proxy.url()));
    let run = blocking(move || {
        let other = sale("1").replace("\"quantity\":3", "\"quantity\":4");
        let nameless = sale("3").replace("\"id\":\"3\",\"signal\"", "\"signal\"");
        let twice = [sale("1"), sale("2")].concat() + &nameless;
        run(&place, &(twice.clone() + &twice + &other))
    })
    .await;
    assert!(outcomes(&run).contains(&pair("1", "event_id_reused")));
    assert_eq!(
        stderr(&run),
        "outbox in memory: 4 accepted, 2 sent twice, 4 delivered, 0 dead, 0 left waiting\n\
         7 events, 4 records delivered, 1 failed"
    );
    assert_eq!(proxy.records("sales").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_has_the_same_id_on_every_attempt_after_a_restart_and_a_replay() {
    let proxy = Arc::new(proxy().await);
    let mut config = durable(&proxy.url());
    config["clusters"]["localhost:9092"]["api"] = json!("v3");
    let place = Place::new(&config);
    let failing = Arc::clone(&proxy);
    let last = blocking(move || {
        // Written, and the answer is lost; the next attempt is refused for good.
        failing.inject(Fault::DropAfterStoring, 1);
        failing.inject(Fault::Records { code: 40_301 }, 1);
        let first = run(&place, &sale("1"));
        assert_eq!(outcomes(&first), [pair("1", "unauthorized")]);
        assert_eq!(line(&place, &["replay", "--all"])["replayed"], 1);
        failing.inject(Fault::DropAfterStoring, 1);
        let last = run(&place, "");
        let totals = lines_of(&place, &["stats"]).pop().unwrap();
        assert_eq!(
            (&totals["delivered"], &totals["perhaps_twice"]),
            (&json!(1), &json!(1))
        );
        last
    })
    .await;
    let summary = stderr(&last);
    assert!(
        summary.contains("1 delivered (1 perhaps twice), 0 dead"),
        "{summary}"
    );
    let ids: Vec<_> = proxy
        .records("sales")
        .into_iter()
        .map(|one| one.headers)
        .collect();
    let id = bytes::Bytes::from_static(b"[\"1\",\"0\",0]");
    let header = vec![("action-triggers-id".to_owned(), Some(id))];
    assert_eq!(ids, [header.clone(), header.clone(), header]);
}

#[cfg(unix)]
#[test]
fn a_second_service_is_refused() {
    let place = Place::new(&durable(NOWHERE));
    let mut first = accept(&place, &sale("1"), 1);
    let second = run(&place, "");
    assert_eq!(code(&second), 2);
    assert!(
        stderr(&second).contains("error[outbox_in_use]"),
        "{second:?}"
    );
    first.signal("-INT");
    first.signal("-INT");
    let first = first.end();
    assert_eq!(code(&first), 0, "{first:?}");
    assert!(
        stderr(&first).contains("0 dead, 1 left waiting"),
        "{first:?}"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_and_sent_again_while_a_run_is_under_way() {
    let proxy = proxy().await;
    let url = proxy.url();
    let mut short = durable(NOWHERE);
    short["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(1);
    let place = Place::new(&short);
    let output = blocking(move || {
        let output = run(&place, &(sale("1") + &sale("2")));
        assert_eq!(code(&output), 1);
        let listed = lines(&outbox(&place, &["list", "--state", "dead"]));
        let codes: Vec<_> = listed.iter().map(|line| &line["error"]["code"]).collect();
        assert_eq!(codes, ["time_to_live_exceeded"; 2]);
        let number = listed[0]["number"].to_string();
        let shown = line(&place, &["show", &number]);
        assert_eq!(
            shown["value"],
            "{\"customer\":\"Alice\",\"quantity\":\"3\"}"
        );
        assert_eq!(shown["attempts"], listed[0]["attempts"]);
        let missing = outbox(&place, &["show", "99"]);
        assert!(stderr(&missing).contains("error[no_record]"), "{missing:?}");
        let unsure = outbox(&place, &["replay"]);
        assert_eq!(code(&unsure), 2);
        assert!(stderr(&unsure).contains("asks_for_all"), "{unsure:?}");
        place.write("config.json", durable(&url).to_string());
        let mut run = Running::start(place.command("run"));
        run.send(&sale("3"));
        let third: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
        assert_eq!(third["event"], "3");
        let dry = line(&place, &["replay", "--id", "1", "--dry-run"]);
        assert_eq!(
            (&dry["replayed"], &dry["dry_run"]),
            (&json!(1), &json!(true))
        );
        let replayed = line(&place, &["replay", "--id", "1"]);
        assert_eq!(replayed["replayed"], 1);
        let first: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
        assert_eq!(
            (&first["event"], &first["topic"]),
            (&json!("1"), &json!("sales"))
        );
        assert_eq!(line(&place, &["purge", "--state", "dead"])["purged"], 1);
        assert_eq!(records(&place, "dead"), 0);
        run.stdin.take();
        run.end()
    })
    .await;
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(proxy.records("sales").len(), 2);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_paused_keeps_what_waits_until_it_goes_on() {
    let proxy = proxy().await;
    let place = Place::new(&durable(&proxy.url()));
    let output = blocking(move || {
        run(&place, "");
        let paused = line(&place, &["pause", "localhost:9092"]);
        assert_eq!(paused, json!({"cluster": "localhost:9092", "paused": true}));
        let mut run = accept(&place, &sale("1"), 1);
        let stats = lines(&outbox(&place, &["stats"]));
        assert_eq!(stats[0]["paused"], true);
        let copy = place.path("copy.db");
        line(&place, &["backup", copy.to_str().unwrap()]);
        let again = outbox(&place, &["backup", copy.to_str().unwrap()]);
        assert!(stderr(&again).contains("error[backup_exists]"), "{again:?}");
        line(
            &place,
            &["backup", place.path("other.db").to_str().unwrap()],
        );
        line(&place, &["resume", "localhost:9092"]);
        let delivered: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
        assert_eq!(delivered["event"], "1");
        run.stdin.take();
        let output = run.end();
        let mut other = durable(NOWHERE);
        other["outbox"]["path"] = json!("copy.db");
        place.write("config.json", other.to_string());
        assert_eq!(records(&place, "waiting"), 1, "the copy is as it was");
        output
    })
    .await;
    assert_eq!(code(&output), 0, "{output:?}");
}

#[test]
fn a_cluster_that_is_paused_is_shown_whether_it_has_records_or_not_and_an_unknown_one_is_noted() {
    let place = Place::new(&durable(NOWHERE));
    run(&place, "");
    assert!(line(&place, &["pause", "localhost:9092"])["note"].is_null());
    let slip = line(&place, &["pause", "localhost:9093"]);
    assert_eq!(slip["paused"], true);
    assert!(
        slip["note"].as_str().unwrap().contains("`outbox stats`"),
        "{slip}"
    );
    let paused = || {
        let stats = lines_of(&place, &["stats"]);
        let paused = stats.into_iter().filter(|line| line["paused"] == true);
        paused
            .map(|line| line["cluster"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(paused(), ["localhost:9092", "localhost:9093"]);
    for cluster in paused() {
        let resumed = line(&place, &["resume", cluster.as_str().unwrap()]);
        assert!(resumed["note"].is_null(), "{resumed}");
    }
    assert!(paused().is_empty());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_purged_before_its_turn_ends_as_that() {
    let proxy = proxy().await;
    let place = Place::new(&durable(&proxy.url()));
    let output = blocking(move || {
        run(&place, "");
        line(&place, &["pause", "localhost:9092"]);
        let mut run = accept(&place, &sale("1"), 1);
        assert_eq!(line(&place, &["purge", "--state", "waiting"])["purged"], 1);
        line(&place, &["resume", "localhost:9092"]);
        run.stdin.take();
        run.end()
    })
    .await;
    assert_eq!(outcomes(&output), [pair("1", "purged")]);
    assert!(proxy.records("sales").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_outbox_is_moved_away_and_asked_what_is_left() {
    let proxy = proxy().await;
    let mut config = durable(NOWHERE);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(0.05);
    let place = Place::new(&config);
    let url = proxy.url();
    let output = blocking(move || {
        let sales: String = (0..200).map(|number| sale(&number.to_string())).collect();
        run(&place, &sales);
        let file = place.path("outbox.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4_096..].fill(0x5a);
        std::fs::write(&file, bytes).unwrap();
        let refused = run(&place, &sale("next"));
        let said = stderr(&refused) + &String::from_utf8_lossy(&refused.stdout);
        assert!(said.contains("outbox_corrupt"), "{said}");

        // What its remedy says.
        std::fs::rename(&file, place.path("damaged.db")).unwrap();
        let log = place.path("outbox.db-wal");
        if log.exists() {
            std::fs::rename(&log, place.path("damaged.db-wal")).unwrap();
        }
        config["clusters"]["localhost:9092"] = json!({"rest_url": url});
        place.write("config.json", config.to_string());
        let output = run(&place, &sale("next"));
        config["outbox"]["path"] = json!("damaged.db");
        place.write("config.json", config.to_string());
        for word in ["verify", "list"] {
            let output = outbox(&place, &[word]);
            let said = stderr(&output);
            let is_damaged = !output.stdout.is_empty() || said.contains("outbox_corrupt");
            assert!(is_damaged && code(&output) != 0, "{word}: {output:?}");
        }
        output
    })
    .await;
    assert_eq!(outcomes(&output), [pair("next", "")]);
    assert_eq!(proxy.records("sales").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_whose_outbox_cannot_be_counted_at_its_end_says_so() {
    let place = Place::new(&durable(NOWHERE));
    let mut run = accept(&place, &sale("1"), 1);
    let file = rusqlite::Connection::open(place.path("outbox.db")).unwrap();
    file.execute_batch("DROP TABLE counts").unwrap();
    run.signal("-INT");
    run.signal("-INT");
    let output = run.end();
    let said = stderr(&output);
    assert_eq!(code(&output), 2, "{said}");
    assert!(
        said.contains("0 dead, how many are left waiting is not known"),
        "{said}"
    );
    assert!(said.contains("error[outbox_failed]"), "{said}");
}

#[test]
fn what_can_be_read_of_a_damaged_outbox_is_listed() {
    let mut config = durable(NOWHERE);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(0.05);
    let place = Place::new(&config);
    run(&place, &["first", "second", "third"].map(sale).concat());
    let file = place.path("outbox.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // Text that is none, in each place where the id is.
    for start in 0..bytes.len() {
        if bytes[start..].starts_with(b"third") {
            bytes[start] = 0xff;
        }
    }
    std::fs::write(&file, bytes).unwrap();
    let output = outbox(&place, &["list"]);
    let listed = lines(&output);
    let events: Vec<_> = listed.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["first", "second"], "{output:?}");
    let said = stderr(&output);
    assert!(said.contains("error[outbox_corrupt]"), "{said}");
    assert_eq!(code(&output), 2);
    let verified = outbox(&place, &["verify"]);
    assert_eq!(lines(&verified)[0]["whole"], false, "{verified:?}");
}

#[test]
fn no_outbox_in_a_file_is_said() {
    let place = Place::new(&config(NOWHERE));
    let output = outbox(&place, &["stats"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("error[no_outbox]"), "{output:?}");
    let place = Place::new(&durable(NOWHERE));
    let output = outbox(&place, &["stats"]);
    assert!(
        stderr(&output).contains("error[outbox_unopened]"),
        "{output:?}"
    );
    run(&place, "");
    assert_eq!(records(&place, "waiting"), 0);
}
