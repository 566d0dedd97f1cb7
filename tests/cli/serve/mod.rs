//! `serve`, over real sockets.

mod bounds;
mod client;
mod reloads;
mod requests;
mod stopping;
