//! A host that keeps what it is handed, and shorthands.

use std::collections::BTreeMap;

use action_triggers_guest::{
    engine::{Engine, Loaded},
    event::{Event, Signal},
    failure::Failure,
    host::{Host, PublishError, Receipt, SettingError},
    record::{Message, Payload},
};

/// A record as the host was handed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) trigger: String,
    pub(crate) queue: u32,
    pub(crate) ordering_key: String,
    pub(crate) broker: String,
    pub(crate) conn_details: String,
    pub(crate) parameters: String,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) key: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) partition: Option<u32>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) value: String,
    pub(crate) is_json: bool,
}

impl From<Message<'_>> for Sent {
    fn from(message: Message<'_>) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (value, is_json) = match message.value {
            Payload::Json(bytes) => (text(bytes), true),
            Payload::Text(bytes) => (text(bytes), false),
            Payload::Tombstone => (String::new(), false),
        };
        Self {
            trigger: message.trigger.into(),
            queue: message.queue,
            ordering_key: message.ordering_key,
            broker: message.broker.into(),
            conn_details: message.conn_details,
            parameters: message.parameters,
            timeout_ms: message.timeout_ms,
            key: message.key.map(text),
            headers: message
                .headers
                .into_iter()
                .map(|(name, value)| (name.into(), text(value)))
                .collect(),
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
}

impl Host for TestHost {
    fn setting(&mut self, path: &str) -> Result<String, SettingError> {
        self.asked.push(path.into());
        self.settings
            .get(path)
            .cloned()
            .ok_or(SettingError::NotAllowed)
    }

    fn publish(&mut self, message: Message<'_>) -> Result<Receipt, PublishError> {
        if message.broker == "nope" {
            return Err(PublishError::UnknownBroker("nope".into()));
        }
        self.sent.push(message.into());
        Ok(Receipt {
            topic: "topic".into(),
        })
    }
}

pub(crate) fn load(set: &str) -> (Engine, Loaded) {
    Engine::load(set, &[]).unwrap_or_else(|faults| panic!("{set}: {faults:#?}"))
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
        for publication in outcome? {
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
