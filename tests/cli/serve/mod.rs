//! `serve`, over real sockets.

mod bodies;
mod bounds;
mod broken;
pub(crate) mod client;
mod deployed;
mod django;
mod load;
mod metrics;
mod patience;
mod reloads;
mod requests;
mod stopping;
mod tls;
mod traces;
