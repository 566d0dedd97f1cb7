//! Dead letters: what was given up, and why.

use crate::record::StoredRecord;

/// Why and when a record was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Death {
    /// Stable, such as `time_to_live_exceeded`.
    pub code: String,
    /// For a person.
    pub message: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What the last attempt came to, if one failed.
    pub last_answer: Option<String>,
    /// When, in milliseconds since 1970.
    pub died_ms: u64,
}

/// A record that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The number that it had.
    pub number: u64,
    /// The record.
    pub record: StoredRecord,
    /// Why and when it was given up.
    pub death: Death,
}

/// Which letters are meant; all, unless something is asked of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Under this number.
    pub number: Option<u64>,
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this trigger.
    pub trigger: Option<String>,
    /// For this topic.
    pub topic: Option<String>,
    /// Given up with this code.
    pub code: Option<String>,
    /// Accepted at this time or later, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Accepted before this time, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Of the event with this id.
    pub event: Option<String>,
    /// At most so many, the oldest.
    pub limit: Option<usize>,
}

impl Filter {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record passes, its place among others aside; `code` is why it was
    /// given up, if it was.
    pub fn passes(&self, record: &StoredRecord, code: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|w| w == text);
        is(&self.tenant, &record.tenant)
            && is(&self.trigger, &record.trigger)
            && is(&self.topic, &record.topic)
            && is(&self.event, &record.event)
            && self
                .code
                .as_deref()
                .is_none_or(|wanted| code == Some(wanted))
            && self
                .since_ms
                .is_none_or(|since| record.accepted_ms >= since)
            && self.until_ms.is_none_or(|until| record.accepted_ms < until)
    }
}
