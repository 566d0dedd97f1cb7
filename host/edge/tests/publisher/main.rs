//! What stands here is built only where it is asked for: the small engine, and the
//! publisher in a host that knows its WIT alone and does its HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail as its body may"
)]

mod app;
mod baked;
mod caller;
mod contract;
mod delivery;
mod hostile;
mod hosts;
mod plugged;
mod small;
mod start;
mod targets;
mod verdicts;
