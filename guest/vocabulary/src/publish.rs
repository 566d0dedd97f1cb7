//! Why the host does not take a record.

use std::fmt;

/// Why the host does not take a record. None of these is worth a retry with
/// the same record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// No broker has this name.
    UnknownBroker(String),
    /// The merged destination is wrong; the text says which field and why.
    InvalidDestination(String),
    /// Key, headers and value together are larger than the host accepts.
    TooLarge {
        /// Bytes of the record.
        actual: u64,
        /// Bytes that the host accepts.
        maximum: u64,
    },
    /// The record is malformed; the text says how.
    InvalidRecord(String),
    /// More records than one call may hand over.
    TooMany(u32),
    /// Records are published by `process` alone, and this call is another.
    NotPublishing,
}

impl PublishError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownBroker(_) => "unknown_broker",
            Self::InvalidDestination(_) => "invalid_destination",
            Self::TooLarge { .. } => "too_large",
            Self::InvalidRecord(_) => "invalid_record",
            Self::TooMany(_) => "too_many",
            Self::NotPublishing => "not_publishing",
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBroker(name) => write!(formatter, "the host has no broker `{name}`"),
            Self::InvalidDestination(reason) | Self::InvalidRecord(reason) => {
                formatter.write_str(reason)
            }
            Self::TooLarge { actual, maximum } => write!(
                formatter,
                "the record has {actual} bytes, the host takes at most {maximum}"
            ),
            Self::NotPublishing => formatter.write_str("records are published by `process` alone"),
            Self::TooMany(maximum) => {
                write!(formatter, "one call may publish at most {maximum} records")
            }
        }
    }
}

impl std::error::Error for PublishError {}
