//! Delivery against a scripted publisher, under paused time.

mod batches;
mod failures;
mod order;
mod reports;
mod stores;
mod support;
