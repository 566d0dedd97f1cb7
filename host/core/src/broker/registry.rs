//! The registry of brokers: takes the guest's messages or refuses them.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use action_triggers_vocabulary::PublishError;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{
    destination::{MAX_TOPIC, check_topic, field, has_placeholder},
    offer::{BrokerMembers, Offer, Payload},
};
use crate::{
    cluster::{Cluster, Flavor, Format},
    record::{Destination, Message, Record, RecordId},
    settings::Settings,
};

/// Most destinations that are remembered: more queues than that are resolved
/// anew for each record.
const MAX_REMEMBERED: usize = 4096;

/// Most headers of a record.
const MAX_HEADERS: usize = 100;

/// Most bytes of an event's id, a trigger's name or an ordering key.
const MAX_NAME: usize = 4096;

/// A named entry of the host's settings. `Debug` shows its fields' names only.
#[derive(Clone, Default)]
pub struct Broker {
    /// What queues call it.
    pub name: String,
    /// Upstream's `broker_type`; none means Kafka.
    pub broker_type: Option<String>,
    /// Upstream's `conn_details`; of these `bootstrap_servers` counts.
    pub conn_details: Map<String, Value>,
    /// Upstream's `params`; of these `topic` counts.
    pub params: Map<String, Value>,
}

impl Broker {
    /// Whether it is one that this host can serve.
    pub fn is_kafka(&self) -> bool {
        self.broker_type
            .as_deref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("kafka"))
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Broker")
            .field("name", &self.name)
            .field("broker_type", &self.broker_type)
            .field(
                "conn_details",
                &self.conn_details.keys().collect::<Vec<_>>(),
            )
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// How plain text is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextEncoding {
    /// As its bytes.
    #[default]
    Raw,
    /// As a JSON string, as upstream's code does.
    Json,
}

/// Rules of the host that hold for every broker.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// How plain text is published.
    pub text_encoding: TextEncoding,
    /// Upstream's `MAX_BROKER_TIMEOUT`: bounds every attempt to publish.
    pub max_broker_timeout: Option<Duration>,
}

/// A fault in brokers or clusters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two brokers share a name.
    #[error("there are two brokers `{0}`")]
    DuplicateBroker(String),
    /// Two clusters share their bootstrap servers.
    #[error("there are two clusters `{0}`")]
    DuplicateCluster(String),
    /// No attempt could ever succeed.
    #[error("`MAX_BROKER_TIMEOUT` is 0, so no attempt could succeed: leave it out or raise it")]
    ZeroTimeout,
}

impl RegistryError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateBroker(_) => "duplicate_broker",
            Self::DuplicateCluster(_) => "duplicate_cluster",
            Self::ZeroTimeout => "zero_timeout",
        }
    }
}

/// Destinations by the queue's own `conn_details`, then `parameters`.
type Remembered = HashMap<String, HashMap<String, Arc<Destination>>>;

struct Entry {
    broker: Broker,
    /// A placeholder's value may change, so such a broker is resolved anew each time.
    is_fixed: bool,
    remembered: RwLock<Remembered>,
}

/// The host's brokers and clusters, and the rules by which they take records.
pub struct Registry {
    entries: BTreeMap<String, Entry>,
    clusters: BTreeMap<String, Arc<Cluster>>,
    settings: Arc<Settings>,
    policy: Policy,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("brokers", &self.entries.keys())
            .field("clusters", &self.clusters.keys())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Checks brokers and clusters as far as that goes without a queue.
    ///
    /// # Errors
    ///
    /// Every fault, not only the first.
    pub fn new(
        brokers: Vec<Broker>,
        clusters: Vec<Arc<Cluster>>,
        settings: Arc<Settings>,
        policy: Policy,
    ) -> Result<Self, Vec<RegistryError>> {
        let mut errors = Vec::new();
        let mut entries = BTreeMap::new();
        for broker in brokers {
            let is_fixed = !has_placeholder(&broker.conn_details, "bootstrap_servers")
                && !has_placeholder(&broker.params, "topic");
            let name = broker.name.clone();
            let entry = Entry {
                broker,
                is_fixed,
                remembered: RwLock::default(),
            };
            if entries.insert(name.clone(), entry).is_some() {
                errors.push(RegistryError::DuplicateBroker(name));
            }
        }
        let mut by_servers = BTreeMap::new();
        for cluster in clusters {
            let servers = cluster.bootstrap_servers.clone();
            if by_servers.insert(servers.clone(), cluster).is_some() {
                errors.push(RegistryError::DuplicateCluster(servers));
            }
        }
        if policy
            .max_broker_timeout
            .is_some_and(|timeout| timeout.is_zero())
        {
            errors.push(RegistryError::ZeroTimeout);
        }
        if errors.is_empty() {
            Ok(Self {
                entries,
                clusters: by_servers,
                settings,
                policy,
            })
        } else {
            Err(errors)
        }
    }

    /// Takes a record that the guest hands over: addresses it and checks
    /// everything that the guest could have got wrong.
    ///
    /// # Errors
    ///
    /// The record is not taken, and never will be.
    pub fn accept(&self, message: Offer) -> Result<Message, PublishError> {
        let destination =
            self.address(&message.broker, &message.conn_details, &message.parameters)?;
        check_names(&message)?;
        let timeout = self.timeout(message.timeout_ms)?;
        let (value, value_is_json) = self.value(message.value, &destination.cluster)?;
        let record = Record {
            key: message.key.map(Into::into),
            headers: headers(message.headers)?,
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value,
            value_is_json,
        };
        let (actual, maximum) = (
            record.size(),
            destination.cluster.max_record_bytes(&destination.topic),
        );
        if actual > maximum {
            let [actual, maximum] = [actual, maximum].map(|bytes| bytes as u64);
            return Err(PublishError::TooLarge { actual, maximum });
        }
        Ok(Message {
            id: RecordId {
                event: message.event_id.into(),
                trigger: message.trigger.into(),
                queue: message.queue,
            },
            ordering_key: message.ordering_key.into(),
            destination,
            record,
            timeout,
        })
    }

    /// Where a queue's records go: its own `conn_details` and `parameters` (JSON
    /// objects) merged with the broker's, of which the broker's win.
    ///
    /// # Errors
    ///
    /// The broker is unknown, or the merged fields are wrong; all of them are named.
    pub fn address(
        &self,
        broker: &str,
        conn_details: &str,
        parameters: &str,
    ) -> Result<Arc<Destination>, PublishError> {
        let entry = self
            .entries
            .get(broker)
            .ok_or_else(|| PublishError::UnknownBroker(broker.chars().take(MAX_TOPIC).collect()))?;
        let remembered = entry
            .remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let found = remembered
            .get(conn_details)
            .and_then(|queues| queues.get(parameters))
            .cloned();
        drop(remembered);
        if let Some(destination) = found {
            return Ok(destination);
        }
        let destination = Arc::new(self.merge(&entry.broker, conn_details, parameters)?);
        if entry.is_fixed {
            let mut remembered = entry
                .remembered
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            if remembered.values().map(HashMap::len).sum::<usize>() >= MAX_REMEMBERED {
                remembered.clear();
            }
            let queues = remembered.entry(conn_details.to_owned()).or_default();
            queues.insert(parameters.to_owned(), destination.clone());
        }
        Ok(destination)
    }

    /// Which members each broker sets itself, for the guest to drop from queues.
    pub fn members(&self) -> Vec<BrokerMembers> {
        let names = |members: &Map<String, Value>| members.keys().cloned().collect();
        self.entries
            .values()
            .map(|Entry { broker, .. }| BrokerMembers {
                name: broker.name.clone(),
                conn_details: names(&broker.conn_details),
                parameters: names(&broker.params),
            })
            .collect()
    }

    /// How many destinations of a broker are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self, broker: &str) -> usize {
        self.entries[broker]
            .remembered
            .read()
            .unwrap()
            .values()
            .map(HashMap::len)
            .sum()
    }

    fn merge(
        &self,
        broker: &Broker,
        conn_details: &str,
        parameters: &str,
    ) -> Result<Destination, PublishError> {
        if let (false, Some(kind)) = (broker.is_kafka(), &broker.broker_type) {
            return Err(PublishError::InvalidDestination(format!(
                "the broker `{}` is of type `{kind}`, and this host serves only `kafka`",
                broker.name
            )));
        }
        let servers = object("conn_details", conn_details).and_then(|queue| {
            field(
                &broker.conn_details,
                &queue,
                "bootstrap_servers",
                &self.settings,
            )
        });
        let cluster = servers.and_then(|servers| {
            self.clusters.get(&servers).cloned().ok_or_else(|| {
                format!("`{servers}` is none of the host's clusters: add it to `clusters`")
            })
        });
        let topic = object("parameters", parameters)
            .and_then(|queue| field(&broker.params, &queue, "topic", &self.settings))
            .and_then(|topic| check_topic(&topic).map(|()| topic));
        match (cluster, topic) {
            (Ok(cluster), Ok(topic)) => Ok(Destination {
                broker: broker.name.clone(),
                topic,
                cluster,
            }),
            (Err(first), Err(second)) => Err(PublishError::InvalidDestination(format!(
                "{first}; {second}"
            ))),
            (Err(fault), _) | (_, Err(fault)) => Err(PublishError::InvalidDestination(fault)),
        }
    }

    /// The smaller of the queue's bound and the host's.
    fn timeout(&self, queue_ms: Option<u64>) -> Result<Option<Duration>, PublishError> {
        if queue_ms == Some(0) {
            return Err(PublishError::InvalidDestination(
                "`timeout_secs` is 0, so no attempt could succeed: leave it out or raise it".into(),
            ));
        }
        let bounds = [
            queue_ms.map(Duration::from_millis),
            self.policy.max_broker_timeout,
        ];
        Ok(bounds.into_iter().flatten().min())
    }

    fn value(
        &self,
        payload: Payload,
        cluster: &Cluster,
    ) -> Result<(Option<bytes::Bytes>, bool), PublishError> {
        let invalid = |what: &str| PublishError::InvalidRecord(what.into());
        match payload {
            Payload::Json(bytes) => {
                // As it stands it becomes part of the POST's body.
                if cluster.format == Format::Json
                    && serde_json::from_slice::<IgnoredAny>(&bytes).is_err()
                {
                    return Err(invalid("the value says that it is JSON, and is not"));
                }
                Ok((Some(bytes.into()), true))
            }
            Payload::Text(bytes) => match self.policy.text_encoding {
                TextEncoding::Raw => Ok((Some(bytes.into()), false)),
                TextEncoding::Json => {
                    let text =
                        String::from_utf8(bytes).map_err(|_| invalid("the text is not UTF-8"))?;
                    Ok((Some(Value::from(text).to_string().into()), true))
                }
            },
            Payload::Tombstone if cluster.flavor == Flavor::Confluent => Ok((None, false)),
            Payload::Tombstone => Err(invalid(
                "the cluster's REST proxy cannot write tombstones: only flavor `confluent` does",
            )),
        }
    }
}

/// Bounds what identifies a record.
fn check_names(message: &Offer) -> Result<(), PublishError> {
    let names = [
        ("event id", &message.event_id),
        ("trigger", &message.trigger),
        ("ordering key", &message.ordering_key),
    ];
    match names.iter().find(|(_, name)| name.len() > MAX_NAME) {
        Some((what, name)) => Err(PublishError::InvalidRecord(format!(
            "the {what} has {} bytes, at most {MAX_NAME} are taken",
            name.len()
        ))),
        None if message
            .partition
            .is_some_and(|partition| i32::try_from(partition).is_err()) =>
        {
            Err(PublishError::InvalidRecord(
                "the partition is larger than Kafka's largest".into(),
            ))
        }
        None => Ok(()),
    }
}

fn headers(headers: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, bytes::Bytes)>, PublishError> {
    if headers.len() > MAX_HEADERS {
        return Err(PublishError::InvalidRecord(format!(
            "the record has {} headers, at most {MAX_HEADERS} are taken",
            headers.len()
        )));
    }
    if headers.iter().any(|(name, _)| name.is_empty()) {
        return Err(PublishError::InvalidRecord("a header has no name".into()));
    }
    Ok(headers
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect())
}

/// The queue's own fields; null and nothing mean none, as upstream's default is.
fn object(what: &str, text: &str) -> Result<Map<String, Value>, String> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) | Err(_) => Err(format!("the queue's `{what}` must be a JSON object")),
    }
}
