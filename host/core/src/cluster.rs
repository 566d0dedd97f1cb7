//! Clusters: a bootstrap string and the REST proxy that serves it.

use std::{collections::BTreeMap, time::Duration};

use secrecy::SecretString;
use url::Url;

/// Which API of the Kafka REST Proxy is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// `POST /topics/{topic}`.
    #[default]
    V2,
    /// `POST /v3/clusters/{cluster}/topics/{topic}/records`.
    V3,
}

/// Whose REST proxy it is; picks the few rules in which they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// Confluent REST Proxy.
    #[default]
    Confluent,
    /// Aiven Karapace.
    Karapace,
    /// Strimzi Kafka Bridge.
    Strimzi,
    /// Redpanda's HTTP proxy.
    Redpanda,
}

/// How v2 bodies carry keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Base64: Kafka stores exactly our bytes.
    #[default]
    Binary,
    /// JSON: the proxy writes the JSON again and may change numbers.
    Json,
}

/// How the host shows the proxy who it is. `Debug` never shows a secret.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        username: String,
        /// Its password.
        password: SecretString,
    },
    /// `Authorization: Bearer`.
    Bearer(SecretString),
}

/// TLS beyond the system's own roots.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Certificates of private authorities, PEM; trusted besides the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Client certificate chain and private key, PEM.
    pub identity_pem: Option<SecretString>,
}

/// A bootstrap string and the REST proxy that serves it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The bootstrap string exactly as brokers and queues write it.
    pub bootstrap_servers: String,
    /// The proxy's base address; may have a path, must not have credentials.
    pub rest_url: Url,
    /// The API it speaks.
    pub api: Api,
    /// Whose proxy it is.
    pub flavor: Flavor,
    /// How v2 bodies carry values.
    pub format: Format,
    /// The v3 cluster id; discovered when not given.
    pub cluster_id: Option<String>,
    /// Who the host is to the proxy.
    pub auth: Auth,
    /// TLS beyond the system's roots.
    pub tls: Tls,
    /// Bounds one connection attempt.
    pub connect_timeout: Duration,
    /// Bounds one POST, connection and answer together.
    pub request_timeout: Duration,
    /// How long a retriable or unknown record is tried again.
    pub time_to_live: Duration,
    /// How long a batch waits for company.
    pub linger: Duration,
    /// Most records in one POST.
    pub max_batch_records: usize,
    /// Most bytes of one POST's body, in which base64 makes 4 bytes of 3; a
    /// record beyond it goes alone. Karapace refuses bodies above 1 MiB.
    pub max_batch_bytes: usize,
    /// Most bytes of one record (key, headers, value). Above a topic's own
    /// `max.message.bytes` Confluent's producer dies (KAFKA-8350), so this must
    /// not exceed it.
    pub max_record_bytes: usize,
    /// The same for single topics.
    pub topic_max_record_bytes: BTreeMap<String, usize>,
    /// Most POSTs under way at once.
    pub max_in_flight: usize,
}

impl Cluster {
    /// A cluster with the defaults: v2, Confluent, binary, no auth, 10 s to
    /// connect, 70 s for a POST, 120 s to live, 5 ms linger, 500 records and
    /// 900,000 bytes of body a POST, 1,000,000 bytes a record, 4 POSTs at once.
    pub fn new(bootstrap_servers: impl Into<String>, rest_url: Url) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            rest_url,
            api: Api::default(),
            flavor: Flavor::default(),
            format: Format::default(),
            cluster_id: None,
            auth: Auth::default(),
            tls: Tls::default(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(70),
            time_to_live: Duration::from_mins(2),
            linger: Duration::from_millis(5),
            max_batch_records: 500,
            max_batch_bytes: 900_000,
            max_record_bytes: 1_000_000,
            topic_max_record_bytes: BTreeMap::new(),
            max_in_flight: 4,
        }
    }

    /// Most bytes of one record to this topic.
    pub fn max_record_bytes(&self, topic: &str) -> usize {
        self.topic_max_record_bytes
            .get(topic)
            .copied()
            .unwrap_or(self.max_record_bytes)
    }
}
