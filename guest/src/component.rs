//! The component's shell: WIT types to core types and back, nothing else.

use std::cell::OnceCell;

use crate::{diagnostic, engine, engine::Engine, event, explain, failure::Failure, host, record};
use bindings::{
    action_triggers::engine::{kafka, settings},
    exports::action_triggers::engine::triggers,
};

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated: the calls across the component's boundary"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "engine",
        // A record is handed over as it lies in memory.
        ownership: Borrowing { duplicate_if_necessary: false },
    });

    export!(Component);

    use super::Component;
}

struct Component;

thread_local! {
    // One instance of the component holds one set.
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

impl triggers::Guest for Component {
    fn load(
        triggers: String,
        brokers: Vec<triggers::Broker>,
    ) -> Result<triggers::Loaded, Vec<triggers::Diagnostic>> {
        let brokers: Vec<_> = brokers.into_iter().map(Into::into).collect();
        let (engine, loaded) = Engine::load(&triggers, &brokers)
            .map_err(|faults| faults.into_iter().map(Into::into).collect::<Vec<_>>())?;
        ENGINE.with(|cell| match cell.set(engine) {
            Ok(()) => Ok(loaded.into()),
            Err(_) => Err(vec![already_loaded()]),
        })
    }

    fn process(events: Vec<triggers::Event>) -> Vec<triggers::Outcome> {
        let events: Vec<_> = events.iter().map(core_event).collect();
        with_engine(|engine| {
            let outcomes = engine.process(&events, &mut Imports);
            outcomes.into_iter().map(listed).collect()
        })
        .unwrap_or_else(|failure| events.iter().map(|_| Err(failure.clone())).collect())
    }

    fn render(
        events: Vec<triggers::Event>,
    ) -> Vec<Result<Vec<triggers::Rendering>, triggers::Failure>> {
        let events: Vec<_> = events.iter().map(core_event).collect();
        with_engine(|engine| {
            let renderings = engine.render(&events, &mut Imports);
            renderings.into_iter().map(listed).collect()
        })
        .unwrap_or_else(|failure| events.iter().map(|_| Err(failure.clone())).collect())
    }

    fn explain(event: triggers::Event) -> Result<Vec<triggers::Explanation>, triggers::Failure> {
        with_engine(|engine| listed(engine.explain(&core_event(&event))))?
    }
}

fn with_engine<T>(call: impl FnOnce(&Engine) -> T) -> Result<T, triggers::Failure> {
    ENGINE.with(|cell| match cell.get() {
        Some(engine) => Ok(call(engine)),
        None => Err(triggers::Failure {
            code: "not_loaded".into(),
            message: "no triggers are loaded: call `load` first".into(),
        }),
    })
}

fn already_loaded() -> triggers::Diagnostic {
    triggers::Diagnostic {
        severity: triggers::Severity::Error,
        code: "already_loaded".into(),
        path: "$".into(),
        message: "this instance has its triggers".into(),
        help: Some("make a new instance for another set".into()),
        span: None,
    }
}

fn listed<T, U: From<T>>(result: Result<Vec<T>, Failure>) -> Result<Vec<U>, triggers::Failure> {
    match result {
        Ok(items) => Ok(items.into_iter().map(U::from).collect()),
        Err(failure) => Err(failure.into()),
    }
}

fn core_event(event: &triggers::Event) -> event::Event<'_> {
    event::Event {
        id: &event.id,
        signal: match event.signal {
            triggers::Signal::PreSave => event::Signal::PreSave,
            triggers::Signal::PostSave => event::Signal::PostSave,
            triggers::Signal::PreDelete => event::Signal::PreDelete,
            triggers::Signal::PostDelete => event::Signal::PostDelete,
        },
        content_type: &event.content_type,
        instance: &event.instance,
        before: event.before.as_deref(),
        created: None,
        time: event.time.as_deref(),
    }
}

impl From<triggers::Broker> for host::Broker {
    fn from(broker: triggers::Broker) -> Self {
        Self {
            name: broker.name,
            conn_details: broker.conn_details,
            parameters: broker.parameters,
            topics: Vec::new(),
        }
    }
}

/// The component's imports, as the core's host.
struct Imports;

impl host::Host for Imports {
    fn setting(&mut self, path: &str) -> Result<String, host::SettingError> {
        settings::get(path).map_err(|error| match error {
            settings::SettingsError::NotAllowed => host::SettingError::NotAllowed,
            settings::SettingsError::NotFound => host::SettingError::NotFound,
            settings::SettingsError::Failed(text) => host::SettingError::Failed(text),
        })
    }

    fn publish(
        &mut self,
        message: record::Message<'_>,
    ) -> Result<host::Receipt, host::PublishError> {
        let headers = message
            .headers
            .iter()
            .map(|(name, value)| kafka::Header { name, value });
        let headers: Vec<_> = headers.collect();
        match kafka::publish(kafka_message(&message, &headers)) {
            Ok(receipt) => Ok(host::Receipt {
                topic: receipt.topic,
            }),
            Err(error) => Err(error.into()),
        }
    }
}

impl From<kafka::PublishError> for host::PublishError {
    fn from(error: kafka::PublishError) -> Self {
        match error {
            kafka::PublishError::UnknownBroker(name) => Self::UnknownBroker(name),
            kafka::PublishError::InvalidDestination(text) => Self::InvalidDestination(text),
            kafka::PublishError::TooLarge(limit) => Self::TooLarge {
                actual: limit.actual,
                maximum: limit.maximum,
            },
            kafka::PublishError::InvalidRecord(text) => Self::InvalidRecord(text),
            kafka::PublishError::TooMany(maximum) => Self::TooMany(maximum),
        }
    }
}

fn kafka_message<'a>(
    message: &'a record::Message<'_>,
    headers: &'a [kafka::Header<'a>],
) -> kafka::Message<'a> {
    kafka::Message {
        event_id: message.event_id,
        trigger: message.trigger,
        queue: message.queue,
        ordering_key: &message.ordering_key,
        broker: message.broker,
        conn_details: &message.conn_details,
        parameters: &message.parameters,
        timeout_ms: message.timeout_ms,
        key: message.key.as_deref(),
        headers,
        partition: message.partition,
        timestamp_ms: message.timestamp_ms,
        value: match &message.value {
            record::Payload::Json(bytes) => kafka::Payload::Json(bytes),
            record::Payload::Text(bytes) => kafka::Payload::Text(bytes),
            record::Payload::Tombstone => kafka::Payload::Tombstone,
        },
    }
}

impl From<record::Message<'_>> for triggers::Rendered {
    fn from(message: record::Message<'_>) -> Self {
        let header = |(name, value): (&str, Vec<u8>)| (name.into(), value);
        Self {
            trigger: message.trigger.into(),
            queue: message.queue,
            ordering_key: message.ordering_key,
            broker: message.broker.into(),
            conn_details: message.conn_details,
            parameters: message.parameters,
            timeout_ms: message.timeout_ms,
            key: message.key,
            headers: message.headers.into_iter().map(header).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value: match message.value {
                record::Payload::Json(bytes) => triggers::RenderedValue::Json(bytes),
                record::Payload::Text(bytes) => triggers::RenderedValue::Text(bytes),
                record::Payload::Tombstone => triggers::RenderedValue::Tombstone,
            },
        }
    }
}

impl From<Failure> for triggers::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code().into(),
            message: failure.to_string(),
        }
    }
}

impl From<engine::Publication<'_>> for triggers::Publication {
    fn from(publication: engine::Publication<'_>) -> Self {
        Self {
            trigger: publication.trigger.into(),
            queue: publication.queue,
            outcome: publication.outcome.map_err(Into::into),
        }
    }
}

impl From<engine::Rendering<'_>> for triggers::Rendering {
    fn from(rendering: engine::Rendering<'_>) -> Self {
        Self {
            trigger: rendering.trigger.into(),
            queue: rendering.queue,
            outcome: rendering.outcome.map(Into::into).map_err(Into::into),
        }
    }
}

impl From<explain::Explanation<'_>> for triggers::Explanation {
    fn from(explanation: explain::Explanation<'_>) -> Self {
        Self {
            trigger: explanation.trigger.into(),
            fires: explanation.fires,
            clause: explanation.clause.as_str().into(),
            reason: explanation.reason,
        }
    }
}

impl From<engine::Loaded> for triggers::Loaded {
    fn from(loaded: engine::Loaded) -> Self {
        let trigger = |trigger: engine::LoadedTrigger| triggers::LoadedTrigger {
            name: trigger.name,
            active: trigger.active,
            queues: trigger.queues,
        };
        Self {
            triggers: loaded.triggers.into_iter().map(trigger).collect(),
            diagnostics: loaded.diagnostics.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<diagnostic::Diagnostic> for triggers::Diagnostic {
    fn from(diagnostic: diagnostic::Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity {
                diagnostic::Severity::Error => triggers::Severity::Error,
                diagnostic::Severity::Warning => triggers::Severity::Warning,
            },
            code: diagnostic.code.into(),
            path: diagnostic.path,
            message: diagnostic.message,
            help: diagnostic.help,
            span: diagnostic.span.map(|span| triggers::Span {
                offset: narrowed(span.offset),
                length: narrowed(span.length),
                line: narrowed(span.line),
                column: narrowed(span.column),
            }),
        }
    }
}

/// A place in a text; texts in 32-bit memory are shorter than its bound.
fn narrowed(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
