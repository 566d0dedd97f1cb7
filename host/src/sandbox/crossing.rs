//! What crosses the component's boundary, in types of our own.

use crate::{
    broker::{BrokerMembers, Offer},
    event::EventError,
    outcome::{Failure, Loaded},
};

/// What the triggers of a set may use, in every host alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TriggerLimits {
    pub(super) fuel: u64,
    pub(super) call_fuel: u64,
    pub(super) output_bytes: u32,
    pub(super) records: u32,
    pub(super) depth: u32,
    pub(super) content_types: Vec<String>,
}

/// What an instance holds that came with its triggers loaded.
#[derive(Debug)]
pub(super) struct Baked {
    pub(super) loaded: Loaded,
    pub(super) brokers: Vec<BrokerMembers>,
    pub(super) limits: TriggerLimits,
}

/// What the guest says of one event.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub(super) id: String,
    pub(super) decision: Decision<T>,
}

/// What the guest decided for one event.
#[derive(Debug)]
pub(super) enum Decision<T> {
    Done(Vec<T>),
    Unreadable(EventError),
    Failed(Failure),
    NotProcessed,
}

/// What the guest says of one trigger, or of one of its queues.
#[derive(Debug)]
pub(super) struct OfQueue<T> {
    pub(super) trigger: u32,
    pub(super) queue: u32,
    pub(super) answer: T,
}

/// The number of a receipt, or why there is none.
pub(super) type Published = OfQueue<Result<u32, Failure>>;

/// What one queue would publish, before the host has looked at it.
pub(super) type Offered = OfQueue<Result<Offer, Failure>>;

/// Whether and why one trigger fires.
pub(super) type Explained = OfQueue<Why>;

#[derive(Debug)]
pub(super) struct Why {
    pub(super) fires: bool,
    pub(super) clause: String,
    pub(super) reason: String,
}
