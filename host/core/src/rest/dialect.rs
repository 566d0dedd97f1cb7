//! Whose REST proxy is spoken to, and what it can carry.

use crate::cluster::{Api, Cluster, Flavor, Format};

/// An API of the Kafka REST Proxy as one vendor serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Confluent REST Proxy, v2.
    ConfluentV2,
    /// Confluent REST Proxy, v3.
    ConfluentV3,
    /// Aiven Karapace, v2.
    Karapace,
    /// Strimzi Kafka Bridge, v2.
    Strimzi,
    /// Redpanda's HTTP proxy, v2.
    Redpanda,
}

impl Dialect {
    /// The cluster's dialect; none where the vendor does not serve that API.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        match (cluster.api, cluster.flavor) {
            (Api::V2, Flavor::Confluent) => Some(Self::ConfluentV2),
            (Api::V2, Flavor::Karapace) => Some(Self::Karapace),
            (Api::V2, Flavor::Strimzi) => Some(Self::Strimzi),
            (Api::V2, Flavor::Redpanda) => Some(Self::Redpanda),
            (Api::V3, Flavor::Confluent) => Some(Self::ConfluentV3),
            (Api::V3, _) => None,
        }
    }

    /// Whether records may have headers. The others refuse the whole POST.
    pub fn has_headers(self) -> bool {
        matches!(self, Self::ConfluentV3 | Self::Strimzi)
    }

    /// Whether a header's value may be empty (Strimzi wants a byte at least).
    pub fn has_empty_headers(self) -> bool {
        self == Self::ConfluentV3
    }

    /// Whether records may have a timestamp. The others refuse the whole POST.
    pub fn has_timestamps(self) -> bool {
        self.has_headers()
    }

    /// Whether a record may have no value. Karapace stores an empty value
    /// instead, Strimzi three junk bytes, Redpanda refuses the POST.
    pub fn has_tombstones(self) -> bool {
        matches!(self, Self::ConfluentV2 | Self::ConfluentV3)
    }

    /// Whether `GET /topics/{topic}`, or its like in v3, tells of a topic.
    /// Redpanda's proxy has no such question.
    pub fn tells_of_topics(self) -> bool {
        self != Self::Redpanda
    }

    /// Whether a POST to a missing topic waits 60 s for it, and the question for
    /// it is answered meanwhile. Karapace refuses the POST at once, and when its
    /// broker is away a question keeps all its clients waiting.
    pub fn awaits_topics(self) -> bool {
        matches!(self, Self::ConfluentV2 | Self::ConfluentV3 | Self::Strimzi)
    }

    /// The exact type of a body: Strimzi answers 500 to a charset, 400 to
    /// other cases and shorter names.
    pub fn content_type(self, format: Format) -> &'static str {
        match (self, format) {
            (Self::ConfluentV3, _) => "application/json",
            (_, Format::Binary) => "application/vnd.kafka.binary.v2+json",
            (_, Format::Json) => "application/vnd.kafka.json.v2+json",
        }
    }

    /// The exact type asked for: Confluent v2 answers 406 to
    /// `application/json` and to the types of bodies.
    pub fn accept(self) -> &'static str {
        match self {
            Self::ConfluentV3 => "application/json",
            _ => "application/vnd.kafka.v2+json",
        }
    }
}

/// Whether records to this cluster may have headers, so that the delivery
/// layer can name each record in one.
///
/// ```
/// # use action_triggers_core::{cluster::{Api, Cluster}, rest::supports_headers};
/// # fn main() -> Result<(), url::ParseError> {
/// let mut cluster = Cluster::new("localhost:9092", "http://localhost:8082".parse()?);
/// assert!(!supports_headers(&cluster));
/// cluster.api = Api::V3;
/// assert!(supports_headers(&cluster));
/// # Ok(())
/// # }
/// ```
pub fn supports_headers(cluster: &Cluster) -> bool {
    Dialect::of(cluster).is_some_and(Dialect::has_headers)
}
