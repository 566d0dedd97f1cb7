//! Hosts other than ours: they know the component's file and `wit/`, and no crate of
//! this project.

#[path = "fixtures/oracle/engines.rs"]
mod engines;
mod rust;

use std::{fs, sync::OnceLock, time::Instant};

use action_triggers_host::artefacts::Artefact;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cli::support::{binary, code},
    contract::{
        cases,
        configurations::{self, SKIPPED, json_or_text},
    },
};
use rust::{Compiled, Record, Set};

/// The file that the command writes, whose digest stands in `SHA256SUMS`.
fn compiled() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let mut component = binary();
        component.args(["component", "--output"]).arg(folder.path());
        assert_eq!(code(&component.output().unwrap()), 0);
        let file = folder.path().join("engine.wasm");
        let written = Artefact::new("engine.wasm", fs::read(&file).unwrap());
        let sums = fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
        let line = format!("{}  engine.wasm", written.sha256());
        assert!(sums.lines().any(|sum| sum == line), "{line}:\n{sums}");
        Compiled::new(&file).unwrap()
    })
}

/// A trigger for every saved sale.
fn trigger(payload: &str) -> String {
    json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{
            "name": "kafka_1",
            "conn_details": {"bootstrap_servers": "localhost:9092"},
            "parameters": {"topic": "{{ shop.settings.TOPIC }}"},
            "record": {"key": "{{ id }}"},
        }],
        "payload": payload,
    }])
    .to_string()
}

fn sale(instance: &Value) -> String {
    json!({"signal": "post_save", "content_type": "shop.sale", "instance": instance}).to_string()
}

/// What becomes of one sale.
fn published(payload: &str, instance: &Value) -> Result<Record, String> {
    let set = Set {
        triggers: trigger(payload),
        settings: [("shop.settings.TOPIC".into(), r#""sales""#.into())].into(),
        ..Set::default()
    };
    let all = compiled().publish(set, &[sale(instance)]);
    all.unwrap().pop().unwrap()
}

#[test]
fn a_host_of_wit_and_the_file_alone_gets_the_records_of_an_event() {
    let payload = r#"{"customer": "{{ customer }}", "price": {{ price }}}"#;
    let instance = json!({"id": 7, "customer": "Alice", "price": "10.50"});
    let record = published(payload, &instance).unwrap();
    assert_eq!(record.destination[1], r#"{"topic":"sales"}"#);
    assert_eq!(record.key.unwrap(), "7");
    assert_eq!(
        record.value.unwrap(),
        r#"{"customer":"Alice","price":10.50}"#
    );
}

#[test]
fn a_hostile_template_fails_in_such_a_host_by_fuel_or_by_what_it_writes() {
    let loops = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ text }}";
    let payload = format!("{loops}{}", "{% endfor %}".repeat(3));
    for (length, code) in [
        (1, "template_out_of_fuel"),
        (100_000, "template_output_too_large"),
    ] {
        let xs: Vec<_> = (0..500).collect();
        let instance = json!({"xs": xs, "text": "a".repeat(length)});
        let start = Instant::now();
        let failure = published(&payload, &instance).err();
        println!("{code} after {:?}, with the load", start.elapsed());
        assert_eq!(failure.as_deref(), Some(code));
    }
}

/// A fault of a case, if it has one.
fn fault(case: &Value) -> Option<String> {
    let brokers = engines::brokers(case).into_iter();
    let settings = engines::settings(case).into_iter();
    let set = Set {
        triggers: cases::triggers(case).to_string(),
        brokers: brokers
            .map(|one| rust::broker(&one.name, one.conn_details, one.parameters))
            .collect(),
        content_types: engines::content_types(case),
        settings: settings
            .map(|(path, value)| (path, value.to_string()))
            .collect(),
    };
    let expected = engines::expected(case);
    let records = match compiled().publish(set, &configurations::events(case)) {
        Ok(records) => records,
        // Upstream takes what it can never run; here the set is refused.
        Err(error) => return (!expected.is_empty()).then(|| format!("{}: {error}", case["name"])),
    };
    let published = |record: Record| {
        let value = record.value.as_deref().map_or(Value::Null, json_or_text);
        let [conn_details, parameters] = &record.destination;
        engines::record(case, &record.broker, [conn_details, parameters], &value)
    };
    let records = records.into_iter().flatten();
    let mut published: Vec<_> = records.filter_map(published).collect();
    published.sort();
    (published != expected)
        .then(|| format!("{}: expected {expected:?}\n{published:?}", case["name"]))
}

#[test]
fn contract_cases_get_upstreams_answers_in_such_a_host() {
    let cases = cases::all().into_iter();
    let cases = cases.filter(|case| cases::skipped(case, SKIPPED).is_none());
    let faults: Vec<_> = cases.filter_map(|case| fault(&case)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
