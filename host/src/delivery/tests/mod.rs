//! Delivery against a scripted publisher, under paused time.

mod batches;
mod failures;
mod model;
mod order;
mod reports;
mod support;
