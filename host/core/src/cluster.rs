//! Clusters: a bootstrap string and the REST proxy that serves it.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Names a cluster: whose it is, and the bootstrap string that its brokers and
/// queues write. How it is reached may change while the name stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId {
    /// Whose triggers reach it; empty where there are no tenants.
    pub tenant: Arc<str>,
    /// The bootstrap string, exactly as brokers and queues write it.
    pub bootstrap_servers: Arc<str>,
}

impl ClusterId {
    /// The cluster of a tenant with these bootstrap servers.
    pub fn new(tenant: impl Into<Arc<str>>, bootstrap_servers: impl Into<Arc<str>>) -> Self {
        Self {
            tenant: tenant.into(),
            bootstrap_servers: bootstrap_servers.into(),
        }
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tenant.is_empty() {
            write!(formatter, "{}: ", self.tenant)?;
        }
        formatter.write_str(&self.bootstrap_servers)
    }
}

/// What one POST may hold of one ordering key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// One record: a key's order is never lost.
    #[default]
    Strict,
    /// More and more records while all goes well: faster where few keys have
    /// most of the records. Where a POST fails in part, a later record of a key
    /// may be written before an earlier one.
    Fast,
}

/// Which API of the Kafka REST Proxy is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Api {
    /// `POST /topics/{topic}`.
    #[default]
    V2,
    /// `POST /v3/clusters/{cluster}/topics/{topic}/records`.
    V3,
}

/// Whose REST proxy it is; picks the few rules in which they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub enum Format {
    /// Base64: Kafka stores exactly our bytes.
    #[default]
    Binary,
    /// JSON: the proxy writes the JSON again and may change numbers.
    Json,
}

/// A secret, and where it can be read again: a token is renewed while the host runs.
/// `Debug` shows where it is from, never what it is.
///
/// ```
/// use action_triggers_core::cluster::Secret;
///
/// let token = Secret::from("t0k3n");
/// assert_eq!(token.expose(), "t0k3n");
/// assert!(!format!("{token:?}").contains("t0k3n"));
/// ```
#[derive(Clone, Debug)]
pub struct Secret {
    value: SecretString,
    origin: Origin,
}

/// Where a secret is from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// The embedder handed it in; it stays as it is.
    Given,
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

impl Secret {
    /// A secret that was read from there. A line break at its end is no part of it:
    /// files and `$(command)` have one.
    pub fn new(value: &str, origin: Origin) -> Self {
        Self {
            value: value.trim_end_matches(['\r', '\n']).into(),
            origin,
        }
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Where it is from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// The same secret from the same place.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose() && self.origin == other.origin
    }
}

impl Eq for Secret {}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value, Origin::Given)
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::from(value.as_str())
    }
}

/// How the host shows the proxy who it is. `Debug` never shows a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        username: String,
        /// Its password.
        password: Secret,
    },
    /// `Authorization: Bearer`.
    Bearer(Secret),
}

/// An HTTP proxy between the host and the REST proxy, as companies have for what
/// leaves their network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpProxy {
    /// Its address; must not have credentials.
    pub url: Url,
    /// User name and password for it, sent as HTTP Basic.
    pub basic: Option<(String, Secret)>,
}

impl HttpProxy {
    /// A proxy at this address that asks for no password.
    pub fn new(url: Url) -> Self {
        Self { url, basic: None }
    }
}

/// TLS beyond the system's own roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// Certificates of private authorities, PEM; trusted besides the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Client certificate chain and private key, PEM. Read again, where it can be,
    /// when a proxy refuses us or its connection fails: certificates are renewed.
    pub identity_pem: Option<Secret>,
}

/// A bootstrap string and the REST proxy that serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cluster {
    /// Whose triggers reach it; empty where there are no tenants.
    pub tenant: String,
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
    /// How long a POST that the proxy answers with 401 or 403 is tried again, with
    /// secrets read anew, before it is final. At most half of `time_to_live`.
    pub auth_retry: Duration,
    /// Headers of each request to it, such as a gateway's API key.
    pub headers: Vec<(String, Secret)>,
    /// The HTTP proxy through which it is reached. `HTTP_PROXY` and its like are
    /// ignored.
    pub proxy: Option<HttpProxy>,
    /// TLS beyond the system's roots.
    pub tls: Tls,
    /// Bounds one connection attempt.
    pub connect_timeout: Duration,
    /// A connection that is older takes no new request: its successor may lead to
    /// another server, as DNS and load balancers have it by then.
    pub connection_max_age: Duration,
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
    /// Most POSTs under way at once. One that takes more than half a second no longer
    /// counts, as far as fewer such POSTs than this are under way.
    pub max_in_flight: usize,
    /// Longest pause that the proxy is granted when it asks for one (`Retry-After`).
    pub max_retry_after: Duration,
    /// What one POST may hold of one ordering key.
    pub order: Order,
}

impl Cluster {
    /// A cluster with the defaults: v2, Confluent, binary, no auth, 10 s to
    /// connect, connections of 5 minutes, 70 s for a POST, 60 s of 401 and 403, 120 s
    /// to live, 5 ms linger, 500 records and 900,000 bytes of body a POST, 1,000,000
    /// bytes a record, 4 POSTs at once, 60 s of pause at most, strict order.
    pub fn new(bootstrap_servers: impl Into<String>, rest_url: Url) -> Self {
        let terms = Terms::default();
        Self {
            tenant: String::new(),
            bootstrap_servers: bootstrap_servers.into(),
            rest_url,
            api: Api::default(),
            flavor: Flavor::default(),
            format: Format::default(),
            cluster_id: None,
            auth: Auth::default(),
            auth_retry: Duration::from_mins(1),
            headers: Vec::new(),
            proxy: None,
            tls: Tls::default(),
            connect_timeout: Duration::from_secs(10),
            connection_max_age: Duration::from_mins(5),
            request_timeout: Duration::from_secs(70),
            time_to_live: terms.time_to_live,
            linger: terms.linger,
            max_batch_records: terms.max_batch_records,
            max_batch_bytes: terms.max_batch_bytes,
            max_record_bytes: 1_000_000,
            topic_max_record_bytes: BTreeMap::new(),
            max_in_flight: terms.max_in_flight,
            max_retry_after: terms.max_retry_after,
            order: terms.order,
        }
    }

    /// The same cluster, changed.
    ///
    /// ```
    /// use action_triggers_core::cluster::{Api, Cluster};
    /// # fn main() -> Result<(), url::ParseError> {
    /// let cluster = Cluster::new("localhost:9092", "http://localhost:8082".parse()?)
    ///     .with(|cluster| cluster.api = Api::V3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// By which rules records go to a topic. A broker bounds a batch as it bounds a
    /// record, so a topic with a bound of its own has it for POSTs too.
    ///
    /// ```
    /// # use action_triggers_core::cluster::Cluster;
    /// # fn main() -> Result<(), url::ParseError> {
    /// let mut cluster = Cluster::new("localhost:9092", "http://localhost:8082".parse()?);
    /// cluster.topic_max_record_bytes.insert("small".into(), 100_000);
    /// assert_eq!(cluster.terms("small").max_batch_bytes, 100_000);
    /// assert_eq!(cluster.terms("sales").max_batch_bytes, 900_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn terms(&self, topic: &str) -> Terms {
        let mut terms = Terms::from(self);
        if let Some(most) = self.topic_max_record_bytes.get(topic) {
            terms.max_batch_bytes = terms.max_batch_bytes.min(*most);
        }
        terms
    }

    /// The same cluster with its secrets read again from where they come. The password of
    /// an HTTP proxy stays as it is.
    ///
    /// # Errors
    ///
    /// Where the first secret comes from that cannot be read.
    pub fn renewed(mut self, read: impl Fn(&Origin) -> Option<String>) -> Result<Self, Origin> {
        let secret = match &mut self.auth {
            Auth::Basic { password, .. } => Some(password),
            Auth::Bearer(token) => Some(token),
            Auth::None => None,
        };
        let headers = self.headers.iter_mut().map(|(_, value)| value);
        let secrets = secret.into_iter().chain(headers);
        for secret in secrets.chain(&mut self.tls.identity_pem) {
            if secret.origin == Origin::Given {
                continue;
            }
            let value = read(&secret.origin).ok_or_else(|| secret.origin.clone())?;
            *secret = Secret::new(&value, secret.origin.clone());
        }
        Ok(self)
    }

    /// Where the secrets come from that requests to it carry; those of TLS and of an HTTP
    /// proxy are not among them.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        let secret = match &self.auth {
            Auth::Basic { password, .. } => Some(password),
            Auth::Bearer(token) => Some(token),
            Auth::None => None,
        };
        let headers = self.headers.iter().map(|(_, value)| value);
        let secrets = secret.into_iter().chain(headers);
        secrets.map(|secret| &secret.origin)
    }

    /// Names it.
    pub fn id(&self) -> ClusterId {
        ClusterId::new(&*self.tenant, &*self.bootstrap_servers)
    }

    /// Most bytes of one record to this topic.
    pub fn max_record_bytes(&self, topic: &str) -> usize {
        self.topic_max_record_bytes
            .get(topic)
            .copied()
            .unwrap_or(self.max_record_bytes)
    }
}

/// By which rules records go to a topic of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// How long a batch waits for company.
    pub linger: Duration,
    /// Most records in one POST.
    pub max_batch_records: usize,
    /// Most bytes of one POST, as the records' sizes say.
    pub max_batch_bytes: usize,
    /// Most POSTs to the cluster under way at once.
    pub max_in_flight: usize,
    /// How long a record is tried.
    pub time_to_live: Duration,
    /// Longest pause that the proxy is granted when it asks for one.
    pub max_retry_after: Duration,
    /// What a POST may hold of one ordering key.
    pub order: Order,
}

impl Default for Terms {
    /// Those of a cluster with the defaults: 5 ms linger, 500 records and 900,000
    /// bytes a POST, 4 POSTs at once, 120 s to live, 60 s of pause at most,
    /// strict order.
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(5),
            max_batch_records: 500,
            max_batch_bytes: 900_000,
            max_in_flight: 4,
            time_to_live: Duration::from_mins(2),
            max_retry_after: Duration::from_mins(1),
            order: Order::Strict,
        }
    }
}

impl From<&Cluster> for Terms {
    fn from(cluster: &Cluster) -> Self {
        Self {
            linger: cluster.linger,
            max_batch_records: cluster.max_batch_records,
            max_batch_bytes: cluster.max_batch_bytes,
            max_in_flight: cluster.max_in_flight,
            time_to_live: cluster.time_to_live,
            max_retry_after: cluster.max_retry_after,
            order: cluster.order,
        }
    }
}
