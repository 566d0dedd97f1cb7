//! The pure half of a host: what is known of events, brokers, records and REST
//! proxies without doing anything.
//!
//! Nothing here opens a file or a socket, reads a clock or starts a thread, so
//! that every host can use it: it builds for `wasm32-unknown-unknown`. What has
//! to come from outside (the environment, files, answers) is handed in.

pub mod broker;
pub mod clock;
pub mod cluster;
pub mod delivery;
pub mod event;
pub mod limits;
pub mod outcome;
pub mod record;
pub mod rest;
pub mod settings;
pub mod verdict;
