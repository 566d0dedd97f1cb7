//! What a proxy says of a topic that it was asked for.

use serde::Deserialize;

use super::{
    answer::Answer,
    read,
    verdict::{KEY_REQUIRED, UNKNOWN_PARTITION, UNKNOWN_TOPIC},
};
use crate::{record::Record, verdict::Reason};

/// What a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Not there.
    Missing,
    /// There.
    Found {
        /// So many it has.
        partitions: u32,
        /// Takes only records with a key; not told by v3.
        is_compacted: bool,
    },
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
            configs: Option<serde_json::Value>,
            error_code: Option<i64>,
            message: Option<String>,
        }
        if answer.failure.is_some() {
            return None;
        }
        let body: Body = read::json(&answer.body)?;
        match (answer.status, body.error_code) {
            (200, _) => {
                let list = body.partitions.as_ref().and_then(|list| list.as_array());
                let count = list.and_then(|list| u32::try_from(list.len()).ok());
                let partitions = body.partitions_count.or(count).filter(|count| *count > 0)?;
                let configs = body.configs.as_ref();
                let policy = configs.and_then(|configs| configs.get("cleanup.policy")?.as_str());
                Some(Self::Found {
                    partitions,
                    is_compacted: policy.is_some_and(|policy| policy.contains("compact")),
                })
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
    pub fn check(self, name: &str, record: &Record) -> Result<(), Reason> {
        let (code, message) = match (self, record.partition) {
            (Self::Missing, _) => (
                UNKNOWN_TOPIC,
                format!("topic `{name}` does not exist; create it, or correct the topic"),
            ),
            (Self::Found { partitions, .. }, Some(partition)) if partition >= partitions => (
                UNKNOWN_PARTITION,
                format!("topic `{name}` has {partitions} partitions, so no partition {partition}"),
            ),
            (Self::Found { is_compacted, .. }, _) if is_compacted && record.key.is_none() => (
                KEY_REQUIRED,
                format!(
                    "topic `{name}` is compacted and takes only records with a key; give the queue's `record` a `key`"
                ),
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
