//! The component's boundary: only this file knows the types generated from `wit/`. What
//! crosses is made from, and into, the plain types of the core and of `crossing`.

use action_triggers_vocabulary::{PublishError, SettingError, Signal};
use wasmtime::{
    Store,
    component::{Component, HasSelf, Linker},
};

use self::bindings::{
    ActionTriggers as Bindings, ActionTriggersPre,
    action_triggers::engine::{kafka, settings},
    exports::action_triggers::engine::triggers,
};
use super::{
    crossing::{Answer, Baked, Decision, Explained, Offered, Published, TriggerLimits, Why},
    data::Data,
};
use crate::{
    broker::{BrokerMembers, Offer, Payload},
    event::{EventError, EventText},
    outcome::{
        Diagnostic, Failure, Frequency, KnownHeader, KnownRecord, KnownValue, Loaded, LoadedQueue,
        LoadedTrigger, NamedSetting, QueueDestination, Refusal, Severity, Span,
    },
};

#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in wit/"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "action-triggers",
    });
}

/// A compiled component with its imports linked.
pub(super) struct Linked(ActionTriggersPre<Data>);

/// An instance's exports.
pub(super) struct Exports(Bindings);

/// Events in the form in which they cross.
#[derive(Debug)]
pub(super) struct Batch(Vec<triggers::Input>);

impl Linked {
    pub(super) fn new(engine: &wasmtime::Engine, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        Bindings::add_to_linker::<_, HasSelf<_>>(&mut linker, |data: &mut Data| data)?;
        Ok(Self(ActionTriggersPre::new(
            linker.instantiate_pre(component)?,
        )?))
    }

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        self.0.engine()
    }

    pub(super) fn instantiate(&self, store: &mut Store<Data>) -> wasmtime::Result<Exports> {
        self.0.instantiate(store).map(Exports)
    }
}

impl Exports {
    /// What the instance came with; none where it is to be loaded.
    pub(super) fn baked(&self, store: &mut Store<Data>) -> wasmtime::Result<Option<Baked>> {
        let told = self.triggers().call_loaded(store)?;
        Ok(told.map(|mut told| Baked {
            brokers: converted(std::mem::take(&mut told.brokers)),
            limits: told.limits.clone().into(),
            loaded: told.into(),
        }))
    }

    pub(super) fn load(
        &self,
        store: &mut Store<Data>,
        set: &str,
        brokers: Vec<BrokerMembers>,
        limits: &TriggerLimits,
    ) -> wasmtime::Result<Result<Loaded, Refusal>> {
        let brokers: Vec<_> = converted(brokers);
        let loaded = self
            .triggers()
            .call_load(store, set, &brokers, &limits.clone().into())?;
        Ok(loaded.map(Into::into).map_err(Into::into))
    }

    pub(super) fn process(
        &self,
        store: &mut Store<Data>,
        batch: &Batch,
    ) -> wasmtime::Result<Vec<Answer<Published>>> {
        let outcomes = self.triggers().call_process(store, &batch.0)?;
        let answer = |outcome: triggers::Outcome| Answer {
            id: outcome.id,
            decision: match outcome.decision {
                triggers::Decision::Done(all) => Decision::Done(converted(all)),
                triggers::Decision::Unreadable(error) => Decision::Unreadable(error.into()),
                triggers::Decision::Failed(failure) => Decision::Failed(failure.into()),
                triggers::Decision::NotProcessed => Decision::NotProcessed,
            },
        };
        Ok(outcomes.into_iter().map(answer).collect())
    }

    pub(super) fn render(
        &self,
        store: &mut Store<Data>,
        batch: &Batch,
    ) -> wasmtime::Result<Vec<Answer<Offered>>> {
        let outcomes = self.triggers().call_render(store, &batch.0)?;
        let answer = |outcome: triggers::Rendered| Answer {
            id: outcome.id,
            decision: match outcome.decision {
                triggers::RenderedEvent::Done(all) => Decision::Done(converted(all)),
                triggers::RenderedEvent::Unreadable(error) => Decision::Unreadable(error.into()),
                triggers::RenderedEvent::Failed(failure) => Decision::Failed(failure.into()),
                triggers::RenderedEvent::NotProcessed => Decision::NotProcessed,
            },
        };
        Ok(outcomes.into_iter().map(answer).collect())
    }

    pub(super) fn explain(
        &self,
        store: &mut Store<Data>,
        batch: &Batch,
    ) -> wasmtime::Result<Vec<Answer<Explained>>> {
        let outcomes = self.triggers().call_explain(store, &batch.0)?;
        let answer = |outcome: triggers::Explained| Answer {
            id: outcome.id,
            decision: match outcome.decision {
                triggers::ExplainedEvent::Done(all) => Decision::Done(converted(all)),
                triggers::ExplainedEvent::Unreadable(error) => Decision::Unreadable(error.into()),
                triggers::ExplainedEvent::Failed(failure) => Decision::Failed(failure.into()),
                triggers::ExplainedEvent::NotProcessed => Decision::NotProcessed,
            },
        };
        Ok(outcomes.into_iter().map(answer).collect())
    }

    fn triggers(&self) -> &triggers::Guest {
        self.0.action_triggers_engine_triggers()
    }
}

impl Batch {
    pub(super) fn new(events: Vec<EventText>) -> Self {
        let input = |event: EventText| triggers::Input {
            text: event.text,
            id: event.id,
        };
        Self(events.into_iter().map(input).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The ids that the host gave.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|event| event.id.as_str())
    }

    /// The text of the event at this place.
    pub(super) fn text(&self, place: usize) -> Option<&str> {
        self.0.get(place).map(|event| event.text.as_str())
    }

    /// Each event as a batch of its own.
    pub(super) fn split(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().map(|event| Self(vec![event]))
    }

    /// The events from this place on.
    pub(super) fn split_off(&mut self, place: usize) -> Self {
        Self(self.0.split_off(place.min(self.0.len())))
    }
}

fn converted<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

impl settings::Host for Data {
    fn get(&mut self, path: String) -> Result<String, settings::SettingsError> {
        self.setting(&path).map_err(|error| match error {
            SettingError::NotAllowed => settings::SettingsError::NotAllowed,
            SettingError::NotFound => settings::SettingsError::NotFound,
            error => settings::SettingsError::Failed(error.to_string()),
        })
    }
}

impl kafka::Host for Data {
    fn publish(&mut self, message: kafka::Message) -> Result<kafka::Receipt, kafka::PublishError> {
        let number = self.publish_offer(message.into())?;
        Ok(kafka::Receipt { number })
    }
}

impl From<PublishError> for kafka::PublishError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::UnknownBroker(name) => Self::UnknownBroker(name),
            PublishError::InvalidDestination(text) => Self::InvalidDestination(text),
            PublishError::NotWritable { code, message } => {
                Self::NotWritable(kafka::BrokenRule { code, message })
            }
            PublishError::TooMany(maximum) => Self::TooMany(maximum),
            PublishError::NotPublishing => Self::NotPublishing,
            other => Self::InvalidRecord(other.to_string()),
        }
    }
}

impl From<kafka::Message> for Offer {
    fn from(message: kafka::Message) -> Self {
        let headers = message.headers.into_iter();
        Self {
            event: message.event,
            trigger: message.trigger,
            queue: message.queue,
            ordering_key: message.ordering_key,
            destination: message.destination.map(Into::into),
            topic: message.topic,
            key: message.key,
            headers: headers.map(|header| (header.name, header.value)).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value: match message.value {
                kafka::Payload::Json(text) => Payload::Json(text),
                kafka::Payload::Text(text) => Payload::Text(text),
                kafka::Payload::Tombstone => Payload::Tombstone,
            },
        }
    }
}

impl From<kafka::Destination> for QueueDestination {
    fn from(destination: kafka::Destination) -> Self {
        Self::new(destination.conn_details, destination.parameters)
    }
}

impl From<BrokerMembers> for kafka::Broker {
    fn from(members: BrokerMembers) -> Self {
        Self {
            name: members.name,
            conn_details: members.conn_details,
            parameters: members.parameters,
            topics: members.topics,
        }
    }
}

impl From<kafka::Broker> for BrokerMembers {
    fn from(broker: kafka::Broker) -> Self {
        Self {
            name: broker.name,
            conn_details: broker.conn_details,
            parameters: broker.parameters,
            topics: broker.topics,
        }
    }
}

impl From<triggers::Limits> for TriggerLimits {
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

impl From<TriggerLimits> for triggers::Limits {
    fn from(limits: TriggerLimits) -> Self {
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

impl From<triggers::Failure> for Failure {
    fn from(failure: triggers::Failure) -> Self {
        Self::new(failure.code, failure.message)
    }
}

impl From<triggers::EventError> for EventError {
    fn from(error: triggers::EventError) -> Self {
        let start = widened(error.offset);
        Self::Invalid {
            code: error.code,
            message: error.message,
            span: start..start.saturating_add(widened(error.length)),
            line: error.line.into(),
            column: error.column,
        }
    }
}

impl From<triggers::Publication> for Published {
    fn from(publication: triggers::Publication) -> Self {
        Self {
            trigger: publication.trigger,
            queue: publication.queue,
            answer: publication.receipt.map_err(Into::into),
        }
    }
}

impl From<triggers::Rendering> for Offered {
    fn from(rendering: triggers::Rendering) -> Self {
        Self {
            trigger: rendering.trigger,
            queue: rendering.queue,
            answer: rendering.message.map(Into::into).map_err(Into::into),
        }
    }
}

impl From<triggers::Explanation> for Explained {
    fn from(explanation: triggers::Explanation) -> Self {
        Self {
            trigger: explanation.trigger,
            queue: 0,
            answer: Why {
                fires: explanation.fires,
                clause: explanation.clause,
                reason: explanation.reason,
            },
        }
    }
}

impl From<triggers::LoadedSet> for Loaded {
    fn from(loaded: triggers::LoadedSet) -> Self {
        Self::new(
            converted(loaded.triggers),
            converted(loaded.diagnostics),
            loaded.set_sha256,
        )
    }
}

impl From<triggers::Refusal> for Refusal {
    fn from(refusal: triggers::Refusal) -> Self {
        Self::new(converted(refusal.diagnostics), converted(refusal.triggers))
    }
}

impl From<triggers::LoadedTrigger> for LoadedTrigger {
    fn from(trigger: triggers::LoadedTrigger) -> Self {
        let signal = |signal| match signal {
            triggers::Signal::PreSave => Signal::PreSave,
            triggers::Signal::PostSave => Signal::PostSave,
            triggers::Signal::PreDelete => Signal::PreDelete,
            triggers::Signal::PostDelete => Signal::PostDelete,
        };
        let mut loaded = Self::new(trigger.name);
        loaded.is_named = trigger.is_named;
        loaded.active = trigger.active;
        loaded.signals = trigger.signals.into_iter().map(signal).collect();
        loaded.content_types = trigger.content_types;
        loaded.queues = converted(trigger.queues);
        loaded.value = trigger.value.into();
        loaded
    }
}

impl From<triggers::LoadedQueue> for LoadedQueue {
    fn from(queue: triggers::LoadedQueue) -> Self {
        let setting = |setting: triggers::NamedSetting| {
            NamedSetting::new(setting.name, setting.path, setting.span.into())
        };
        let mut loaded = Self::new(queue.broker, queue.path);
        loaded.destination = queue.destination.into();
        loaded.is_fixed = queue.is_fixed;
        loaded.renders_topic = queue.renders_topic;
        loaded.timeout_ms = queue.timeout_ms;
        loaded.settings = queue.settings.into_iter().map(setting).collect();
        loaded.records = queue.records.map(Into::into);
        loaded
    }
}

impl From<triggers::KnownValue> for KnownValue {
    fn from(value: triggers::KnownValue) -> Self {
        match value {
            triggers::KnownValue::FixedJson(text) => Self::FixedJson(text),
            triggers::KnownValue::FixedText(text) => Self::FixedText(text),
            triggers::KnownValue::Json(bytes) => Self::Json(widened(bytes)),
            triggers::KnownValue::Text(bytes) => Self::Text(widened(bytes)),
            triggers::KnownValue::Either(bytes) => Self::Either(widened(bytes)),
        }
    }
}

impl From<triggers::KnownRecord> for KnownRecord {
    fn from(record: triggers::KnownRecord) -> Self {
        let header = |header: triggers::KnownHeader| KnownHeader {
            name: header.name,
            value_bytes: widened(header.value_bytes),
            is_fixed: header.is_fixed,
        };
        Self {
            key_bytes: widened(record.key_bytes),
            headers: record.headers.into_iter().map(header).collect(),
            timestamp: record.timestamp.into(),
            timestamp_ms: record.timestamp_ms,
            tombstone: record.tombstone.into(),
        }
    }
}

impl From<triggers::Frequency> for Frequency {
    fn from(frequency: triggers::Frequency) -> Self {
        match frequency {
            triggers::Frequency::None => Self::None,
            triggers::Frequency::Some => Self::Some,
            triggers::Frequency::All => Self::All,
        }
    }
}

fn widened(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl From<triggers::Diagnostic> for Diagnostic {
    fn from(diagnostic: triggers::Diagnostic) -> Self {
        let mut found = Self::error(diagnostic.code, diagnostic.path, diagnostic.message);
        found.severity = match diagnostic.severity {
            triggers::Severity::Error => Severity::Error,
            triggers::Severity::Warning => Severity::Warning,
        };
        found.help = diagnostic.help;
        found.span = diagnostic.span.map(Into::into);
        found
    }
}

impl From<triggers::Span> for Span {
    fn from(span: triggers::Span) -> Self {
        Self {
            offset: span.offset,
            length: span.length,
            line: span.line,
            column: span.column,
        }
    }
}
