//! Records on their way to Kafka: what the guest handed over, after the host
//! checked and addressed it.

mod stored;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

pub use self::stored::StoredRecord;
use crate::cluster::ClusterId;

/// The header in which the host names a record, where its cluster has headers, so that
/// consumers can drop what a retry wrote twice. Its value is a JSON array: event,
/// trigger, queue.
pub const ID_HEADER: &str = "action-triggers-id";

/// A header: its name and its value.
pub type Header = (String, Bytes);

/// Names a record for ever: the same event, trigger and queue give the same id,
/// so consumers can drop what a retry wrote twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// The event's id.
    pub event: Arc<str>,
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
}

impl RecordId {
    /// Names the record of a queue of a trigger for an event.
    pub fn new(event: impl Into<Arc<str>>, trigger: impl Into<Arc<str>>, queue: u32) -> Self {
        Self {
            event: event.into(),
            trigger: trigger.into(),
            queue,
        }
    }
}

/// Where a record goes, after merging the queue with its broker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Destination {
    /// The broker's name.
    pub broker: String,
    /// The topic to write to; checked to be a legal name.
    pub topic: String,
    /// The cluster that serves the broker's bootstrap servers.
    pub cluster: ClusterId,
}

impl Destination {
    /// A topic of a cluster, as this broker says.
    pub fn new(broker: impl Into<String>, topic: impl Into<String>, cluster: ClusterId) -> Self {
        Self {
            broker: broker.into(),
            topic: topic.into(),
            cluster,
        }
    }
}

/// What Kafka stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The key; none leaves the partition to the producer.
    pub key: Option<Bytes>,
    /// Header names and values, in order; a name may repeat.
    pub headers: Vec<Header>,
    /// The partition to write to; none lets the key decide.
    pub partition: Option<u32>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: Option<i64>,
    /// The value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Whether `value` is JSON text (else plain text).
    pub value_is_json: bool,
}

impl Record {
    /// A record of plain text or other bytes, with nothing but its value.
    pub fn new(value: impl Into<Bytes>) -> Self {
        Self {
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// The same for a value that is JSON text.
    pub fn json(value: impl Into<Bytes>) -> Self {
        Self {
            value_is_json: true,
            ..Self::new(value)
        }
    }

    /// The same record, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same record with its name in the header [`ID_HEADER`].
    pub fn named(self, (event, trigger, queue): (&str, &str, u32)) -> Self {
        self.with(|record| {
            record.headers.retain(|(name, _)| name != ID_HEADER);
            // Texts and a number always are JSON.
            let text = serde_json::to_vec(&(event, trigger, queue)).unwrap_or_default();
            record.headers.push((ID_HEADER.to_owned(), text.into()));
        })
    }

    /// The same record with these headers too, but for those whose names it has already.
    /// Those without a value, which not every API has, are left out.
    pub fn carrying(self, headers: &[Header]) -> Self {
        self.with(|record| {
            for (name, value) in headers {
                let is_there = |(there, _): &Header| there.eq_ignore_ascii_case(name);
                if !value.is_empty() && !record.headers.iter().any(is_there) {
                    record.headers.push((name.clone(), value.clone()));
                }
            }
        })
    }

    /// Bytes of key, headers and value together: what a size limit counts.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Bytes::len)
            + size_of_headers(&self.headers)
            + self.value.as_ref().map_or(0, Bytes::len)
    }
}

/// Bytes of headers, names and values together.
pub(crate) fn size_of_headers<'a>(headers: impl IntoIterator<Item = &'a Header>) -> usize {
    let sizes = headers.into_iter();
    sizes.map(|(name, value)| name.len() + value.len()).sum()
}

/// A record the host has accepted and answers for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// Names the record.
    pub id: RecordId,
    /// Records with the same ordering key are delivered in the order accepted;
    /// nothing is promised of a record without one.
    pub ordering_key: Option<Arc<str>>,
    /// Where it goes.
    pub destination: Arc<Destination>,
    /// What is written there.
    pub record: Record,
    /// Bounds one attempt to publish: the smaller of the queue's `timeout_secs`
    /// and `MAX_BROKER_TIMEOUT`; none leaves the cluster's own bound.
    pub timeout: Option<Duration>,
    /// Whether the event's id is the caller's: then the same id again means the same
    /// record, sent twice.
    pub id_is_given: bool,
    /// Headers that its event brought, for clusters whose API has headers.
    pub carried: Arc<[Header]>,
}

impl Message {
    /// A record on its way to a destination, without an ordering key and without a
    /// bound of its own on an attempt.
    pub fn new(id: RecordId, destination: Arc<Destination>, record: Record) -> Self {
        Self {
            id,
            ordering_key: None,
            destination,
            record,
            timeout: None,
            id_is_given: false,
            carried: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_an_event_brought_stand_behind_those_of_the_trigger_which_win() {
        let header = |name: &str, value: &'static str| (name.to_owned(), Bytes::from(value));
        let record = Record::new("v").with(|record| record.headers = vec![header("Source", "own")]);
        let brought = [
            header("source", "/shop"),
            header("traceparent", "1"),
            header("traceparent", "2"),
            header("empty", ""),
        ];
        let expected = [header("Source", "own"), header("traceparent", "1")];
        assert_eq!(record.carrying(&brought).headers, expected);
    }
}
