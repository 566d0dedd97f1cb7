//! Limits: the error names a key of `limits`, and raising just that key helps.

use action_triggers_vocabulary::codes;
use serde_json::{Value, json};

use super::cases::{Case, TRIGGER, edited, event, failures};

/// A bound, an event that it stops, and a value that lets it pass.
pub(super) struct Limit {
    pub(super) area: &'static str,
    pub(super) code: &'static str,
    key: &'static str,
    low: u64,
    high: u64,
    payload: &'static str,
    instance: fn() -> Value,
    queues: usize,
    /// What else the configuration says.
    beside: &'static [(&'static str, u64)],
}

const MADE: &str = "Records that are not made";
const TAKEN: &str = "Records that are refused";
const SANDBOX: &str = "The sandbox";

/// So deep that only the stack could end it.
const DEEP: u64 = 2000;

fn sale() -> Value {
    json!({"id": 7, "s": "x".repeat(300)})
}

fn large() -> Value {
    json!({"id": 7, "s": "x".repeat(900_000)})
}

fn nested() -> Value {
    nested_by(100)
}

fn nested_by(levels: usize) -> Value {
    let mut value = json!(1);
    for _ in 0..levels {
        value = json!([value]);
    }
    json!({"id": 7, "deep": value})
}

const LOOPS: &str = "{% for a in s %}{% for b in s %}{{ a }}{% endfor %}{% endfor %}";

pub(super) const LIMITS: &[Limit] = &[
    Limit {
        area: "Events",
        code: "event_too_large",
        key: "event_bytes",
        low: 200,
        high: 2000,
        payload: "x",
        instance: sale,
        queues: 1,
        beside: &[],
    },
    Limit {
        area: "Events",
        code: "event_malformed",
        key: "event_depth",
        low: 50,
        high: 128,
        payload: "x",
        instance: nested,
        queues: 1,
        beside: &[],
    },
    Limit {
        area: MADE,
        code: "template_out_of_fuel",
        key: "trigger_fuel",
        low: 10_000,
        high: 10_000_000,
        payload: LOOPS,
        instance: sale,
        queues: 1,
        beside: &[],
    },
    Limit {
        area: MADE,
        code: "template_output_too_large",
        key: "output_bytes",
        low: 100,
        high: 1000,
        payload: "{{ s }}",
        instance: sale,
        queues: 1,
        beside: &[],
    },
    Limit {
        area: MADE,
        code: "event_out_of_fuel",
        key: "call_fuel",
        low: 100_000,
        high: 10_000_000,
        payload: LOOPS,
        instance: sale,
        queues: 1,
        beside: &[("trigger_fuel", 10_000_000)],
    },
    Limit {
        area: TAKEN,
        code: "too_many",
        key: "records_per_call",
        low: 1,
        high: 2,
        payload: "{{ s }}",
        instance: sale,
        queues: 2,
        beside: &[],
    },
    Limit {
        area: TAKEN,
        code: "too_many",
        key: "record_bytes_per_call",
        low: 200,
        high: 2000,
        payload: "{{ s }}",
        instance: sale,
        queues: 2,
        beside: &[],
    },
    Limit {
        area: SANDBOX,
        code: "memory_exceeded",
        key: "memory_bytes",
        low: 3 << 20,
        high: 64 << 20,
        payload: "{{ s|upper|length }}",
        instance: large,
        queues: 1,
        beside: &[],
    },
    Limit {
        area: SANDBOX,
        code: "deadline_exceeded",
        key: "call_deadline_ms",
        low: 1,
        high: 600_000,
        payload: LOOPS,
        instance: || json!({"id": 7, "s": "x".repeat(1000)}),
        queues: 1,
        beside: &[("trigger_fuel", u64::MAX), ("call_fuel", u64::MAX)],
    },
    Limit {
        area: SANDBOX,
        code: "stack_overflow",
        key: "stack_bytes",
        low: 150_000,
        high: 16 << 20,
        payload: "{{ deep }}",
        instance: || nested_by(1500),
        queues: 1,
        beside: &[("event_depth", DEEP)],
    },
];

impl Limit {
    fn case(&self, value: u64) -> (Value, Vec<u8>) {
        let queues = vec![json!({"name": "kafka_1"}); self.queues];
        let mut config = edited(&[
            (&format!("{TRIGGER}/payload"), json!(self.payload)),
            (&format!("{TRIGGER}/msg_broker_queues"), json!(queues)),
        ]);
        for (key, value) in self.beside {
            config["limits"][key] = json!(value);
        }
        config["limits"][self.key] = json!(value);
        (config, event(&json!({"instance": (self.instance)()})))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_that_an_error_names_is_there_and_raising_it_helps() {
    let mut faults = Vec::new();
    for limit in LIMITS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let named = format!("`{}`", limit.key);
        let (config, lines) = limit.case(limit.low);
        std::fs::write(&file, config.to_string()).unwrap();
        let raised = failures(&file, &lines).await;
        match raised.first() {
            Some((code, message)) if code == limit.code => {
                let remedy = codes::all()
                    .find(|one| one.name == *code && one.area == limit.area)
                    .unwrap()
                    .remedy;
                let says = |text: &str| text.contains(&named) && text.contains("`limits`");
                if !says(message) && !says(remedy) {
                    faults.push(format!("{code} does not name {named}: {message}; {remedy}"));
                }
            }
            other => faults.push(format!("{named}: {other:?} instead of `{}`", limit.code)),
        }
        let (config, lines) = limit.case(limit.high);
        let codes = Case::Events(config.clone(), lines).codes().await;
        let checked = Case::Check(config).codes().await;
        if !codes.is_empty() || !checked.is_empty() {
            faults.push(format!("{named} is raised, and {codes:?}, {checked:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_limit_that_a_remedy_names_is_raised_here() {
    for code in codes::all().filter(|code| code.remedy.contains("in `limits`")) {
        let before = code.remedy.split(" in `limits`").next().unwrap();
        let named = before
            .split("raise ")
            .nth(1)
            .or(before.split("Raise ").nth(1))
            .unwrap();
        for key in named.split('`').skip(1).step_by(2) {
            let is_raised = LIMITS.iter().any(|limit| limit.key == key);
            assert!(is_raised, "`{key}` of {}", code.name);
        }
    }
}
