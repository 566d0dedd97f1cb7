//! Brokers: where a queue's records go, after merging it with the host's
//! settings.

mod destination;
mod faults;
mod offer;
mod registry;
mod routes;
#[cfg(test)]
mod tests;
mod trial;

pub use self::offer::{BrokerMembers, Offer, Payload};
pub use self::registry::{Broker, Policy, RecordRule, Registry, RegistryError, TextEncoding};
pub use self::routes::Routes;
