//! The topics and what they hold.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

use super::{options::Options, partition};

/// What Kafka adds to key, headers and value when it serialises a record alone.
const RECORD_OVERHEAD: usize = 88;

/// A record as it lies in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The partition it lies in.
    pub partition: u32,
    /// Its offset there, from 0.
    pub offset: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Header names and values, in order.
    pub headers: Vec<(String, Option<Bytes>)>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
}

/// A record to be stored.
#[derive(Debug, Default)]
pub(super) struct NewRecord {
    pub(super) key: Option<Bytes>,
    pub(super) headers: Vec<(String, Option<Bytes>)>,
    pub(super) value: Option<Bytes>,
    pub(super) partition: Option<u32>,
    pub(super) timestamp_ms: Option<i64>,
}

impl NewRecord {
    fn size(&self) -> usize {
        let bytes = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        let header = |(name, value): &(String, Option<Bytes>)| name.len() + bytes(value);
        let headers: usize = self.headers.iter().map(header).sum();
        RECORD_OVERHEAD + bytes(&self.key) + headers + bytes(&self.value)
    }
}

/// Where a record was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: u32,
    pub(super) offset: u64,
    pub(super) timestamp_ms: i64,
}

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("This server does not host this topic-partition.")]
    NoTopic,
    #[error("Invalid topics: [{0}]")]
    InvalidTopic(String),
    #[error(
        "Partition {partition} of topic {topic} with partition count {count} is not present in metadata after 60000 ms."
    )]
    NoPartition {
        topic: String,
        partition: u32,
        count: u32,
    },
    #[error(
        "The message is {actual} bytes when serialized which is larger than {maximum}, which is the value of the max.request.size configuration."
    )]
    TooLarge { actual: usize, maximum: usize },
}

/// All topics.
#[derive(Debug)]
pub(super) struct Log {
    topics: BTreeMap<String, Topic>,
    partitions: u32,
    auto_create_topics: bool,
    max_record_bytes: usize,
}

#[derive(Debug)]
struct Topic {
    partitions: Vec<Vec<StoredRecord>>,
    /// Where records without a key go now.
    sticky: u32,
}

impl Topic {
    fn new(partitions: u32) -> Self {
        Self {
            partitions: (0..partitions).map(|_| Vec::new()).collect(),
            sticky: 0,
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }
}

impl Log {
    pub(super) fn new(options: Options) -> Self {
        let partitions = options.partitions.max(1);
        let topic = |name| (name, Topic::new(partitions));
        Self {
            topics: options.topics.into_iter().map(topic).collect(),
            partitions,
            auto_create_topics: options.auto_create_topics,
            max_record_bytes: options.max_record_bytes,
        }
    }

    /// Makes the topic if that is allowed, and moves its keyless records on to
    /// the next partition. Called once a POST.
    pub(super) fn open(&mut self, name: &str) -> Result<(), Refusal> {
        if !is_legal(name) {
            return Err(Refusal::InvalidTopic(name.to_owned()));
        }
        if let Some(topic) = self.topics.get_mut(name) {
            topic.sticky = (topic.sticky + 1) % topic.count();
            return Ok(());
        }
        if !self.auto_create_topics {
            return Err(Refusal::NoTopic);
        }
        self.topics
            .insert(name.to_owned(), Topic::new(self.partitions));
        Ok(())
    }

    pub(super) fn append(&mut self, name: &str, record: NewRecord) -> Result<Place, Refusal> {
        let actual = record.size();
        if actual > self.max_record_bytes {
            let maximum = self.max_record_bytes;
            return Err(Refusal::TooLarge { actual, maximum });
        }
        let topic = self.topics.get_mut(name).ok_or(Refusal::NoTopic)?;
        let count = topic.count();
        let partition = match (record.partition, &record.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partition::of_key(key, count),
            (None, None) => topic.sticky,
        };
        let records = usize::try_from(partition)
            .ok()
            .and_then(|index| topic.partitions.get_mut(index))
            .ok_or_else(|| Refusal::NoPartition {
                topic: name.to_owned(),
                partition,
                count,
            })?;
        let place = Place {
            partition,
            offset: records.len() as u64,
            timestamp_ms: record.timestamp_ms.unwrap_or_else(now_ms),
        };
        records.push(StoredRecord {
            partition,
            offset: place.offset,
            timestamp_ms: place.timestamp_ms,
            key: record.key,
            headers: record.headers,
            value: record.value,
        });
        Ok(place)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }

    /// How many records each partition holds; none if there is no such topic.
    pub(super) fn counts(&self, topic: &str) -> Option<Vec<usize>> {
        let topic = self.topics.get(topic)?;
        Some(topic.partitions.iter().map(Vec::len).collect())
    }

    pub(super) fn records(&self, topic: &str) -> Vec<StoredRecord> {
        let topic = self.topics.get(topic);
        let partitions = topic.map_or(&[][..], |topic| &topic.partitions);
        partitions.iter().flatten().cloned().collect()
    }

    /// Some records of one partition; none if there is no such partition.
    pub(super) fn slice(
        &self,
        topic: &str,
        partition: u32,
        offset: usize,
        count: usize,
    ) -> Option<Vec<StoredRecord>> {
        let index = usize::try_from(partition).ok()?;
        let records = self.topics.get(topic)?.partitions.get(index)?;
        Some(records.iter().skip(offset).take(count).cloned().collect())
    }
}

/// Kafka's rule for the names of topics.
fn is_legal(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !matches!(name, "" | "." | "..") && name.len() <= 249 && name.bytes().all(legal)
}

fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    })
}
