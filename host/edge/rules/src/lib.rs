//! What a host does with records, without I/O: HTTP requests come out as values,
//! their answers go in as values, and the time is told.
//!
//! Order, batches, retries and verdicts are those of [`action_triggers_core`]; a
//! [`Courier`] drives its machine as the library's dispatcher does, with a
//! wire of values in place of the network.

mod around;
mod courier;
mod desk;
mod publisher;
mod wire;

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod free_memory;

pub use self::{
    courier::{Courier, Report, Step, Waiting},
    desk::{Bounds, Decided, Desk, Outcome, Parts, Said},
    publisher::{Misuse, Order, Publisher},
    wire::{Reply, WireRequest},
};
