//! What one attempt to write a record came to.

use std::{fmt, time::Duration};

/// The code of a record, or of a batch, with too many bytes.
pub const TOO_LARGE: &str = "too_large";

/// What became of one record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Written.
    Delivered {
        /// The partition it lies in; none where the proxy does not tell
        /// (Karapace names a wrong one for empty values, Redpanda answers per
        /// partition, not per record).
        partition: Option<u32>,
        /// Its offset there; none for the same causes.
        offset: Option<u64>,
    },
    /// Not written; may succeed later.
    Retriable(Reason),
    /// Not written, and never will be.
    Permanent(Reason),
    /// Not written, because the proxy refused the whole batch: one of its
    /// records may be to blame, or each. Send it again in a smaller batch at
    /// once (halves find the culprit); it is no failure of this record yet. A
    /// batch of one never gets this verdict.
    Alone(Reason),
    /// Perhaps written: a retry may duplicate it.
    Unknown(Reason),
}

/// Why a record is not known to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// Stable, such as `too_large`.
    pub code: &'static str,
    /// For a person: what happened, and what the proxy said (shortened).
    pub message: String,
    /// When the proxy asked for a pause (`Retry-After`).
    pub retry_after: Option<Duration>,
}

impl Reason {
    /// A reason with this stable code, and what to say of it.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
        }
    }
}

/// In short, such as `delivered 2@7` or `retriable throttled`.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
        match self {
            Self::Delivered { partition, offset } => {
                let (partition, offset) = (number(partition.map(u64::from)), number(*offset));
                write!(formatter, "delivered {partition}@{offset}")
            }
            Self::Retriable(reason) => write!(formatter, "retriable {}", reason.code),
            Self::Permanent(reason) => write!(formatter, "permanent {}", reason.code),
            Self::Alone(reason) => write!(formatter, "alone {}", reason.code),
            Self::Unknown(reason) => write!(formatter, "unknown {}", reason.code),
        }
    }
}
