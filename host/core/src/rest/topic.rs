//! What a proxy says of a topic that it was asked for.

use serde::Deserialize;

use super::{
    answer::Answer,
    verdict::{UNKNOWN_PARTITION, UNKNOWN_TOPIC},
};
use crate::verdict::Reason;

/// What a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Not there.
    Missing,
    /// There, with so many partitions.
    Partitions(u32),
}

impl Topic {
    /// What an answer to `GET /topics/{topic}`, or its like in v3, says; none if
    /// it is no answer to that.
    pub fn read(answer: &Answer) -> Option<Self> {
        /// v2 lists partitions, v3 counts them.
        #[derive(Deserialize)]
        struct Body {
            partitions_count: Option<u32>,
            partitions: Option<serde_json::Value>,
            error_code: Option<i64>,
            message: Option<String>,
        }
        if answer.failure.is_some() {
            return None;
        }
        let body: Body = serde_json::from_slice(&answer.body).ok()?;
        match (answer.status, body.error_code) {
            (200, _) => {
                let list = body.partitions.as_ref().and_then(|list| list.as_array());
                let count = list.and_then(|list| u32::try_from(list.len()).ok());
                let count = body.partitions_count.or(count);
                count.filter(|count| *count > 0).map(Self::Partitions)
            }
            // Confluent, Karapace
            (404, Some(40401 | 40403)) => Some(Self::Missing),
            // Strimzi, which says no more than 404 of a path it does not know.
            (404, _) => body
                .message?
                .contains("does not host this topic-partition")
                .then_some(Self::Missing),
            _ => None,
        }
    }

    /// Whether a record can be written to it.
    ///
    /// # Errors
    ///
    /// The reason why it never can.
    pub fn check(self, name: &str, partition: Option<u32>) -> Result<(), Reason> {
        let (code, message) = match (self, partition) {
            (Self::Missing, _) => (
                UNKNOWN_TOPIC,
                format!("topic `{name}` does not exist; create it, or correct the topic"),
            ),
            (Self::Partitions(count), Some(partition)) if partition >= count => (
                UNKNOWN_PARTITION,
                format!("topic `{name}` has {count} partitions, so no partition {partition}"),
            ),
            _ => return Ok(()),
        };
        Err(Reason {
            code,
            message,
            retry_after: None,
        })
    }
}
