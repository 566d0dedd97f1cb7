//! `engine.core.wasm` in runtimes that know no components: the contract's cases and hostile
//! templates, by the hosts of tests/hosts/go and tests/hosts/java.

use std::{fs, process::Command, time::Instant};

use serde_json::{Value, json};

use super::{
    super::contract::{
        cases,
        configurations::{self, SKIPPED, json_or_text},
        engines,
    },
    files::{checked, copy, host, kept, run, skipped},
};

/// A hostile set by what it goes beyond, with an instance that is cheap to send.
const HOSTILE: &[(&str, usize)] = &[
    ("template_out_of_fuel", 1),
    ("template_output_too_large", 100_000),
];

/// The calls of a case: its set, and its events.
fn calls(case: &Value) -> [Value; 2] {
    let broker = |broker: engines::Broker| {
        json!({
            "name": broker.name,
            "conn_details": broker.conn_details,
            "parameters": broker.parameters,
        })
    };
    let brokers: Vec<_> = engines::brokers(case).into_iter().map(broker).collect();
    let load = json!({"load": {
        "set": cases::triggers(case).to_string(),
        "brokers": brokers,
        "limits": {"content_types": engines::content_types(case)},
    }});
    let events = configurations::events(case).into_iter();
    let events: Vec<_> = events
        .map(|text| json!({"text": text, "id": "e"}))
        .collect();
    let settings = engines::settings(case);
    [
        load,
        json!({"process": {"events": events, "settings": settings}}),
    ]
}

fn hostile(length: usize) -> [Value; 2] {
    let loops = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ text }}";
    let set = json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka", "parameters": {"topic": "sales"}}],
        "payload": format!("{loops}{}", "{% endfor %}".repeat(3)),
    }]);
    let xs: Vec<_> = (0..500).collect();
    let instance = json!({"xs": xs, "text": "a".repeat(length)});
    let event = json!({"signal": "post_save", "content_type": "shop.sale", "instance": instance});
    let events = json!([{"text": event.to_string(), "id": "e"}]);
    [
        json!({"load": {"set": set.to_string()}}),
        json!({"process": {"events": events}}),
    ]
}

/// What the host does with the records of a case that the module gives.
fn sent(case: &Value, loaded: &Value, processed: &Value) -> Vec<String> {
    let outcomes = processed["ok"].as_array().unwrap().iter();
    let done = outcomes.flat_map(|outcome| outcome["done"].as_array().unwrap());
    let record = |one: &Value| {
        let at = |name: &str| usize::try_from(one[name].as_u64().unwrap()).unwrap();
        let queue = &loaded["ok"]["triggers"][at("trigger")]["queues"][at("queue")];
        let record = one.get("record")?;
        let destination = record.get("destination").unwrap_or(&queue["destination"]);
        let parts = ["conn_details", "parameters"].map(|part| destination[part].as_str().unwrap());
        let value = &record["value"];
        let value = value["json"].as_str().or(value["text"].as_str());
        let value = value.map_or(Value::Null, json_or_text);
        engines::record(case, queue["broker"].as_str().unwrap(), parts, &value)
    };
    let mut sent: Vec<_> = done.filter_map(record).collect();
    sent.sort();
    sent
}

fn fault(case: &Value, [loaded, processed]: [&Value; 2]) -> Option<String> {
    let expected = engines::expected(case);
    if loaded.get("error").is_some() {
        // Upstream takes what it can never run; here the set is refused.
        return (!expected.is_empty()).then(|| format!("{}: {loaded}", case["name"]));
    }
    let sent = sent(case, loaded, processed);
    (sent != expected).then(|| format!("{}: expected {expected:?}\n{sent:?}", case["name"]))
}

/// Runs a host on every case, an instance each, and checks its answers.
fn check(name: &str, host: &mut Command) {
    let cases = cases::all().into_iter();
    let cases: Vec<_> = cases
        .filter(|case| cases::skipped(case, SKIPPED).is_none())
        .collect();
    let hostile = HOSTILE.iter().map(|(_, length)| hostile(*length));
    let jobs: Vec<_> = cases.iter().map(calls).chain(hostile).collect();
    let text = |[load, process]: &[Value; 2]| format!("{load}\n{process}\n");
    let file = kept(name).join("calls.ndjson");
    fs::write(&file, jobs.iter().map(text).collect::<Vec<_>>().join("\n")).unwrap();
    host.stdin(fs::File::open(file).unwrap());
    let start = Instant::now();
    let printed = run(host).unwrap();
    let took = start.elapsed().as_millis();
    println!(
        "{name}: {took} ms for {} instances, two of them hostile",
        jobs.len()
    );
    let answers: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2 * jobs.len());
    let (pairs, _) = answers.as_chunks::<2>();
    let mut answers = pairs.iter().map(|[loaded, processed]| [loaded, processed]);
    let faults = cases.iter().zip(&mut answers);
    let faults: Vec<_> = faults
        .filter_map(|(case, pair)| fault(case, pair))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for ((code, _), [_, processed]) in HOSTILE.iter().zip(answers) {
        let failure = &processed["ok"][0]["done"][0]["failure"];
        assert_eq!(&failure["code"], code, "{processed}");
    }
}

/// The host in Go.
pub(super) fn go() -> Option<Command> {
    run(Command::new("go").arg("version"))?;
    let binary = kept("go").join("host");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&binary).arg(".");
    run(build.current_dir(host("go")))?;
    let mut go = Command::new(binary);
    go.arg(checked("engine.core.wasm"));
    Some(go)
}

/// The host in Java, which compiles itself as it starts.
pub(super) fn java() -> Option<Command> {
    run(Command::new("java").arg("-version"))?;
    let folder = kept("java");
    copy(&host("java"), &folder, &["pom.xml"]);
    let mut fetch = Command::new("mvn");
    fetch.args([
        "--quiet",
        "dependency:copy-dependencies",
        "-DoutputDirectory=lib",
    ]);
    run(fetch.current_dir(&folder))?;
    let mut java = Command::new("java");
    java.args(["-cp", "lib/*"]).arg(host("java/Host.java"));
    java.arg(checked("engine.core.wasm")).current_dir(folder);
    Some(java)
}

#[test]
fn go_gets_the_contracts_answers_under_wazero() {
    match go() {
        Some(mut go) => check("go", &mut go),
        None => skipped("there is no Go here, or no wazero for it"),
    }
}

#[test]
fn java_gets_the_contracts_answers_under_chicory() {
    match java() {
        Some(mut java) => check("java", &mut java),
        None => skipped("there is no Java or Maven here, or no Chicory for it"),
    }
}
