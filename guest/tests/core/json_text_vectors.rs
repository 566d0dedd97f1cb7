//! String payloads held against the real Django, which gives the text of every expression and runs
//! every tag; `tests/fixtures/django/json_text.py` says how.
//!
//! `JSON_TEXT_CASES=FILE` names more of them, made with another count and seed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::support::{Event, TestEngine, TestHost, sale};

/// A payload, the instance, and what comes of them.
#[derive(Deserialize)]
struct Case {
    template: String,
    instance: Box<RawValue>,
    types: BTreeMap<String, String>,
    autoescape: bool,
    now: String,
    value: Option<String>,
    error: Option<String>,
}

impl Case {
    fn published(&self) -> Result<String, String> {
        let set = json!({
            "models": {"shop.sale": self.types},
            "triggers": [{
                "config_signals": ["post_save"],
                "content_types": ["shop.sale"],
                "msg_broker_queues": [{"name": "kafka_1"}],
                "payload": self.template,
                "autoescape": self.autoescape,
            }],
        });
        // What fails for every event is found before.
        let (engine, _) = TestEngine::load(&set.to_string(), Vec::new())
            .map_err(|_| "template_failed".to_owned())?;
        let event = Event {
            instance: self.instance.get(),
            time: Some(&self.now),
            ..sale()
        };
        let mut host = TestHost::default();
        for outcome in engine.process(&[event], &mut host) {
            for publication in outcome.map_err(|error| error.to_string())? {
                publication
                    .outcome
                    .map_err(|failure| failure.code().to_owned())?;
            }
        }
        Ok(host.sent.remove(0).value)
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the fixtures are files")]
fn string_payloads_are_what_django_and_the_position_in_json_text_make_of_them() {
    let path = std::env::var("JSON_TEXT_CASES").unwrap_or_else(|_| {
        let fixture = "../tests/fixtures/django/json_text.json";
        format!("{}/{fixture}", env!("CARGO_MANIFEST_DIR"))
    });
    let cases = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
    assert!(cases.len() > 100);
    let mut faults = Vec::new();
    for case in &cases {
        let wanted = match (&case.value, &case.error) {
            (Some(value), _) => Ok(value.clone()),
            (None, error) => Err(error.clone().unwrap_or_default()),
        };
        let got = case.published();
        if got != wanted {
            let (template, instance) = (&case.template, case.instance.get());
            faults.push(format!(
                "{template}\n  of {instance}\n  is     {got:?}\n  not {wanted:?}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
