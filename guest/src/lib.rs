//! The sandboxed half of action-triggers: decides which triggers an event
//! fires and renders what they publish.
//!
//! The core is plain Rust and knows neither clock nor environment: the same
//! set and event give the same bytes. [`engine::Engine`] is its door; only the
//! private module `component` knows WIT.

#[cfg(target_arch = "wasm32")]
mod component;

pub mod engine;
pub mod explain;

pub mod event;
pub mod host;
pub mod record;

pub mod diagnostic;
pub mod failure;

mod destination;
mod matching;
mod payload;
mod trigger;
