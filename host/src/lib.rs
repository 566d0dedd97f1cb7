//! Embeds the action-triggers component in wasmtime and delivers what it
//! publishes through a Kafka REST proxy.

pub mod artefacts;
pub mod config;
pub mod delivery;
pub mod outbox;
pub mod problem;
pub mod publisher;
pub mod rest;
pub mod runtime;
pub mod sandbox;

mod file;
mod process;

pub use action_triggers_core::{broker, clock, cluster, event, outcome, record, settings, verdict};
pub use action_triggers_vocabulary::codes;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
