//! The protocol of Kafka REST proxies, without the network: what is asked, in
//! which words, and what the answers say.
//!
//! Bodies and answers of the two APIs are pure functions ([`v2`], [`v3`]); what a
//! code means is one table ([`verdict`]). Whose proxy it is, and what that one
//! can carry, is a [`Dialect`]. Which requests an attempt takes, and in which order, is
//! [`proxy::Proxy`]'s, above whatever sends them.

pub mod access;
mod answer;
pub mod check;
mod condense;
mod dialect;
mod entry;
pub mod explain;
mod plain;
pub mod proxy;
mod read;
mod redact;
mod redirect;
mod redpanda;
mod refusals;
mod retry_after;
mod size;
mod topic;
mod topics;
pub mod v2;
pub mod v3;
pub mod verdict;
mod write;

#[cfg(test)]
mod tests;

pub use self::{
    answer::{Answer, Failure},
    condense::{Condensed, TooLarge},
    dialect::{Dialect, supports_headers},
    redact::Redactor,
    redirect::address_to_configure,
    retry_after::retry_after,
    size::body_size,
    topic::Topic,
};
