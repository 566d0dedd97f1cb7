//! What the core asks of its host: the two imports of the component.

use crate::record::Message;

/// Which members of a queue's destination the host sets itself; its own win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broker {
    /// What queues call it.
    pub name: String,
    /// Names of members of `conn_details`.
    pub conn_details: Vec<String>,
    /// Names of members of `parameters`.
    pub parameters: Vec<String>,
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
    fn publish(&mut self, message: Message<'_>) -> Result<Receipt, PublishError>;
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The path is not on the allow-list.
    #[error("the host does not allow this path: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`")]
    NotAllowed,
    /// The path is allowed and has no value.
    #[error("the host allows this path but has no value for it")]
    NotFound,
    /// The host could not read the value.
    #[error("the host could not read the value: {0}")]
    Failed(String),
}

impl SettingError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "setting_not_allowed",
            Self::NotFound => "setting_not_found",
            Self::Failed(_) => "setting_failed",
        }
    }
}

/// The host's word that it has a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The topic it will be written to.
    pub topic: String,
}

/// Why the host did not take a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No broker has this name.
    #[error("the host has no broker `{0}`")]
    UnknownBroker(String),
    /// The merged destination is wrong; the text says which field and why.
    #[error("{0}")]
    InvalidDestination(String),
    /// Key, headers and value together are larger than the host accepts.
    #[error("the record has {actual} bytes, the host takes at most {maximum}")]
    TooLarge {
        /// Bytes of the record.
        actual: u64,
        /// Bytes that the host accepts.
        maximum: u64,
    },
    /// The record is malformed; the text says how.
    #[error("{0}")]
    InvalidRecord(String),
    /// More records than one call may hand over.
    #[error("one call may publish at most {0} records")]
    TooMany(u32),
}

impl PublishError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownBroker(_) => "unknown_broker",
            Self::InvalidDestination(_) => "invalid_destination",
            Self::TooLarge { .. } => "too_large",
            Self::InvalidRecord(_) => "invalid_record",
            Self::TooMany(_) => "too_many",
        }
    }
}
