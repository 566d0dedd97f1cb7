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
    /// The record is malformed; the text says how.
    InvalidRecord(String),
    /// Its cluster cannot be given this record, by the rules of who writes there.
    NotWritable {
        /// Which rule it is, such as `too_large`.
        code: String,
        /// What is wrong, and what to do about it.
        message: String,
    },
    /// More records than one call may hand over.
    TooMany(u32),
    /// Records are published by `process` alone, and this call is another.
    NotPublishing,
}

impl PublishError {
    /// Stable, for machines.
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownBroker(_) => "unknown_broker",
            Self::InvalidDestination(_) => "invalid_destination",
            Self::InvalidRecord(_) => "invalid_record",
            Self::NotWritable { code, .. } => code,
            Self::TooMany(_) => "too_many",
            Self::NotPublishing => "not_publishing",
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBroker(name) => write!(formatter, "the host has no broker `{name}`"),
            Self::InvalidDestination(reason)
            | Self::InvalidRecord(reason)
            | Self::NotWritable {
                message: reason, ..
            } => formatter.write_str(reason),
            Self::NotPublishing => formatter.write_str("records are published by `process` alone"),
            Self::TooMany(maximum) => {
                write!(formatter, "one call may publish at most {maximum} records")
            }
        }
    }
}

impl std::error::Error for PublishError {}
