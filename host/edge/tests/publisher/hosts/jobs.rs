//! What every host is given: configurations with events, and where their records arrive.

use std::{fs, path::Path};

use action_triggers_dev_proxy::DevProxy;
use serde_json::{Value, json};

use super::super::{
    contract::{
        cases,
        configurations::{self, SKIPPED, json_or_text},
        engines::expected,
    },
    delivery::{proxy, sale},
    start::{config, trigger},
};

/// The file that hosts read.
pub(super) const JOBS: &str = "jobs.ndjson";

/// A case of the contract, with a proxy for each of its clusters.
pub(super) struct Case {
    case: Value,
    proxies: Vec<DevProxy>,
}

/// The contract's cases, and at the end sales among hostile events.
pub(super) struct Jobs {
    cases: Vec<Case>,
    proxy: DevProxy,
}

impl Jobs {
    pub(super) async fn start() -> Self {
        let mut cases = Vec::new();
        for case in contract() {
            cases.push(Case::start(case).await);
        }
        assert!(cases.len() > 100, "{} cases", cases.len());
        let proxy = proxy().await;
        Self { cases, proxy }
    }

    /// A line for each: a configuration and its events.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |config: Value, events: Vec<String>| {
            json!({"config": config.to_string(), "events": events}).to_string()
        };
        let cases = self.cases.iter();
        let cases = cases.map(|case| line(case.config(), case.events()));
        let (config, events) = sales_among_hostile_events(&self.proxy.url());
        let sales = line(config, events);
        cases.chain([sales]).collect()
    }

    pub(super) fn write(&self, folder: &Path) {
        fs::write(folder.join(JOBS), self.lines().join("\n")).unwrap();
    }

    /// What a host printed, a line for each, and what arrived.
    pub(super) fn check(&self, host: &str, printed: &str) {
        let printed: Vec<Value> = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let (sales, cases) = printed.split_last().unwrap();
        assert_eq!(cases.len(), self.cases.len());
        let faults = self.cases.iter().zip(cases);
        let faults: Vec<_> = faults.filter_map(|(case, line)| case.fault(line)).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        self.check_sales(host, sales);
    }

    /// Two records were written, and hostile templates failed alone, with their codes.
    fn check_sales(&self, host: &str, line: &Value) {
        let text = line.to_string();
        for code in ["template_out_of_fuel", "template_output_too_large"] {
            assert!(text.contains(code), "{text}");
        }
        assert_eq!(reports(line), 2, "{text}");
        let expected = ["1", "2"].map(|id| format!(r#"{{"id":"{id}","text":"a \"b\""}}"#));
        assert_eq!(values(&self.proxy, "sales"), expected);
        let ms = line
            .as_array()
            .unwrap()
            .iter()
            .find_map(|one| one["ms"].as_f64());
        if let Some(ms) = ms {
            println!("{host}: {ms:.0} ms for two sales and two hostile events");
        }
    }
}

/// The cases that a host can be asked.
fn contract() -> impl Iterator<Item = Value> {
    let all = cases::all().into_iter();
    all.filter(|case| cases::skipped(case, SKIPPED).is_none())
}

/// A few of them that publish, from all over, for hosts that take a component for each.
pub(super) async fn few() -> Vec<Case> {
    let publishing: Vec<_> = contract()
        .filter(|case| !expected(case).is_empty())
        .collect();
    let apart = publishing.len() / 4;
    let mut few = Vec::new();
    for case in publishing.into_iter().step_by(apart).take(4) {
        few.push(Case::start(case).await);
    }
    few
}

/// Two sales, and between them events whose templates never end within the limits.
pub(super) fn sales_among_hostile_events(url: &str) -> (Value, Vec<String>) {
    let triggers = json!([trigger(), hostile("fuel"), hostile("flood")]);
    let events = vec![
        sale("1"),
        hostile_event("fuel", "a"),
        hostile_event("flood", &"a".repeat(100_000)),
        sale("2"),
    ];
    (config(url, &triggers), events)
}

impl Case {
    async fn start(case: Value) -> Self {
        let mut proxies = Vec::new();
        for _ in configurations::servers(&case) {
            proxies.push(proxy().await);
        }
        Self { case, proxies }
    }

    pub(super) fn config(&self) -> Value {
        let cluster = |place: usize| json!({"rest_url": self.proxies[place].url(), "linger_ms": 0});
        configurations::config(&self.case, cluster)
    }

    pub(super) fn events(&self) -> Vec<String> {
        configurations::events(&self.case)
    }

    /// How many records arrived, after a look at each.
    pub(super) fn arrived_as_expected(&self) -> usize {
        let (arrived, expected) = (self.arrived(), expected(&self.case));
        assert_eq!(arrived, expected, "{}", self.case["name"]);
        arrived.len()
    }

    fn fault(&self, line: &Value) -> Option<String> {
        let expected = expected(&self.case);
        if line.get("refused").is_some() {
            // Upstream takes what it can never run; here the configuration is refused.
            return (!expected.is_empty()).then(|| format!("{}: {line}", self.case["name"]));
        }
        let arrived = self.arrived();
        let is_right = arrived == expected && reports(line) == expected.len();
        let name = &self.case["name"];
        (!is_right).then(|| format!("{name}: expected {expected:?}\n{arrived:?}\n{line}"))
    }

    /// Bootstrap servers, topic and value of every record that arrived.
    fn arrived(&self) -> Vec<String> {
        let mut topics: Vec<_> = self.case["sent"].as_array().unwrap().iter().collect();
        topics.sort_by_key(|record| record["topic"].to_string());
        topics.dedup_by_key(|record| record["topic"].to_string());
        let mut arrived = Vec::new();
        let servers = configurations::servers(&self.case);
        for (servers, proxy) in servers.iter().zip(&self.proxies) {
            for topic in topics.iter().filter_map(|record| record["topic"].as_str()) {
                let values = values(proxy, topic).into_iter();
                let record = |value: String| json!([servers, topic, json_or_text(&value)]);
                arrived.extend(values.map(|value| record(value).to_string()));
            }
        }
        arrived.sort();
        arrived
    }
}

/// How many records ended, by what a host printed.
fn reports(line: &Value) -> usize {
    let all = line.as_array().into_iter().flatten();
    all.filter(|one| one.get("attempts").is_some()).count()
}

/// The values in a topic, sorted.
fn values(proxy: &DevProxy, topic: &str) -> Vec<String> {
    let records = proxy.records(topic).into_iter();
    let mut values: Vec<_> = records
        .map(|record| String::from_utf8(record.value.unwrap().to_vec()).unwrap())
        .collect();
    values.sort();
    values
}

/// A trigger whose loops never end within the limits.
fn hostile(name: &str) -> Value {
    let loops = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ text }}";
    let mut hostile = trigger();
    hostile["name"] = json!(name);
    hostile["content_types"] = json!([format!("shop.{name}")]);
    hostile["payload"] = json!(format!("{loops}{}", "{% endfor %}".repeat(3)));
    hostile
}

fn hostile_event(name: &str, text: &str) -> String {
    let instance = json!({"id": 1, "xs": (0..500).collect::<Vec<_>>(), "text": text});
    let content_type = format!("shop.{name}");
    json!({"id": name, "signal": "post_save", "content_type": content_type, "instance": instance})
        .to_string()
}
