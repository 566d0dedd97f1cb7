//! Triggers: upstream's API objects, read with every fault at once.
//!
//! Both of upstream's spellings are taken, the documented one and the one its
//! serializer has, and our additions to it.

mod models;
mod queue;
mod reader;
mod set;

pub(crate) use set::parse;

use action_triggers_vocabulary::Signal;

use crate::{
    compiled::PlacedCondition,
    destination::{Fields, NamedSetting},
    payload, record,
};

/// What fires for which events, and what it publishes where.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    /// Whether the set gives it a name or an id.
    pub(crate) is_named: bool,
    pub(crate) active: bool,
    /// In upstream's order, each once.
    pub(crate) signals: Vec<Signal>,
    /// In their normal form, each once.
    pub(crate) content_types: Vec<Box<str>>,
    pub(crate) when: Option<PlacedCondition>,
    pub(crate) payload: payload::Plan,
    pub(crate) queues: Vec<Queue>,
}

/// One destination of a trigger.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) broker: String,
    /// Where in the set it stands.
    pub(crate) place: String,
    pub(crate) conn_details: Fields,
    pub(crate) parameters: Fields,
    /// Both are the same for every event.
    pub(crate) is_fixed: bool,
    /// The placeholders of both.
    pub(crate) settings: Vec<NamedSetting>,
    pub(crate) timeout_ms: Option<u64>,
    /// Most queues have none.
    pub(crate) record: Option<Box<record::Plan>>,
}

impl Queue {
    /// Whether the topic is rendered for each event.
    pub(crate) fn renders_topic(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|plan| plan.topic.is_some())
    }
}
