//! `serve`, over real sockets.

mod bounds;
pub(crate) mod client;
mod deployed;
mod django;
mod reloads;
mod requests;
mod stopping;
