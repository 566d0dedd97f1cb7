//! The component's boundary: the only file that knows the types generated from
//! `wit/`. What crosses is made from, and into, the plain types of the core.

use action_triggers_vocabulary::PublishError;
use wasmtime::{
    Store,
    component::{Component, HasSelf, Linker},
};

use self::bindings::{
    Engine as Bindings, EnginePre,
    action_triggers::engine::{kafka, settings},
    exports::action_triggers::engine::triggers,
};
use super::compiled::Data;
use crate::{
    broker::{BrokerMembers, Offer, Payload},
    event::{Event, Signal},
    outcome::{
        Diagnostic, Explanation, Failure, Loaded, LoadedTrigger, Publication, Severity, Span,
    },
    settings::SettingError,
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
        world: "engine",
    });
}

/// A compiled component with its imports linked.
pub(super) struct Linked(EnginePre<Data>);

/// An instance's exports.
pub(super) struct Exports(Bindings);

/// Events in the form in which they cross.
pub(super) struct Batch(Vec<triggers::Event>);

/// What the guest says of one event, queue by queue.
pub(super) type Outcome<T> = Result<Vec<T>, Failure>;

/// What one queue would publish, before the host has looked at it.
pub(super) struct Offered {
    pub(super) trigger: String,
    pub(super) queue: u32,
    pub(super) outcome: Result<Offer, Failure>,
}

impl Linked {
    pub(super) fn new(engine: &wasmtime::Engine, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        Bindings::add_to_linker::<_, HasSelf<_>>(&mut linker, |data: &mut Data| data)?;
        Ok(Self(EnginePre::new(linker.instantiate_pre(component)?)?))
    }

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        self.0.engine()
    }

    pub(super) fn instantiate(&self, store: &mut Store<Data>) -> wasmtime::Result<Exports> {
        self.0.instantiate(store).map(Exports)
    }
}

impl Exports {
    pub(super) fn load(
        &self,
        store: &mut Store<Data>,
        set: &str,
        brokers: Vec<BrokerMembers>,
    ) -> wasmtime::Result<Result<Loaded, Vec<Diagnostic>>> {
        let brokers: Vec<_> = brokers.into_iter().map(Into::into).collect();
        let loaded = self.triggers().call_load(store, set, &brokers)?;
        Ok(loaded
            .map(Into::into)
            .map_err(|faults| faults.into_iter().map(Into::into).collect()))
    }

    pub(super) fn process(
        &self,
        store: &mut Store<Data>,
        batch: &Batch,
    ) -> wasmtime::Result<Vec<Outcome<Publication>>> {
        let outcomes = self.triggers().call_process(store, &batch.0)?;
        Ok(outcomes.into_iter().map(queues).collect())
    }

    pub(super) fn render(
        &self,
        store: &mut Store<Data>,
        batch: &Batch,
    ) -> wasmtime::Result<Vec<Outcome<Offered>>> {
        let outcomes = self.triggers().call_render(store, &batch.0)?;
        let outcomes = batch.0.iter().zip(outcomes);
        Ok(outcomes
            .map(|(event, outcome)| match outcome {
                Ok(queues) => Ok(queues
                    .into_iter()
                    .map(|one| offered(&event.id, one))
                    .collect()),
                Err(failure) => Err(failure.into()),
            })
            .collect())
    }

    pub(super) fn explain(
        &self,
        store: &mut Store<Data>,
        event: Event,
    ) -> wasmtime::Result<Outcome<Explanation>> {
        Ok(queues(self.triggers().call_explain(store, &event.into())?))
    }

    fn triggers(&self) -> &triggers::Guest {
        self.0.action_triggers_engine_triggers()
    }
}

impl Batch {
    pub(super) fn new(events: Vec<Event>) -> Self {
        Self(events.into_iter().map(Into::into).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|event| event.id.clone())
    }

    /// Each event as a batch of its own.
    pub(super) fn split(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().map(|event| Self(vec![event]))
    }
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
        let topic = self.publish_offer(message.into())?;
        Ok(kafka::Receipt { topic })
    }
}

impl From<PublishError> for kafka::PublishError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::UnknownBroker(name) => Self::UnknownBroker(name),
            PublishError::InvalidDestination(text) => Self::InvalidDestination(text),
            PublishError::TooLarge { actual, maximum } => {
                Self::TooLarge(kafka::SizeLimit { actual, maximum })
            }
            PublishError::TooMany(maximum) => Self::TooMany(maximum),
            other => Self::InvalidRecord(other.to_string()),
        }
    }
}

impl From<kafka::Message> for Offer {
    fn from(message: kafka::Message) -> Self {
        let headers = message.headers.into_iter();
        Self {
            event_id: message.event_id,
            trigger: message.trigger,
            queue: message.queue,
            ordering_key: message.ordering_key,
            broker: message.broker,
            conn_details: message.conn_details,
            parameters: message.parameters,
            timeout_ms: message.timeout_ms,
            key: message.key,
            headers: headers.map(|header| (header.name, header.value)).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value: match message.value {
                kafka::Payload::Json(bytes) => Payload::Json(bytes),
                kafka::Payload::Text(bytes) => Payload::Text(bytes),
                kafka::Payload::Tombstone => Payload::Tombstone,
            },
        }
    }
}

impl From<BrokerMembers> for triggers::Broker {
    fn from(members: BrokerMembers) -> Self {
        Self {
            name: members.name,
            conn_details: members.conn_details,
            parameters: members.parameters,
        }
    }
}

impl From<Event> for triggers::Event {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            signal: match event.signal {
                Signal::PreSave => triggers::Signal::PreSave,
                Signal::PostSave => triggers::Signal::PostSave,
                Signal::PreDelete => triggers::Signal::PreDelete,
                Signal::PostDelete => triggers::Signal::PostDelete,
            },
            content_type: event.content_type,
            instance: event.instance,
            before: event.before,
            time: event.time,
        }
    }
}

fn queues<T, U: From<T>>(outcome: Result<Vec<T>, triggers::Failure>) -> Outcome<U> {
    match outcome {
        Ok(queues) => Ok(queues.into_iter().map(Into::into).collect()),
        Err(failure) => Err(failure.into()),
    }
}

fn offered(event: &str, rendering: triggers::Rendering) -> Offered {
    let offer = |rendered: triggers::Rendered| Offer {
        event_id: event.to_owned(),
        trigger: rendered.trigger,
        queue: rendered.queue,
        ordering_key: rendered.ordering_key,
        broker: rendered.broker,
        conn_details: rendered.conn_details,
        parameters: rendered.parameters,
        timeout_ms: rendered.timeout_ms,
        key: rendered.key,
        headers: rendered.headers,
        partition: rendered.partition,
        timestamp_ms: rendered.timestamp_ms,
        value: match rendered.value {
            triggers::RenderedValue::Json(bytes) => Payload::Json(bytes),
            triggers::RenderedValue::Text(bytes) => Payload::Text(bytes),
            triggers::RenderedValue::Tombstone => Payload::Tombstone,
        },
    };
    Offered {
        trigger: rendering.trigger,
        queue: rendering.queue,
        outcome: rendering.outcome.map(offer).map_err(Into::into),
    }
}

impl From<triggers::Failure> for Failure {
    fn from(failure: triggers::Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
        }
    }
}

impl From<triggers::Publication> for Publication {
    fn from(publication: triggers::Publication) -> Self {
        Self {
            trigger: publication.trigger,
            queue: publication.queue,
            outcome: publication.outcome.map_err(Into::into),
        }
    }
}

impl From<triggers::Explanation> for Explanation {
    fn from(explanation: triggers::Explanation) -> Self {
        Self {
            trigger: explanation.trigger,
            fires: explanation.fires,
            clause: explanation.clause,
            reason: explanation.reason,
        }
    }
}

impl From<triggers::Loaded> for Loaded {
    fn from(loaded: triggers::Loaded) -> Self {
        Self {
            triggers: loaded.triggers.into_iter().map(Into::into).collect(),
            diagnostics: loaded.diagnostics.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<triggers::LoadedTrigger> for LoadedTrigger {
    fn from(trigger: triggers::LoadedTrigger) -> Self {
        Self {
            name: trigger.name,
            active: trigger.active,
            queues: trigger.queues,
        }
    }
}

impl From<triggers::Diagnostic> for Diagnostic {
    fn from(diagnostic: triggers::Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity {
                triggers::Severity::Error => Severity::Error,
                triggers::Severity::Warning => Severity::Warning,
            },
            code: diagnostic.code,
            path: diagnostic.path,
            message: diagnostic.message,
            help: diagnostic.help,
            span: diagnostic.span.map(|span| Span {
                offset: span.offset,
                length: span.length,
                line: span.line,
                column: span.column,
            }),
        }
    }
}
