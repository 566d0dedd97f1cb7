//! The sandboxed half of action-triggers: decides which triggers an event
//! fires and renders what they publish.
//!
//! The engine is plain Rust and knows neither clock nor environment: the same
//! set and event give the same text. [`engine::Engine`] is its door; only the
//! private module `component` knows WIT.
//!
//! ```text
//! message <- host <- destination      what the host is asked and handed
//! event <- compiled <- compiler       an event's context; templates in their places
//! payload, record <- trigger          what a trigger publishes; the set, read
//! matching <- engine, explain         which triggers an event fires, and why
//! ```

#[cfg(all(target_arch = "wasm32", feature = "component"))]
mod component;

pub mod engine;
pub mod explain;

pub mod event;
pub mod host;
pub mod limits;
pub mod loaded;
pub mod message;

pub mod diagnostic;
pub mod failure;

mod compiled;
mod compiler;
mod destination;
mod matching;
mod payload;
mod record;
mod trigger;
