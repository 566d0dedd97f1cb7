//! The registry of brokers: where records may go, and what is checked of them.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use action_triggers_vocabulary::{PublishError, members::queue, quote, topic};
use serde_json::{Map, Value};

use super::{
    destination::{check_topic, field, has_placeholder},
    offer::{BrokerMembers, Offer, Payload},
};
use crate::{
    cluster::Cluster,
    outcome::QueueDestination,
    record::{Destination, Record},
    settings::Settings,
    verdict::Reason,
};

/// Most headers of a record.
const MAX_HEADERS: usize = 100;

/// Most bytes of an ordering key.
const MAX_NAME: usize = 4096;

/// A named entry of the host's settings. `Debug` shows its fields' names only.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Broker {
    /// What queues call it.
    pub name: String,
    /// Upstream's `broker_type`; none means Kafka.
    pub broker_type: Option<String>,
    /// Upstream's `conn_details`; of these `bootstrap_servers` counts.
    pub conn_details: Map<String, Value>,
    /// Upstream's `params`; of these `topic` counts.
    pub params: Map<String, Value>,
    /// The topics that queues may render for an event: names, or beginnings with
    /// `*` behind them. Only where `params` have no `topic`.
    pub topics: Vec<String>,
}

impl Broker {
    /// A broker of type `kafka` that queues call so. Where it sets neither
    /// bootstrap servers nor a topic, its queues must.
    ///
    /// ```
    /// use action_triggers_core::broker::Broker;
    ///
    /// let broker = Broker::kafka("kafka_1")
    ///     .bootstrap_servers("localhost:9092")
    ///     .topic("sales");
    /// assert_eq!(broker.params["topic"], "sales");
    /// ```
    pub fn kafka(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            broker_type: Some("kafka".to_owned()),
            ..Self::default()
        }
    }

    /// The bootstrap string of its cluster. May contain placeholders.
    pub fn bootstrap_servers(mut self, servers: impl Into<String>) -> Self {
        let servers = Value::from(servers.into());
        self.conn_details
            .insert(queue::BOOTSTRAP_SERVERS.to_owned(), servers);
        self
    }

    /// The topic of its records. May contain placeholders.
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        let topic = Value::from(topic.into());
        self.params.insert(queue::TOPIC.to_owned(), topic);
        self
    }

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
            .field("topics", &self.topics)
            .finish()
    }
}

/// How plain text is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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

/// Says whether a record can ever be written to a topic of a cluster: a rule of who
/// writes there, who is asked when the record is accepted.
pub type RecordRule = Arc<dyn Fn(&Cluster, &str, &Record) -> Result<(), Reason> + Send + Sync>;

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

struct Entry {
    broker: Broker,
    /// A placeholder's value may change, so such a broker is resolved anew each time.
    is_fixed: bool,
}

/// The host's brokers and clusters, and the rules by which they take records.
pub struct Registry {
    entries: BTreeMap<String, Entry>,
    clusters: BTreeMap<String, Arc<Cluster>>,
    settings: Arc<Settings>,
    policy: Policy,
    rule: Option<RecordRule>,
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
            let entry = Entry { broker, is_fixed };
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
                rule: None,
            })
        } else {
            Err(errors)
        }
    }

    /// The same registry, by whose rule records are accepted.
    pub fn with_rule(mut self, rule: RecordRule) -> Self {
        self.rule = Some(rule);
        self
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a broker's own part of a destination is the same for every record.
    pub(super) fn is_fixed(&self, broker: &str) -> bool {
        self.entries.get(broker).is_none_or(|entry| entry.is_fixed)
    }

    /// Whether a broker lets its queues write to a topic that an event decides.
    pub(super) fn allows_topic(&self, broker: &str, topic: &str) -> bool {
        self.entries
            .get(broker)
            .is_some_and(|Entry { broker, .. }| {
                !broker.params.contains_key("topic") && topic::is_allowed(&broker.topics, topic)
            })
    }

    /// The topics that a broker lets its queues' events decide, as it names them.
    pub(super) fn allowed_topics(&self, broker: &str) -> &[String] {
        self.entries
            .get(broker)
            .map_or(&[], |entry| &entry.broker.topics)
    }

    /// Makes a record that goes there of what the guest offers, and checks it: here
    /// what the host's own memory and order depend on, and the rest by the rule of who
    /// writes it.
    ///
    /// # Errors
    ///
    /// The record is not taken, and never will be.
    pub(super) fn record(
        &self,
        offer: Offer,
        destination: &Destination,
    ) -> Result<Record, PublishError> {
        check_ordering_key(&offer)?;
        let cluster = self.cluster(&destination.cluster.bootstrap_servers)?;
        let (value, value_is_json) = self.value(offer.value);
        let record = Record {
            key: offer.key.map(Into::into),
            headers: headers(offer.headers)?,
            partition: offer.partition,
            timestamp_ms: offer.timestamp_ms,
            value,
            value_is_json,
        };
        let rule = self.rule.as_ref();
        rule.map_or(Ok(()), |rule| rule(cluster, &destination.topic, &record))
            .map_err(|Reason { code, message, .. }| PublishError::NotWritable {
                code: code.to_owned(),
                message,
            })?;
        Ok(record)
    }

    /// Where a queue's records go: its own destination merged with the broker's,
    /// of which the broker's fields win. A topic that an event decides stands for
    /// the queue's own.
    ///
    /// # Errors
    ///
    /// The broker is unknown, or the merged fields are wrong; all of them are named.
    pub fn address(
        &self,
        broker: &str,
        destination: &QueueDestination,
        topic: Option<&str>,
    ) -> Result<Destination, PublishError> {
        let entry = self
            .entries
            .get(broker)
            .ok_or_else(|| PublishError::UnknownBroker(quote::shown(broker).into()))?;
        self.merge(&entry.broker, destination, topic)
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
                topics: broker.topics.clone(),
            })
            .collect()
    }

    fn merge(
        &self,
        broker: &Broker,
        QueueDestination {
            conn_details,
            parameters,
        }: &QueueDestination,
        topic: Option<&str>,
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
        let cluster = servers.and_then(|servers| match self.clusters.get(&servers) {
            Some(cluster) => Ok(cluster.id()),
            None => Err(unknown_cluster(&servers)),
        });
        let topic = object("parameters", parameters)
            .and_then(|mut queue| {
                if let Some(topic) = topic {
                    queue.insert("topic".into(), topic.into());
                }
                field(&broker.params, &queue, "topic", &self.settings)
            })
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

    pub(super) fn cluster(&self, servers: &str) -> Result<&Cluster, PublishError> {
        let cluster = self.clusters.get(servers);
        cluster
            .map(|cluster| &**cluster)
            .ok_or_else(|| PublishError::InvalidDestination(unknown_cluster(servers)))
    }

    /// The bound on an attempt to publish: the smaller of the queue's, in
    /// milliseconds, and the host's.
    ///
    /// # Errors
    ///
    /// The queue's is 0, so that no attempt could succeed.
    pub fn timeout(&self, queue_ms: Option<u64>) -> Result<Option<Duration>, PublishError> {
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

    /// The bytes of a value, and whether they are JSON.
    fn value(&self, payload: Payload) -> (Option<bytes::Bytes>, bool) {
        match payload {
            Payload::Json(text) => (Some(text.into()), true),
            Payload::Text(text) => match self.policy.text_encoding {
                TextEncoding::Raw => (Some(text.into()), false),
                TextEncoding::Json => (Some(Value::from(text).to_string().into()), true),
            },
            Payload::Tombstone => (None, false),
        }
    }
}

fn unknown_cluster(servers: &str) -> String {
    format!("unknown cluster `{servers}`: add it to `clusters`")
}

/// Bounds what orders a record, which the host keeps.
fn check_ordering_key(offer: &Offer) -> Result<(), PublishError> {
    let key = offer.ordering_key.as_ref();
    match key.filter(|key| key.len() > MAX_NAME) {
        Some(key) => Err(PublishError::InvalidRecord(format!(
            "the ordering key has {} bytes, at most {MAX_NAME} are taken",
            key.len()
        ))),
        None => Ok(()),
    }
}

fn headers(headers: Vec<(String, String)>) -> Result<Vec<(String, bytes::Bytes)>, PublishError> {
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
pub(super) fn object(what: &str, text: &str) -> Result<Map<String, Value>, String> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) | Err(_) => Err(format!("the queue's `{what}` must be a JSON object")),
    }
}
