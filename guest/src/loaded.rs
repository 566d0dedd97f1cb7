//! What a set that was taken is told to be.

use action_triggers_vocabulary::Signal;
pub use action_triggers_vocabulary::known::{Frequency, KnownHeader, KnownRecord, KnownValue};

pub use crate::destination::NamedSetting;
use crate::{
    diagnostic::Diagnostic,
    message::Destination,
    trigger::{Queue, Trigger},
};

/// A set that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Every trigger of the set, in its order.
    pub triggers: Vec<LoadedTrigger>,
    /// Warnings only.
    pub diagnostics: Vec<Diagnostic>,
    /// SHA-256 of the set's text, in hexadecimal.
    pub set_sha256: String,
}

/// A set that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Every fault and every warning.
    pub diagnostics: Vec<Diagnostic>,
    /// The triggers as far as they could be read.
    pub triggers: Vec<LoadedTrigger>,
}

/// One trigger of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedTrigger {
    /// Its `name`, else its `id` as text, else its place in the set from 0.
    pub name: String,
    /// Whether the set gives it a name or an id.
    pub is_named: bool,
    /// Whether it may fire.
    pub active: bool,
    /// The signals it listens to.
    pub signals: Vec<Signal>,
    /// The content types it watches, in their normal form.
    pub content_types: Vec<String>,
    /// Where its records go.
    pub queues: Vec<LoadedQueue>,
    /// What is known of the value of its records.
    pub value: KnownValue,
}

/// One queue of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedQueue {
    /// The name of its broker.
    pub broker: String,
    /// Where in the set it stands.
    pub path: String,
    /// Its own destination, placeholders as they are written.
    pub destination: Destination,
    /// Whether the destination is the same for every event.
    pub is_fixed: bool,
    /// Whether the topic is rendered for each event.
    pub renders_topic: bool,
    /// Its own bound on an attempt to publish, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The placeholders of the destination.
    pub settings: Vec<NamedSetting>,
    /// What is known of its records beside their value.
    pub records: Option<KnownRecord>,
}

impl From<&Trigger> for LoadedTrigger {
    fn from(trigger: &Trigger) -> Self {
        Self {
            name: trigger.name.clone(),
            is_named: trigger.is_named,
            active: trigger.active,
            signals: trigger.signals.clone(),
            content_types: trigger
                .content_types
                .iter()
                .map(|name| (**name).into())
                .collect(),
            queues: trigger.queues.iter().map(LoadedQueue::from).collect(),
            value: trigger.payload.known(),
        }
    }
}

impl From<&Queue> for LoadedQueue {
    fn from(queue: &Queue) -> Self {
        Self {
            broker: queue.broker.clone(),
            path: queue.place.clone(),
            destination: Destination {
                conn_details: queue.conn_details.written(),
                parameters: queue.parameters.written(),
            },
            is_fixed: queue.is_fixed,
            renders_topic: queue.renders_topic(),
            timeout_ms: queue.timeout_ms,
            settings: queue.settings.clone(),
            records: queue.record.as_ref().map(|plan| plan.known()),
        }
    }
}
