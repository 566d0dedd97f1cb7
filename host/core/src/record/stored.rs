//! A record as it is stored: plain data, without addresses and secrets, with its
//! times by the clock on the wall.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Message, Record, RecordId};
use crate::cluster::ClusterId;

/// A record that was accepted and has not ended. How its cluster is reached is
/// looked up when it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredRecord {
    /// Whose trigger published it.
    pub tenant: String,
    /// The cluster's bootstrap string.
    pub bootstrap_servers: String,
    /// The broker's name.
    pub broker: String,
    /// The topic to write to.
    pub topic: String,
    /// The event's id.
    pub event: String,
    /// The trigger's name.
    pub trigger: String,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// Records with the same ordering key are delivered in the order accepted.
    pub ordering_key: Option<String>,
    /// The queue's own bound on an attempt to publish, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_ms: u64,
    /// When its time to live is over, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// Whether the event's id is the caller's, so that the same one again is the same
    /// record.
    #[serde(default)]
    pub id_is_given: bool,
    /// Whether an attempt may have written it already.
    #[serde(default)]
    pub may_be_written: bool,
    /// What is written.
    #[serde(flatten, with = "Written")]
    pub record: Record,
}

impl StoredRecord {
    /// A message accepted at one time and given up at another, both in
    /// milliseconds since 1970.
    pub fn new(message: Message, accepted_ms: u64, deadline_ms: u64) -> Self {
        let Message {
            id,
            ordering_key,
            destination,
            record,
            timeout,
            id_is_given,
            carried: _,
        } = message;
        let ms = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Self {
            tenant: destination.cluster.tenant.to_string(),
            bootstrap_servers: destination.cluster.bootstrap_servers.to_string(),
            broker: destination.broker.clone(),
            topic: destination.topic.clone(),
            event: id.event.to_string(),
            trigger: id.trigger.to_string(),
            queue: id.queue,
            ordering_key: ordering_key.map(|key| key.to_string()),
            timeout_ms: timeout.map(ms),
            accepted_ms,
            deadline_ms,
            id_is_given,
            may_be_written: false,
            record,
        }
    }

    /// Begins its time to live anew.
    pub fn renew(&mut self, now_ms: u64) {
        let time_to_live = self.deadline_ms.saturating_sub(self.accepted_ms);
        self.accepted_ms = now_ms;
        self.deadline_ms = now_ms.saturating_add(time_to_live);
    }

    /// The cluster that it goes to.
    pub fn cluster(&self) -> ClusterId {
        ClusterId::new(&*self.tenant, &*self.bootstrap_servers)
    }

    /// Its name for ever.
    pub fn id(&self) -> RecordId {
        RecordId {
            event: Arc::from(&*self.event),
            trigger: Arc::from(&*self.trigger),
            queue: self.queue,
        }
    }

    /// The queue's own bound on an attempt to publish.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout_ms.map(Duration::from_millis)
    }
}

/// A record's bytes as base64, which every format can hold.
#[derive(Serialize, Deserialize)]
struct Written {
    key: Option<Base64>,
    headers: Vec<(String, Base64)>,
    partition: Option<u32>,
    timestamp_ms: Option<i64>,
    value: Option<Base64>,
    value_is_json: bool,
}

impl Written {
    fn serialize<S: Serializer>(record: &Record, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = |bytes: &Bytes| Base64(bytes.clone());
        let headers = record.headers.iter();
        let written = Self {
            key: record.key.as_ref().map(bytes),
            headers: headers
                .map(|(name, value)| (name.clone(), bytes(value)))
                .collect(),
            partition: record.partition,
            timestamp_ms: record.timestamp_ms,
            value: record.value.as_ref().map(bytes),
            value_is_json: record.value_is_json,
        };
        Serialize::serialize(&written, serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
        let written: Self = Deserialize::deserialize(deserializer)?;
        let headers = written.headers.into_iter();
        Ok(Record {
            key: written.key.map(|key| key.0),
            headers: headers.map(|(name, value)| (name, value.0)).collect(),
            partition: written.partition,
            timestamp_ms: written.timestamp_ms,
            value: written.value.map(|value| value.0),
            value_is_json: written.value_is_json,
        })
    }
}

struct Base64(Bytes);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Destination;

    #[test]
    fn a_stored_record_comes_back_as_it_was() {
        let message = Message {
            id: RecordId {
                event: "e".into(),
                trigger: "t".into(),
                queue: 2,
            },
            ordering_key: Some("shop.sale/7".into()),
            destination: Arc::new(Destination {
                broker: "b".to_owned(),
                topic: "sales".to_owned(),
                cluster: ClusterId::new("acme", "kafka:9092"),
            }),
            record: Record {
                key: Some(Bytes::from_static(b"\xff\0")),
                headers: vec![("h".to_owned(), Bytes::from_static(b"v"))],
                value: None,
                ..Record::default()
            },
            timeout: Some(Duration::from_secs(3)),
            id_is_given: true,
            carried: Arc::default(),
        };
        let stored = StoredRecord::new(message, 5, 125_005);
        let text = serde_json::to_string(&stored).unwrap();
        insta::assert_snapshot!(text, @r#"{"tenant":"acme","bootstrap_servers":"kafka:9092","broker":"b","topic":"sales","event":"e","trigger":"t","queue":2,"ordering_key":"shop.sale/7","timeout_ms":3000,"accepted_ms":5,"deadline_ms":125005,"id_is_given":true,"may_be_written":false,"key":"/wA=","headers":[["h","dg=="]],"partition":null,"timestamp_ms":null,"value":null,"value_is_json":false}"#);
        assert_eq!(serde_json::from_str::<StoredRecord>(&text).unwrap(), stored);
        assert_eq!(stored.cluster(), ClusterId::new("acme", "kafka:9092"));
        assert_eq!(stored.timeout(), Some(Duration::from_secs(3)));
    }
}
