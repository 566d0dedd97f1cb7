//! The component's shell: WIT types to the engine's types and back, nothing else.

mod known;

use std::cell::OnceCell;

use crate::{
    diagnostic,
    engine::{self, Decision, Engine, Outcome},
    event, explain,
    failure::Failure,
    host,
    limits::Limits,
    loaded, message,
};
use action_triggers_vocabulary::Signal;
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
        world: "action-triggers",
        // What is handed over is borrowed as it lies in memory; without the
        // second half each of its strings would be copied first.
        ownership: Borrowing { duplicate_if_necessary: true },
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
        set: String,
        brokers: Vec<triggers::Broker>,
        limits: triggers::Limits,
    ) -> Result<triggers::LoadedSet, triggers::Refusal> {
        if ENGINE.with(|cell| cell.get().is_some()) {
            return Err(already_loaded());
        }
        let brokers = brokers.into_iter().map(Into::into).collect();
        let (engine, loaded) =
            Engine::load(set, brokers, limits.into()).map_err(triggers::Refusal::from)?;
        let told = loaded_set(&engine, loaded);
        ENGINE.with(|cell| match cell.set(engine) {
            Ok(()) => Ok(told),
            Err(_) => Err(already_loaded()),
        })
    }

    fn loaded() -> Option<triggers::LoadedSet> {
        ENGINE.with(|cell| {
            let engine = cell.get()?;
            Some(loaded_set(engine, engine.loaded(Vec::new())))
        })
    }

    fn process(events: Vec<triggers::Input>) -> Vec<triggers::Outcome> {
        with_engine::<engine::Publication, _>(events, |engine, events| {
            converted(engine.process(events, &mut Imports))
        })
    }

    fn render(events: Vec<triggers::Input>) -> Vec<triggers::Rendered> {
        with_engine::<engine::Rendering<'_>, _>(events, |engine, events| {
            converted(engine.render(events, &mut Imports))
        })
    }

    fn explain(events: Vec<triggers::Input>) -> Vec<triggers::Explained> {
        with_engine::<explain::Explanation, _>(events, |engine, events| {
            converted(engine.explain(events))
        })
    }
}

/// What the engine answers for the events; without one, that there is none.
fn with_engine<T, U: From<Outcome<T>>>(
    events: Vec<triggers::Input>,
    call: impl FnOnce(&Engine, Vec<event::Input>) -> Vec<U>,
) -> Vec<U> {
    let not_loaded = |event: triggers::Input| {
        U::from(Outcome {
            id: event.id,
            decision: Decision::Failed(Failure::NotLoaded),
        })
    };
    ENGINE.with(|cell| match cell.get() {
        Some(engine) => call(engine, core_events(events)),
        None => events.into_iter().map(not_loaded).collect(),
    })
}

/// Takes an outcome across the boundary. What was decided has a type for each function there, as
/// WIT has no generic ones.
macro_rules! outcome {
    ($from:ty, $to:ident, $decision:ident) => {
        impl From<Outcome<$from>> for triggers::$to {
            fn from(outcome: Outcome<$from>) -> Self {
                Self {
                    id: outcome.id,
                    decision: match outcome.decision {
                        Decision::Done(all) => triggers::$decision::Done(converted(all)),
                        Decision::Unreadable(error) => {
                            triggers::$decision::Unreadable(error.into())
                        }
                        Decision::Failed(failure) => triggers::$decision::Failed(failure.into()),
                        Decision::NotProcessed => triggers::$decision::NotProcessed,
                    },
                }
            }
        }
    };
}

outcome!(engine::Publication, Outcome, Decision);
outcome!(engine::Rendering<'_>, Rendered, RenderedEvent);
outcome!(explain::Explanation, Explained, ExplainedEvent);

fn already_loaded() -> triggers::Refusal {
    let diagnostic = triggers::Diagnostic {
        severity: triggers::Severity::Error,
        code: "already_loaded".into(),
        path: "$".into(),
        message: "this instance has its triggers".into(),
        help: Some("make a new instance for another set".into()),
        span: None,
    };
    triggers::Refusal {
        diagnostics: vec![diagnostic],
        triggers: Vec::new(),
    }
}

impl From<loaded::Refusal> for triggers::Refusal {
    fn from(refusal: loaded::Refusal) -> Self {
        Self {
            diagnostics: converted(refusal.diagnostics),
            triggers: converted(refusal.triggers),
        }
    }
}

fn converted<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

fn core_events(events: Vec<triggers::Input>) -> Vec<event::Input> {
    let input = |event: triggers::Input| event::Input {
        text: event.text,
        id: event.id,
    };
    events.into_iter().map(input).collect()
}

/// The component's imports, as the engine's host.
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
        message: &message::Message<'_>,
    ) -> Result<host::Receipt, host::PublishError> {
        let headers = message.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| kafka::HeaderParam { name, value })
            .collect();
        match kafka::publish(kafka_message(message, &headers)) {
            Ok(receipt) => Ok(host::Receipt {
                number: receipt.number,
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
            kafka::PublishError::InvalidRecord(text) => Self::InvalidRecord(text),
            kafka::PublishError::NotWritable(rule) => Self::NotWritable {
                code: rule.code,
                message: rule.message,
            },
            kafka::PublishError::TooMany(maximum) => Self::TooMany(maximum),
            kafka::PublishError::NotPublishing => Self::NotPublishing,
        }
    }
}

fn kafka_message<'a>(
    message: &'a message::Message<'_>,
    headers: &'a [kafka::HeaderParam<'a>],
) -> kafka::MessageParam<'a> {
    let destination = |destination: &'a message::Destination| kafka::DestinationParam {
        conn_details: &destination.conn_details,
        parameters: &destination.parameters,
    };
    kafka::MessageParam {
        event: message.event,
        trigger: message.trigger,
        queue: message.queue,
        ordering_key: message.ordering_key.as_deref(),
        destination: message.destination.as_ref().map(destination),
        topic: message.topic.as_deref(),
        key: message.key.as_deref(),
        headers,
        partition: message.partition,
        timestamp_ms: message.timestamp_ms,
        value: match &message.value {
            message::Payload::Json(text) => kafka::PayloadParam::Json(text),
            message::Payload::Text(text) => kafka::PayloadParam::Text(text),
            message::Payload::Tombstone => kafka::PayloadParam::Tombstone,
        },
    }
}

impl From<message::Message<'_>> for kafka::MessageResult {
    fn from(message: message::Message<'_>) -> Self {
        let header = |(name, value): (&str, String)| kafka::HeaderResult {
            name: name.into(),
            value,
        };
        Self {
            event: message.event,
            trigger: message.trigger,
            queue: message.queue,
            ordering_key: message.ordering_key,
            destination: message.destination.map(Into::into),
            topic: message.topic,
            key: message.key,
            headers: message.headers.into_iter().map(header).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value: match message.value {
                message::Payload::Json(text) => kafka::PayloadResult::Json(text),
                message::Payload::Text(text) => kafka::PayloadResult::Text(text),
                message::Payload::Tombstone => kafka::PayloadResult::Tombstone,
            },
        }
    }
}

impl From<message::Destination> for kafka::DestinationResult {
    fn from(destination: message::Destination) -> Self {
        Self {
            conn_details: destination.conn_details,
            parameters: destination.parameters,
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

impl From<event::EventError> for triggers::EventError {
    fn from(error: event::EventError) -> Self {
        let span = triggers::Span::from(error.span);
        Self {
            code: error.code.into(),
            message: error.message,
            offset: span.offset,
            length: span.length,
            line: span.line,
            column: span.column,
        }
    }
}

impl From<engine::Publication> for triggers::Publication {
    fn from(publication: engine::Publication) -> Self {
        Self {
            trigger: publication.trigger,
            queue: publication.queue,
            receipt: publication.receipt.map_err(Into::into),
        }
    }
}

impl From<engine::Rendering<'_>> for triggers::Rendering {
    fn from(rendering: engine::Rendering<'_>) -> Self {
        Self {
            trigger: rendering.trigger,
            queue: rendering.queue,
            message: rendering.message.map(Into::into).map_err(Into::into),
        }
    }
}

impl From<explain::Explanation> for triggers::Explanation {
    fn from(explanation: explain::Explanation) -> Self {
        Self {
            trigger: explanation.trigger,
            fires: explanation.fires,
            clause: explanation.clause.as_str().into(),
            reason: explanation.reason,
        }
    }
}

fn loaded_set(engine: &Engine, loaded: loaded::Loaded) -> triggers::LoadedSet {
    triggers::LoadedSet {
        triggers: converted(loaded.triggers),
        diagnostics: converted(loaded.diagnostics),
        brokers: engine.brokers().iter().cloned().map(Into::into).collect(),
        limits: engine.limits().clone().into(),
        set_sha256: loaded.set_sha256,
    }
}

impl From<loaded::LoadedTrigger> for triggers::LoadedTrigger {
    fn from(trigger: loaded::LoadedTrigger) -> Self {
        Self {
            name: trigger.name,
            is_named: trigger.is_named,
            active: trigger.active,
            signals: converted(trigger.signals),
            content_types: trigger.content_types,
            queues: converted(trigger.queues),
            value: trigger.value.into(),
        }
    }
}

impl From<loaded::LoadedQueue> for triggers::LoadedQueue {
    fn from(queue: loaded::LoadedQueue) -> Self {
        let setting = |setting: loaded::NamedSetting| triggers::NamedSetting {
            name: setting.name,
            path: setting.path,
            span: setting.span.into(),
        };
        Self {
            broker: queue.broker,
            path: queue.path,
            destination: queue.destination.into(),
            is_fixed: queue.is_fixed,
            renders_topic: queue.renders_topic,
            timeout_ms: queue.timeout_ms,
            settings: queue.settings.into_iter().map(setting).collect(),
            records: queue.records.map(Into::into),
        }
    }
}

impl From<Signal> for triggers::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::PreSave => Self::PreSave,
            Signal::PostSave => Self::PostSave,
            Signal::PreDelete => Self::PreDelete,
            Signal::PostDelete => Self::PostDelete,
        }
    }
}

impl From<kafka::Broker> for host::Broker {
    fn from(broker: kafka::Broker) -> Self {
        Self {
            name: broker.name,
            conn_details: broker.conn_details,
            parameters: broker.parameters,
            topics: broker.topics,
        }
    }
}

impl From<host::Broker> for kafka::Broker {
    fn from(broker: host::Broker) -> Self {
        Self {
            name: broker.name,
            conn_details: broker.conn_details,
            parameters: broker.parameters,
            topics: broker.topics,
        }
    }
}

impl From<triggers::Limits> for Limits {
    fn from(limits: triggers::Limits) -> Self {
        Self {
            fuel: limits.fuel,
            call_fuel: limits.call_fuel,
            output_bytes: limits.output_bytes,
            records: limits.records,
            depth: limits.depth,
            content_types: limits.content_types,
        }
    }
}

impl From<Limits> for triggers::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            fuel: limits.fuel,
            call_fuel: limits.call_fuel,
            output_bytes: limits.output_bytes,
            records: limits.records,
            depth: limits.depth,
            content_types: limits.content_types,
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
            span: diagnostic.span.map(Into::into),
        }
    }
}

impl From<diagnostic::Span> for triggers::Span {
    fn from(span: diagnostic::Span) -> Self {
        Self {
            offset: narrowed(span.offset),
            length: narrowed(span.length),
            line: narrowed(span.line),
            column: narrowed(span.column),
        }
    }
}

/// A place in a text, or its length; texts in 32-bit memory are shorter than its bound.
fn narrowed(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
