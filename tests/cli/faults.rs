//! Whatever a proxy does, a run that met it is ended within its grace and loses nothing: the
//! next one delivers what was accepted, under the same ids and in the same order.

mod server;
mod table;

use std::{collections::BTreeMap, process::Output, sync::Arc};

use action_triggers_dev_proxy::StoredRecord;
use serde_json::{Value, json};

use self::{
    server::Server,
    table::{Case, End, cases},
};
use super::{
    authority::Authority,
    outbox::{blocking, durable, line, lines_of},
    support::{NOWHERE, Place, Running, code, config, lines, proxy},
};

/// How many records each topic gets.
const EVENTS: usize = 2;

/// A configuration of which each case is a cluster, a broker and a topic.
fn configured(cases: &[Case], url: impl Fn(&Case) -> String, api: &str) -> Value {
    let mut config = config("");
    let (mut brokers, mut clusters, mut triggers) = (json!({}), json!({}), json!([]));
    for case in cases {
        let (name, servers) = (case.name, format!("{}:9092", case.name));
        brokers[name] = json!({
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": servers},
            "params": {"topic": name},
        });
        clusters[servers] = json!({
            "rest_url": url(case), "api": api, "time_to_live_secs": 3_600, "request_timeout_secs": 1,
        });
        if url(case).starts_with("https") {
            clusters[format!("{name}:9092")]["tls"] = json!({"ca_file": "ca.pem"});
        }
        let mut trigger = config["triggers"][0].clone();
        trigger["name"] = json!(name);
        trigger["msg_broker_queues"] = json!([{"name": name}]);
        triggers.as_array_mut().unwrap().push(trigger);
    }
    config["ACTION_TRIGGERS"]["brokers"] = brokers;
    config["clusters"] = clusters;
    config["triggers"] = triggers;
    config["outbox"] = json!({"path": "outbox.db", "shutdown_grace_secs": 0.1});
    config
}

/// Two sales of one instance without ids, so that the host gives each another one. They are
/// large, so that a proxy can read half of one.
fn events() -> String {
    let event = |quantity| {
        let event = json!({"signal": "post_save", "content_type": "myapp.sale",
            "instance": {"id": 7, "quantity": quantity, "customer": {"name": "x".repeat(100_000)}}});
        format!("{event}\n")
    };
    (0..EVENTS).map(event).collect()
}

/// The ids of the records of each topic, in the order of acceptance.
fn ids(place: &Place) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut listed = lines_of(place, &["list"]);
    listed.retain(|line| line["kind"] == "record");
    // Those that wait are listed before those that were given up.
    listed.sort_by_key(|line| line["number"].as_u64());
    for line in listed {
        let id = json!([line["event"], line["trigger"], line["queue"]]);
        let topic = line["topic"].as_str().unwrap().to_owned();
        ids.entry(topic).or_default().push(id.to_string());
    }
    ids
}

/// Runs until every case was met, and asks it to stop.
fn meet(place: &Place, cases: &[Case]) -> Output {
    let mut command = place.command("run");
    command.env("RUST_LOG", "warn").env("NO_COLOR", "1");
    let mut run = Running::start(command);
    run.send(&events());
    let mut waited: Vec<_> = cases.iter().filter(|case| case.end == End::Waits).collect();
    let mut others = Vec::new();
    while !waited.is_empty() {
        let said = run.error();
        waited.retain(|case| {
            let Some(rest) = said.split_once(&format!("topic=\"{}\" ", case.name)) else {
                return true;
            };
            let code = rest.1.split('"').nth(1).unwrap();
            if !case.codes.contains(&code) {
                others.push(format!("{} is {code} ({said})", case.name));
            }
            false
        });
    }
    assert!(others.is_empty(), "{others:#?}");
    let died = cases.iter().filter(|case| case.end == End::Dies).count();
    while line_of_records(place, "dead") < died * EVENTS {
        std::thread::yield_now();
    }
    run.signal("-TERM");
    run.end()
}

/// How many records are in a state.
fn line_of_records(place: &Place, state: &str) -> usize {
    lines_of(place, &["list", "--state", state]).len()
}

fn id_of(record: &StoredRecord) -> String {
    let mut headers = record.headers.iter();
    let own = headers.find(|(name, _)| name == "action-triggers-id");
    String::from_utf8(own.unwrap().1.as_ref().unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_met_a_fault_is_delivered_by_the_next_run_under_its_id_and_in_its_order() {
    let cases = cases();
    let authority = Authority::new();
    let mut servers = BTreeMap::new();
    for case in &cases {
        servers.insert(case.name, Server::start(&case.proxy, &authority).await);
    }
    let failing = configured(&cases, |case| servers[case.name].url.clone(), "v2");
    let good = Arc::new(proxy().await);
    let (url, records) = (good.url(), Arc::clone(&good));
    let mended = configured(&cases, |_| url.clone(), "v3");
    blocking(move || {
        let place = Place::new(&failing);
        place.write("ca.pem", authority.pem());
        let first = meet(&place, &cases);
        let ends = lines(&first);
        for end in &ends {
            let name = end["trigger"].as_str().unwrap();
            let case = cases.iter().find(|case| case.name == name).unwrap();
            assert_eq!(case.end, End::Dies, "{end}");
            assert_eq!(end["error"]["code"], case.codes[0], "{end}");
        }
        let accepted = ids(&place);
        assert_eq!(accepted.len(), cases.len());
        for case in &cases {
            let waiting = lines_of(
                &place,
                &["list", "--state", "waiting", "--topic", case.name],
            );
            let expected = if case.end == End::Waits { EVENTS } else { 0 };
            assert_eq!(waiting.len(), expected, "{}: {first:?}", case.name);
            if case.may_be_written {
                assert_eq!(waiting[0]["may_be_written"], true, "{}", case.name);
            }
        }
        place.write("config.json", mended.to_string());
        let died = cases.iter().filter(|case| case.end == End::Dies).count();
        assert_eq!(
            line(&place, &["replay", "--all"])["replayed"],
            died * EVENTS
        );
        let second = super::outbox::run(&place, "");
        assert_eq!(code(&second), 0, "{second:?}");
        for (topic, accepted) in accepted {
            let delivered: Vec<_> = records.records(&topic).iter().map(id_of).collect();
            assert_eq!(delivered, accepted, "{topic}");
        }
        assert_eq!(line_of_records(&place, "waiting"), 0);
        assert_eq!(line(&place, &["verify"])["whole"], true);
    })
    .await;
}

/// The clock on the wall goes back or forth by ten years while no process runs: what waits is
/// as if it had been accepted then.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_while_the_clock_jumps_is_delivered_by_the_next_run() {
    const TEN_YEARS_MS: i64 = 10 * 365 * 24 * 3_600 * 1_000;
    for jump in [-TEN_YEARS_MS, TEN_YEARS_MS] {
        let proxy = proxy().await;
        let url = proxy.url();
        let last = blocking(move || {
            let mut config = durable(NOWHERE);
            config["outbox"]["shutdown_grace_secs"] = json!(0.1);
            let place = Place::new(&config);
            let mut run = Running::start(place.command("run"));
            run.send(&events());
            run.says("are sent again");
            run.signal("-TERM");
            run.end();
            let file = rusqlite::Connection::open(place.path("outbox.db")).unwrap();
            let shift =
                "UPDATE waiting SET accepted_ms = accepted_ms - ?1, deadline_ms = deadline_ms - ?1";
            assert_eq!(file.execute(shift, [jump]), Ok(EVENTS));
            drop(file);
            place.write("config.json", durable(&url).to_string());
            super::outbox::run(&place, "")
        })
        .await;
        assert_eq!(code(&last), 0, "{jump}: {last:?}");
        let quantities: Vec<_> = proxy
            .records("sales")
            .into_iter()
            .map(|record| {
                let value: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
                value["quantity"].clone()
            })
            .collect();
        assert_eq!(quantities, ["0", "1"], "{jump}");
    }
}
