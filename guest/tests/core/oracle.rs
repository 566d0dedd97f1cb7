//! What the real django-action-triggers does, case by case; the host's part
//! (brokers, merging, the allow-list) is played by a small host of the test.

use std::collections::BTreeMap;

use action_triggers_guest::{
    engine::Engine,
    event::Input,
    host::{Broker, Host, PublishError, Receipt, SettingError},
    limits::Limits,
    loaded::Loaded,
    message::{Message, Payload},
};
use serde_json::{Map, Value, json};

#[path = "../../../tests/fixtures/oracle/cases.rs"]
mod cases;

/// Cases that the core cannot answer alone, by name or tag, and why.
const SKIPPED: &[(&str, &str)] = &[
    (
        "client-error",
        "aiokafka's own checks of its options; there is no aiokafka here",
    ),
    ("timeout", "bounds on an attempt to publish are the host's"),
    (
        "api",
        "Django's REST API; unknown signals are covered by `triggers.rs`",
    ),
    (
        "django-setting",
        "settings of Django itself: the time zone is always UTC here",
    ),
    ("queues-connect-error", "connecting is the host's"),
    ("queues-send-error", "sending is the host's"),
];

struct Upstream<'a> {
    settings: &'a Value,
    loaded: Loaded,
    calls: BTreeMap<String, u64>,
    sent: Vec<Value>,
}

impl Host for Upstream<'_> {
    fn setting(&mut self, path: &str) -> Result<String, SettingError> {
        let allowed = &self.settings["ACTION_TRIGGER_SETTINGS"]["ALLOWED_DYNAMIC_IMPORT_PATHS"];
        if !allowed
            .as_array()
            .is_some_and(|paths| paths.iter().any(|allowed| allowed == path))
        {
            return Err(SettingError::NotAllowed);
        }
        let value = self.settings["values"]
            .get(path)
            .ok_or(SettingError::NotFound)?;
        match value["$call"].as_str() {
            None => Ok(value.to_string()),
            Some("return") => Ok(value["value"].to_string()),
            Some("counter") => {
                let count = self.calls.entry(path.into()).or_default();
                *count += 1;
                Ok(json!(count.to_string()).to_string())
            }
            Some(other) => Err(SettingError::Failed(other.into())),
        }
    }

    fn publish(&mut self, message: &Message<'_>) -> Result<Receipt, PublishError> {
        let trigger = &self.loaded.triggers[message.trigger as usize];
        let queue = &trigger.queues[message.queue as usize];
        let destination = message.destination.as_ref().unwrap_or(&queue.destination);
        let broker = &self.settings["ACTION_TRIGGERS"]["brokers"][&queue.broker];
        let kind = broker["broker_type"]
            .as_str()
            .unwrap_or_default()
            .to_lowercase();
        if kind != "kafka" {
            return Err(PublishError::UnknownBroker(queue.broker.clone()));
        }
        let conn = merged(&destination.conn_details, &broker["conn_details"]);
        let parameters = merged(&destination.parameters, &broker["params"]);
        let (Some(Value::String(_)), Some(Value::String(topic))) =
            (conn.get("bootstrap_servers"), parameters.get("topic"))
        else {
            return Err(PublishError::InvalidDestination("not text".into()));
        };
        let value = match &message.value {
            Payload::Json(text) => serde_json::from_str(text).unwrap(),
            Payload::Text(text) => json!(text),
            Payload::Tombstone => Value::Null,
        };
        let config: u64 = trigger.name.parse().unwrap();
        self.sent.push(json!({
            "config": config, "queue": message.queue, "conn": conn, "topic": topic, "value": value,
        }));
        let number = u32::try_from(self.sent.len() - 1).unwrap();
        Ok(Receipt { number })
    }
}

/// The queue's members with the broker's, which win.
fn merged(queue: &str, broker: &Value) -> Map<String, Value> {
    let mut members: Map<String, Value> = serde_json::from_str(queue).unwrap();
    members.extend(broker.as_object().cloned().unwrap_or_default());
    members
}

/// Which members the host's brokers set.
fn brokers(brokers: &Value) -> Vec<Broker> {
    let names = |members: &Value| {
        let members = members.as_object().into_iter().flatten();
        members.map(|(name, _)| name.clone()).collect()
    };
    let brokers = brokers.as_object().into_iter().flatten();
    brokers
        .map(|(name, broker)| Broker {
            name: name.clone(),
            conn_details: names(&broker["conn_details"]),
            parameters: names(&broker["params"]),
            topics: Vec::new(),
        })
        .collect()
}

fn answers(case: &Value) -> Result<Vec<Value>, String> {
    let configs = cases::triggers(case).to_string();
    let brokers = brokers(&case["settings"]["ACTION_TRIGGERS"]["brokers"]);
    let whitelist = &case["settings"]["ACTION_TRIGGERS"]["whitelisted_content_types"];
    let whitelist = whitelist.as_array().into_iter().flatten();
    let limits = Limits {
        content_types: whitelist
            .map(|name| name.as_str().unwrap().into())
            .collect(),
        ..Limits::default()
    };
    let (engine, loaded) =
        Engine::load(&configs, brokers, limits).map_err(|faults| format!("{faults:#?}"))?;
    let mut host = Upstream {
        loaded,
        settings: &case["settings"],
        calls: BTreeMap::new(),
        sent: Vec::new(),
    };
    let mut answers = Vec::new();
    for delivery in case["deliveries"].as_array().unwrap() {
        let event = json!({
            "id": "e",
            "signal": delivery["signal"],
            "content_type": delivery["sender"],
            "instance": delivery["instance"],
        });
        let input = Input {
            text: event.to_string(),
            id: String::new(),
        };
        for outcome in engine.process(vec![input], &mut host) {
            crate::support::done(outcome).map_err(|error| error.to_string())?;
        }
        for mut sent in std::mem::take(&mut host.sent) {
            for name in ["event", "signal", "sender"] {
                sent[name] = delivery[name].clone();
            }
            answers.push(sent);
        }
    }
    Ok(answers)
}

/// Upstream's records, their values as JSON values and in the order in which
/// queues are started: it sends those of one trigger at once.
fn expected(case: &Value) -> Vec<Value> {
    let mut sent = case["sent"].as_array().unwrap().clone();
    for record in &mut sent {
        record["value"] = serde_json::from_str(record["value"].as_str().unwrap()).unwrap();
    }
    sent
}

#[test]
fn contract_cases_get_upstreams_answers() {
    let mut faults = Vec::new();
    let mut checked = 0;
    for case in cases::all() {
        if let Some(reason) = cases::skipped(&case, SKIPPED) {
            println!("skipped {}: {reason}", case["name"]);
            continue;
        }
        checked += 1;
        let expected = expected(&case);
        match answers(&case) {
            Ok(answers) if answers == expected => {}
            // Upstream takes what it can never run; here the set is refused.
            Err(_) if expected.is_empty() => {}
            Ok(answers) => faults.push(format!(
                "{}: {}\n  expected {}\n  answered {}",
                case["name"],
                case["note"],
                json!(expected),
                json!(answers)
            )),
            Err(error) => faults.push(format!("{}: {error}", case["name"])),
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {checked}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
