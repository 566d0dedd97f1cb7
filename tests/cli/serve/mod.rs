//! `serve`, over real sockets.

mod bounds;
mod client;
mod deployed;
mod django;
mod reloads;
mod requests;
mod stopping;
