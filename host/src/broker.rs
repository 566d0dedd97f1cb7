//! Brokers: where a queue's records go, after merging it with the host's
//! settings.

mod destination;
mod registry;
#[cfg(test)]
mod tests;

pub(crate) use self::destination::next_placeholder;
pub use self::registry::{Broker, Policy, Refusal, Registry, RegistryError, TextEncoding};
