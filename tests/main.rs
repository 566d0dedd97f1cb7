//! The project as its users meet it: the component, the library, the binary
//! and a real Kafka, in one test binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail as its body may"
)]

mod agreement;
mod bounds;
mod cli;
mod codes;
mod component;
mod configured;
mod contract;
mod hosts;
mod layering;
mod library;
mod real_kafka;
mod remedies;
mod request;
mod sandbox;
mod schema;
