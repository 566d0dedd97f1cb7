//! Embeds the action-triggers component in wasmtime and delivers what it
//! publishes through a Kafka REST proxy.

pub mod broker;
pub mod cluster;
pub mod config;
pub mod delivery;
pub mod dev_proxy;
pub mod engine;
pub mod event;
pub mod kafka_rest;
pub mod outbox;
pub mod problem;
pub mod publisher;
pub mod record;
pub mod runtime;
pub mod settings;

mod calendar;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
