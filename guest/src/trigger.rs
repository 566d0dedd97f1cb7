//! Triggers: upstream's API objects, read with every fault at once.
//!
//! Both of upstream's spellings are taken, the documented one and the one its
//! serializer has, and our additions to it.

mod compiler;
mod models;
mod queue;
mod reader;
mod set;

pub(crate) use compiler::{Compiler, PlacedCondition, PlacedTemplate};
pub(crate) use set::parse;

use crate::{destination::Destination, event::Signal, payload, record};

/// What fires for which events, and what it publishes where.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) name: String,
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
    pub(crate) conn_details: Destination,
    pub(crate) parameters: Destination,
    pub(crate) timeout_ms: Option<u64>,
    /// Most queues have none.
    pub(crate) record: Option<Box<record::Plan>>,
}
