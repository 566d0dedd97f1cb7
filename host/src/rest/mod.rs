//! The Kafka REST client: the only place that knows HTTP.
//!
//! [`RestPublisher`] makes one attempt per batch and reads from the answer's
//! body what became of each record. What is asked and what answers mean is the
//! protocol's: [`action_triggers_core::rest`].

mod client;
mod error;
mod read_back;
mod tls;
mod topics;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    time::{Duration, Instant},
};

pub use action_triggers_core::rest::supports_headers;
use action_triggers_core::rest::{
    Answer, Dialect, Failure, Redactor, Topic, check,
    explain::{self, Said},
    v2, v3,
    verdict::{self, Finding},
};
use tokio::sync::OnceCell;
use url::Url;

use self::{client::Client, topics::Topics};
pub use self::{
    error::RestError,
    read_back::{ReadBackError, read_back},
};
use crate::{
    cluster::Cluster,
    publisher::{Batch, PublishFuture, Publisher, Reason, Verdict},
    record::Record,
};

/// Bounds the question for a v3 cluster id: it hangs while the broker is away.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer, and of it for each record: errors are wordy.
const ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_BYTES_PER_RECORD: usize = 4 * 1024;
/// Most bytes of what a proxy says of a topic: its partitions, one by one.
const TOPIC_BYTES: usize = 1024 * 1024;

/// Writes batches through the REST proxies of the configured clusters.
#[derive(Debug)]
pub struct RestPublisher {
    proxies: BTreeMap<String, Proxy>,
}

impl RestPublisher {
    /// Makes a client for each cluster. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The first cluster that cannot be reached as it is configured.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use action_triggers_host::{cluster::Cluster, rest::RestPublisher};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let cluster = Cluster::new("localhost:9092", "http://localhost:8082".parse()?);
    /// let publisher = RestPublisher::new([Arc::new(cluster)])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(clusters: impl IntoIterator<Item = Arc<Cluster>>) -> Result<Self, RestError> {
        let mut proxies = BTreeMap::new();
        for cluster in clusters {
            match proxies.entry(cluster.bootstrap_servers.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(Proxy::new(cluster)?);
                }
                Entry::Occupied(entry) => {
                    return Err(RestError::DuplicateCluster {
                        cluster: entry.key().clone(),
                    });
                }
            }
        }
        Ok(Self { proxies })
    }
}

impl Publisher for RestPublisher {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        Box::pin(async move {
            if let Some(proxy) = self.proxies.get(&batch.cluster.bootstrap_servers) {
                return proxy.publish(batch).await;
            }
            let message = format!(
                "no REST proxy is configured for `{}`",
                batch.cluster.bootstrap_servers
            );
            let unknown = Finding::Permanent("unknown_cluster").verdict(message, None, 1);
            vec![unknown; batch.records.len()]
        })
    }
}

/// One cluster's REST proxy.
#[derive(Debug)]
struct Proxy {
    cluster: Arc<Cluster>,
    dialect: Dialect,
    client: Client,
    redactor: Redactor,
    /// The v3 cluster id, once discovered.
    cluster_id: OnceCell<String>,
    topics: Topics,
}

impl Proxy {
    fn new(cluster: Arc<Cluster>) -> Result<Self, RestError> {
        check_url(&cluster)?;
        let dialect = Dialect::of(&cluster).ok_or_else(|| RestError::UnsupportedApi {
            cluster: cluster.bootstrap_servers.clone(),
        })?;
        let authorization = client::authorization(&cluster)?;
        Ok(Self {
            dialect,
            client: Client::new(&cluster, authorization.as_ref())?,
            redactor: Redactor::new(&cluster.auth, authorization.as_ref()),
            cluster_id: OnceCell::new_with(cluster.cluster_id.clone()),
            topics: Topics::default(),
            cluster,
        })
    }

    async fn publish(&self, batch: &Batch) -> Vec<Verdict> {
        let limit = batch
            .timeout
            .unwrap_or(Duration::MAX)
            .min(self.cluster.request_timeout);
        let started = Instant::now();
        let doubtful = self.ask_if_doubtful(&batch.topic, limit).await;
        let checks: Vec<_> = batch
            .records
            .iter()
            .map(|record| {
                check::check(record, &batch.topic, &self.cluster, self.dialect)?;
                doubtful.map_or(Ok(()), |topic| topic.check(&batch.topic, record.partition))
            })
            .collect();
        let records: Vec<_> = batch
            .records
            .iter()
            .zip(&checks)
            .filter_map(|(record, check)| check.is_ok().then_some(record))
            .collect();
        let mut posted = match records.as_slice() {
            [] => Vec::new(),
            records => {
                let limit = limit.saturating_sub(started.elapsed());
                self.post(&batch.topic, records, limit).await
            }
        }
        .into_iter();
        checks
            .into_iter()
            .map(|check| match check {
                Ok(()) => posted.next().unwrap_or_else(no_verdict),
                Err(reason) => Verdict::Permanent(reason),
            })
            .collect()
    }

    /// One verdict per record of `records`, which are the batch's sound ones.
    async fn post(&self, topic: &str, records: &[&Record], limit: Duration) -> Vec<Verdict> {
        let started = Instant::now();
        let url = match self.url(topic, limit.min(DISCOVERY_TIMEOUT)).await {
            Ok(url) => url,
            Err(verdict) => return vec![verdict; records.len()],
        };
        let limit = limit.saturating_sub(started.elapsed());
        let slow_after = topics::slow_after(limit).filter(|_| self.dialect.awaits_topics());
        let question = self.ask(topic, topics::ANSWERED_WITHIN);
        let sent = self.send(url, records, limit);
        let (answer, asked) = topics::ask_meanwhile(sent, slow_after, question).await;
        let mut verdicts = self.verdicts(records, answer);
        let found = match asked {
            Some(found) => found,
            None if verdicts.iter().any(verdict::leaves_topic_open) => {
                self.ask(topic, topics::ANSWERED_WITHIN).await
            }
            None => None,
        };
        if let Some(found) = found {
            self.close(topic, found, records, &mut verdicts);
        }
        verdicts
    }

    async fn send(
        &self,
        url: Url,
        records: &[&Record],
        limit: Duration,
    ) -> Result<Answer, Failure> {
        let body = match self.dialect {
            Dialect::ConfluentV3 => v3::body(records),
            _ => v2::body(records, self.cluster.format),
        };
        let types = (
            self.dialect.content_type(self.cluster.format),
            self.dialect.accept(),
        );
        let cap = ANSWER_BYTES + ANSWER_BYTES_PER_RECORD * records.len();
        self.client.post(url, types, body, (limit, cap)).await
    }

    fn verdicts(&self, records: &[&Record], answer: Result<Answer, Failure>) -> Vec<Verdict> {
        match answer {
            Err(failure) => vec![explain::of_failure(&failure); records.len()],
            Ok(answer) if self.dialect == Dialect::ConfluentV3 => {
                v3::verdicts(records.len(), &answer, &self.redactor)
            }
            Ok(answer) => v2::verdicts(self.dialect, records, &answer, &self.redactor),
        }
    }

    /// Settles what the proxy left open by what it said of the topic.
    fn close(&self, name: &str, topic: Topic, records: &[&Record], verdicts: &mut [Verdict]) {
        for (record, verdict) in records.iter().zip(verdicts) {
            if let Err(reason) = topic.check(name, record.partition)
                && !matches!(verdict, Verdict::Delivered { .. })
            {
                self.topics.doubt(name);
                if verdict::leaves_topic_open(verdict) {
                    *verdict = Verdict::Permanent(reason);
                }
            }
        }
    }

    /// Asks for a topic to which records could not be written lately.
    async fn ask_if_doubtful(&self, topic: &str, limit: Duration) -> Option<Topic> {
        if !self.topics.is_doubtful(topic) {
            return None;
        }
        self.ask(topic, limit.min(topics::ANSWERED_WITHIN)).await
    }

    /// What the proxy says of a topic; none if it does not say.
    async fn ask(&self, topic: &str, limit: Duration) -> Option<Topic> {
        if !self.dialect.tells_of_topics() {
            return None;
        }
        let url = match self.dialect {
            Dialect::ConfluentV3 => resource(
                &self.cluster,
                &["v3", "clusters", self.cluster_id.get()?, "topics", topic],
            ),
            _ => resource(&self.cluster, &["topics", topic]),
        };
        let question = async {
            let answer = self
                .client
                .get(url, self.dialect.accept(), (limit, TOPIC_BYTES));
            Topic::read(&answer.await.ok()?)
        };
        self.topics.ask(topic, question).await
    }

    /// Where records of a topic are posted. Asks for the cluster id at most for
    /// `limit`.
    async fn url(&self, topic: &str, limit: Duration) -> Result<Url, Verdict> {
        // A URL's path loses these segments.
        if matches!(topic, "" | "." | "..") {
            let message = format!("`{topic}` is no topic's name");
            return Err(Finding::Permanent("invalid_topic").verdict(message, None, 1));
        }
        if self.dialect != Dialect::ConfluentV3 {
            return Ok(resource(&self.cluster, &["topics", topic]));
        }
        let id = self.cluster_id.get_or_try_init(|| self.discover(limit));
        // Bounded once more, since others may be asking before us.
        let id = match tokio::time::timeout(limit, id).await {
            Ok(id) => id,
            Err(_) => Err(Undiscovered::from(Failure::TimedOut(limit))),
        };
        let id = id.map_err(Undiscovered::verdict)?;
        Ok(resource(
            &self.cluster,
            &["v3", "clusters", id, "topics", topic, "records"],
        ))
    }

    /// Asks for the v3 cluster id.
    async fn discover(&self, limit: Duration) -> Result<String, Undiscovered> {
        let url = resource(&self.cluster, &["v3", "clusters"]);
        let answer = self
            .client
            .get(url, self.dialect.accept(), (limit, ANSWER_BYTES))
            .await?;
        if let Some(failure) = answer.failure {
            return Err(failure.into());
        }
        if answer.status != 200 {
            let said = Said::read(&answer, &self.redactor);
            return Err(Undiscovered {
                finding: said.finding(self.dialect, &answer),
                problem: said.text,
            });
        }
        v3::cluster_id(&answer.body).map_err(|problem| Undiscovered {
            finding: Finding::Permanent("cluster_id_unknown"),
            problem,
        })
    }
}

/// The proxy's own path, then these segments, percent-encoded.
fn resource(cluster: &Cluster, segments: &[&str]) -> Url {
    let mut url = cluster.rest_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Why the v3 cluster id is not known.
struct Undiscovered {
    finding: Finding,
    problem: String,
}

impl From<Failure> for Undiscovered {
    fn from(failure: Failure) -> Self {
        Self {
            finding: verdict::of_failure(&failure),
            problem: failure.to_string(),
        }
    }
}

impl Undiscovered {
    /// Nothing was posted, so nothing is unknown.
    fn verdict(self) -> Verdict {
        let message = format!("cluster id not discovered: {}", self.problem);
        match self.finding.verdict(message, None, 1) {
            Verdict::Unknown(reason) => Verdict::Retriable(reason),
            verdict => verdict,
        }
    }
}

fn check_url(cluster: &Cluster) -> Result<(), RestError> {
    let url = &cluster.rest_url;
    let problem = if !matches!(url.scheme(), "http" | "https") {
        "is neither http nor https"
    } else if !url.username().is_empty() || url.password().is_some() {
        "has credentials in it; move them to `auth`"
    } else if url.query().is_some() || url.fragment().is_some() {
        "has a query or a fragment; leave it out"
    } else {
        return Ok(());
    };
    Err(RestError::InvalidUrl {
        cluster: cluster.bootstrap_servers.clone(),
        problem,
    })
}

fn no_verdict() -> Verdict {
    Verdict::Unknown(Reason {
        code: "bad_answer",
        message: "the answer said nothing of the record".to_owned(),
        retry_after: None,
    })
}
