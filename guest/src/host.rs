//! What the engine asks of its host: the two imports of the component.

pub use action_triggers_vocabulary::{PublishError, SettingError};

use crate::message::Message;

/// Which fields of a queue's destination a broker sets itself; the host's win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broker {
    /// What queues call it.
    pub name: String,
    /// Names of members of `conn_details`.
    pub conn_details: Vec<String>,
    /// Names of members of `parameters`.
    pub parameters: Vec<String>,
    /// The topics that queues may render for an event: names, or beginnings with `*`.
    pub topics: Vec<String>,
}

/// Answers for settings and takes records. In the component these are the
/// imports; tests and benches bring their own.
pub trait Host {
    /// The value at exactly this dotted path, as JSON text.
    ///
    /// # Errors
    ///
    /// The path is not allowed, has no value, or could not be read.
    fn setting(&mut self, path: &str) -> Result<String, SettingError>;

    /// Takes a record; never waits for the network.
    ///
    /// # Errors
    ///
    /// The host refuses the record.
    fn publish(&mut self, message: &Message<'_>) -> Result<Receipt, PublishError>;
}

/// The host's word that it has a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record's place among those taken in this call, from 0.
    pub number: u32,
}
