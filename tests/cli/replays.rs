//! Events of which something failed: what the outbox keeps of them, and what a replay makes
//! of them.

use serde_json::{Value, json};

use super::{
    outbox::{durable, line, lines_of, run},
    support::{Place, Running, code, outcomes, pair, proxy, sale, stderr, trigger},
};

/// One trigger that publishes to `sales`, and one whose topic is a setting that is not
/// allowed until somebody mends it.
pub(super) fn halves(rest_url: &str, is_mended: bool) -> Value {
    let (mut good, mut bad) = (trigger(), trigger());
    good["name"] = json!("good");
    bad["name"] = json!("bad");
    bad["payload"] = json!({"of": "{{ event.id }}"});
    bad["msg_broker_queues"] =
        json!([{"name": "kafka_2", "parameters": {"topic": "{{ topics.other }}"}}]);
    let mut config = durable(rest_url);
    let brokers = &mut config["ACTION_TRIGGERS"]["brokers"];
    brokers["kafka_2"] = brokers["kafka_1"].clone();
    brokers["kafka_2"]["params"] = json!({});
    config["values"] = json!({"topics.other": "others"});
    if is_mended {
        config["ACTION_TRIGGER_SETTINGS"]["ALLOWED_DYNAMIC_IMPORT_PATHS"] = json!(["topics.other"]);
    }
    config["triggers"] = json!([bad, good]);
    config["clusters"]["localhost:9092"]["auth"] =
        json!({"basic": {"username": "sales", "password": {"file": "password.txt"}}});
    config
}

/// A folder with a configuration and the password that it names.
pub(super) fn place(config: &Value) -> Place {
    let place = Place::new(config);
    place.write("password.txt", "canary-password");
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_which_a_trigger_failed_is_kept_and_a_replay_publishes_only_what_failed() {
    let proxy = proxy().await;
    let url = proxy.url();
    let place = place(&halves(&url, false));
    let last = super::outbox::blocking(move || {
        let first = run(&place, &sale("1"));
        assert_eq!(
            outcomes(&first),
            [pair("1", ""), pair("1", "setting_not_allowed")]
        );
        let summary = stderr(&first);
        assert!(
            summary.contains("1 delivered, 0 dead, 1 failed event kept, 0 left"),
            "{summary}"
        );
        let listed = line(&place, &["list"]);
        assert_eq!(
            (&listed["kind"], &listed["event"]),
            (&json!("event"), &json!("1"))
        );
        assert_eq!(listed["failed"][0]["trigger"], "bad");
        assert_eq!(listed["failed"][0]["error"]["code"], "setting_not_allowed");
        let number = listed["number"].to_string();
        let shown = line(&place, &["show", &number]);
        assert_eq!(shown["text"], sale("1").trim_end());
        let stats = lines_of(&place, &["stats"]);
        let events = stats.iter().find(|line| line["kind"] == "event").unwrap();
        assert_eq!(events["events"], 1);
        assert_eq!(stats.last().unwrap()["failed_events"], 1);
        // Nothing has been mended yet.
        let vain = super::outbox::outbox(&place, &["replay", "--all"]);
        assert_eq!(code(&vain), 1, "{vain:?}");
        assert_eq!(super::support::lines(&vain)[0]["failed_again"], 1);
        assert_eq!(line(&place, &["list"])["attempts"], 2);
        place.write("config.json", halves(&url, true).to_string());
        let dry = line(&place, &["replay", "--trigger", "bad", "--dry-run"]);
        assert_eq!((&dry["replayed"], &dry["events"]), (&json!(1), &json!(1)));
        // While a service has the outbox.
        let mut service = Running::start(place.command("run"));
        service.send(&sale("2"));
        for _ in 0..2 {
            service.line().unwrap();
        }
        let replayed = line(&place, &["replay", "--trigger", "bad"]);
        assert_eq!(
            (&replayed["replayed"], &replayed["failed_again"]),
            (&json!(1), &json!(0))
        );
        let published: Value = serde_json::from_str(&service.line().unwrap()).unwrap();
        assert_eq!(
            (&published["event"], &published["topic"]),
            (&json!("1"), &json!("others"))
        );
        service.stdin.take();
        service.end();
        assert!(lines_of(&place, &["list"]).is_empty());
        assert_eq!(line(&place, &["verify"])["whole"], true);
        for name in ["outbox.db", "outbox.db-wal"] {
            let bytes = std::fs::read(place.path(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("canary-password"), "{name} has a secret");
        }
        // The same event again is published before: both of its records are known.
        run(&place, &sale("1"))
    })
    .await;
    assert!(
        stderr(&last).contains("0 accepted, 2 sent twice"),
        "{last:?}"
    );
    assert_eq!(
        (proxy.records("sales").len(), proxy.records("others").len()),
        (2, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_event_is_replayed_under_another_id_and_a_trigger_that_is_gone_is_said() {
    let proxy = proxy().await;
    let url = proxy.url();
    let place = place(&halves(&url, false));
    let ids = super::outbox::blocking(move || {
        run(&place, &(sale("1") + &sale("2")));
        let mut without = halves(&url, true);
        without["triggers"].as_array_mut().unwrap().remove(0);
        place.write("config.json", without.to_string());
        let gone = super::outbox::outbox(&place, &["replay", "--id", "1"]);
        assert_eq!(code(&gone), 1, "{gone:?}");
        let left = line(&place, &["list", "--id", "1"]);
        assert_eq!(left["failed"][0]["error"]["code"], "trigger_gone");
        place.write("config.json", halves(&url, true).to_string());
        let whole = line(&place, &["replay", "--id", "1", "--all"]);
        assert_eq!(
            (&whole["replayed"], &whole["failed_again"]),
            (&json!(1), &json!(0))
        );
        assert_eq!(line(&place, &["purge", "--id", "2"])["purged"], 1);
        assert!(lines_of(&place, &["list", "--state", "dead"]).is_empty());
        let next = run(&place, "");
        let mut ids: Vec<_> = outcomes(&next).into_iter().map(|(id, _)| id).collect();
        ids.dedup();
        ids
    })
    .await;
    assert_eq!(ids, ["1~2"]);
    let other = proxy.records("others").remove(0);
    let value: Value = serde_json::from_slice(other.value.as_deref().unwrap()).unwrap();
    assert_eq!(value, json!({"of": "1~2"}), "templates see the id as well");
    assert_eq!(proxy.records("sales").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_rendered_while_a_run_has_the_outbox() {
    let proxy = proxy().await;
    let place = place(&halves(&proxy.url(), true));
    super::outbox::blocking(move || {
        let mut service = Running::start(place.command("run"));
        service.send(&sale("1"));
        service.line().unwrap();
        let mut render = Running::start(place.command("render"));
        render.send(&sale("2"));
        render.stdin.take();
        let rendered = render.end();
        assert_eq!(code(&rendered), 0, "{rendered:?}");
        assert_eq!(super::support::lines(&rendered).len(), 2);
        service.stdin.take();
        service.end();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_a_filter_beside_which_all_of_an_event_is_replayed() {
    let proxy = proxy().await;
    let url = proxy.url();
    let place = place(&halves(&url, false));
    let next = super::outbox::blocking(move || {
        run(&place, &sale("1"));
        place.write("config.json", halves(&url, true).to_string());
        line(&place, &["replay", "--state", "dead", "--all"]);
        run(&place, "")
    })
    .await;
    assert_eq!(outcomes(&next), [pair("1~2", ""), pair("1~2", "")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_given_up_is_not_published_beside_its_whole_event() {
    let proxy = proxy().await;
    let url = proxy.url();
    let mut short = halves(super::support::NOWHERE, false);
    short["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(0.05);
    let place = place(&short);
    let next = super::outbox::blocking(move || {
        // What `good` published of both is given up, and `bad` failed.
        run(&place, &(sale("1") + &sale("2")));
        place.write("config.json", halves(&url, true).to_string());
        let whole = ["replay", "--id", "1", "--all"];
        let dry = [&whole[..], &["--dry-run"]].concat();
        for words in [&dry[..], &whole[..]] {
            let replayed = line(&place, words);
            assert_eq!(
                (&replayed["replayed"], &replayed["events"]),
                (&json!(1), &json!(1)),
                "{words:?}"
            );
        }
        // It stays what it was, for somebody to purge.
        let left = line(&place, &["list", "--state", "dead", "--id", "1"]);
        assert_eq!(left["trigger"], "good");
        // A record whose event is not replayed goes on its own.
        let code = [
            "replay",
            "--code",
            "time_to_live_exceeded",
            "--id",
            "2",
            "--all",
        ];
        assert_eq!(line(&place, &code)["replayed"], 1);
        run(&place, "")
    })
    .await;
    assert_eq!(
        outcomes(&next),
        [pair("1~2", ""), pair("1~2", ""), pair("2", "")]
    );
}

#[test]
fn each_filter_of_a_call_finds_what_it_names() {
    let mut short = halves(super::support::NOWHERE, false);
    short["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(0.05);
    let place = place(&short);
    // What `good` published of each is given up, and `bad` failed.
    for id in ["1", "2"] {
        run(&place, &sale(id));
    }
    let list = |words: &[&str]| {
        let found = lines_of(&place, &[&["list"][..], words].concat());
        let name = |line: &Value| {
            let [kind, event] = ["kind", "event"].map(|key| line[key].as_str().unwrap().to_owned());
            format!("{kind} {event}")
        };
        found.iter().map(name).collect::<Vec<_>>()
    };
    let all = ["record 1", "record 2", "event 1", "event 2"];
    assert_eq!(list(&[]), all);
    assert_eq!(list(&["--tenant", ""]), all);
    assert!(list(&["--tenant", "other"]).is_empty());
    assert_eq!(list(&["--code", "time_to_live_exceeded"]), all[..2]);
    assert_eq!(list(&["--code", "setting_not_allowed"]), all[2..]);
    assert_eq!(list(&["--limit", "1"]), all[..1]);
    assert_eq!(list(&["--limit", "3"]), all[..3]);
    let second = lines_of(&place, &["list", "--id", "2"]);
    for kind in ["record", "event"] {
        let second = second.iter().find(|line| line["kind"] == kind).unwrap();
        let accepted = second["accepted"].as_str().unwrap();
        let of_kind = |filter: &str| {
            let mut found = list(&[filter, accepted]);
            found.retain(|line| line.starts_with(kind));
            found
        };
        assert_eq!(
            of_kind("--since"),
            [format!("{kind} 2")],
            "at this time or later"
        );
        assert_eq!(
            of_kind("--until"),
            [format!("{kind} 1")],
            "before this time"
        );
    }
}

#[test]
fn a_replay_says_after_what_it_comes() {
    let mut short = durable(super::support::NOWHERE);
    short["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(0.05);
    let place = Place::new(&short);
    run(&place, &sale("1"));
    let none = line(&place, &["replay", "--id", "2"]);
    assert!(none["note"].is_null(), "{none}");
    let replayed = line(&place, &["replay", "--id", "1"]);
    assert_eq!(replayed["note"], "they come after what was delivered since");
}
