//! A host that keeps what it is handed, and shorthands.

use std::{collections::BTreeMap, fmt::Write as _};

use action_triggers_guest::{
    engine::{Decision, Engine, Outcome},
    event::{EventError, Input, Signal},
    explain::Explanation,
    failure::Failure,
    host::{Broker, Host, PublishError, Receipt, SettingError},
    limits::Limits,
    loaded::{Loaded, Refusal},
    message::{Message, Payload},
};
use serde_json::Value;

/// An event, as tests write it; `instance` and `before` are JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) id: &'a str,
    pub(crate) signal: Signal,
    pub(crate) content_type: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) before: Option<&'a str>,
    pub(crate) created: Option<bool>,
    pub(crate) time: Option<&'a str>,
}

impl From<Event<'_>> for Input {
    fn from(event: Event<'_>) -> Self {
        let mut text = format!(
            r#"{{"id": {}, "signal": "{}", "content_type": {}, "instance": {}"#,
            Value::from(event.id),
            event.signal,
            Value::from(event.content_type),
            event.instance
        );
        if let Some(before) = event.before {
            write!(text, r#", "before": {before}"#).unwrap();
        }
        if let Some(created) = event.created {
            write!(text, r#", "created": {created}"#).unwrap();
        }
        if let Some(time) = event.time {
            write!(text, r#", "time": {}"#, Value::from(time)).unwrap();
        }
        text.push('}');
        Self {
            text,
            id: "of-the-host".into(),
        }
    }
}

/// A record as the host was handed it, with what `load` told of its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) trigger: String,
    pub(crate) queue: u32,
    pub(crate) ordering_key: Option<String>,
    pub(crate) broker: String,
    pub(crate) conn_details: String,
    pub(crate) parameters: String,
    pub(crate) topic: Option<String>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) key: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) partition: Option<u32>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) value: String,
    pub(crate) is_json: bool,
}

impl Sent {
    fn new(message: &Message<'_>, loaded: &Loaded) -> Self {
        let (value, is_json) = match &message.value {
            Payload::Json(text) => (text.clone(), true),
            Payload::Text(text) => (text.clone(), false),
            Payload::Tombstone => (String::new(), false),
        };
        let trigger = &loaded.triggers[message.trigger as usize];
        let queue = &trigger.queues[message.queue as usize];
        assert_eq!(message.destination.is_none(), queue.is_fixed);
        assert_eq!(message.topic.is_some(), queue.renders_topic);
        let destination = message.destination.as_ref().unwrap_or(&queue.destination);
        let header = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        Self {
            trigger: trigger.name.clone(),
            queue: message.queue,
            ordering_key: message.ordering_key.clone(),
            broker: queue.broker.clone(),
            conn_details: destination.conn_details.clone(),
            parameters: destination.parameters.clone(),
            topic: message.topic.clone(),
            timeout_ms: queue.timeout_ms,
            key: message.key.clone(),
            headers: message.headers.iter().map(header).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value,
            is_json,
        }
    }
}

/// Knows some settings and every broker not called `nope`.
#[derive(Debug, Default)]
pub(crate) struct TestHost {
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) asked: Vec<String>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) loaded: Option<Loaded>,
}

impl Host for TestHost {
    fn setting(&mut self, path: &str) -> Result<String, SettingError> {
        self.asked.push(path.into());
        self.settings
            .get(path)
            .cloned()
            .ok_or(SettingError::NotAllowed)
    }

    fn publish(&mut self, message: &Message<'_>) -> Result<Receipt, PublishError> {
        let sent = Sent::new(message, self.loaded.as_ref().unwrap());
        if sent.broker == "nope" {
            return Err(PublishError::UnknownBroker("nope".into()));
        }
        self.sent.push(sent);
        let number = u32::try_from(self.sent.len() - 1).unwrap();
        Ok(Receipt { number })
    }
}

/// What became of one queue.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) trigger: String,
    pub(crate) outcome: Result<u32, Failure>,
}

/// An engine and what it said of its set.
#[derive(Debug)]
pub(crate) struct TestEngine {
    pub(crate) engine: Engine,
    loaded: Loaded,
}

impl TestEngine {
    pub(crate) fn load(set: &str, brokers: Vec<Broker>) -> Result<(Self, Loaded), Refusal> {
        let (engine, loaded) = Engine::load(set, brokers, Limits::default())?;
        let told = loaded.clone();
        Ok((Self { engine, loaded }, told))
    }

    pub(crate) fn process(
        &self,
        events: &[Event<'_>],
        host: &mut TestHost,
    ) -> Vec<Result<Vec<Publication>, EventError>> {
        host.loaded = Some(self.loaded.clone());
        let events = events.iter().map(|event| (*event).into()).collect();
        let publication = |one: action_triggers_guest::engine::Publication| Publication {
            trigger: self.loaded.triggers[one.trigger as usize].name.clone(),
            outcome: one.receipt,
        };
        let outcomes = self.engine.process(events, host).into_iter();
        outcomes
            .map(|outcome| Ok(done(outcome)?.into_iter().map(publication).collect()))
            .collect()
    }

    pub(crate) fn explain(&self, event: &Event<'_>) -> Result<Vec<Explanation>, EventError> {
        done(self.engine.explain(vec![(*event).into()]).remove(0))
    }

    pub(crate) fn name(&self, trigger: u32) -> &str {
        &self.loaded.triggers[trigger as usize].name
    }
}

/// What was decided for an event that was read.
pub(crate) fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> Result<Vec<T>, EventError> {
    match outcome.decision {
        Decision::Done(all) => Ok(all),
        Decision::Unreadable(error) => Err(error),
        other => panic!("not decided: {other:?}"),
    }
}

pub(crate) fn load(set: &str) -> (TestEngine, Loaded) {
    TestEngine::load(set, Vec::new()).unwrap_or_else(|faults| panic!("{set}: {faults:#?}"))
}

/// The sale of the seed page's example, saved.
pub(crate) const SALE: &str =
    r#"{"id": 7, "customer": {"name": "Alice"}, "quantity": 3, "price": 1200.00, "note": null}"#;

pub(crate) fn sale() -> Event<'static> {
    Event {
        id: "e1",
        signal: Signal::PostSave,
        content_type: "shop.sale",
        instance: SALE,
        before: None,
        created: None,
        time: Some("2024-01-02T03:04:05Z"),
    }
}

/// A set of one trigger for saved sales, with these members and one queue.
pub(crate) fn trigger(members: &str) -> String {
    format!(
        r#"[{{"name": "t", "config_signals": [{{"signal": "post_save"}}],
             "content_types": [{{"app_label": "shop", "model_name": "Sale"}}],
             "msg_broker_queues": [{{"name": "kafka_1"}}], {members}}}]"#
    )
}

/// What a set of one trigger does with one event.
pub(crate) fn publish(set: &str, event: &Event<'_>, host: &mut TestHost) -> Result<Sent, Failure> {
    let (engine, _) = load(set);
    let outcomes = engine.process(std::slice::from_ref(event), host);
    for outcome in outcomes {
        for publication in outcome.unwrap() {
            publication.outcome?;
        }
    }
    Ok(host.sent.pop().expect("nothing was sent"))
}

/// The value that a payload gives for the sale.
pub(crate) fn value(payload: &str, more: &str) -> Sent {
    let set = trigger(&format!(r#""payload": {payload}{more}"#));
    publish(&set, &sale(), &mut TestHost::default()).unwrap()
}
