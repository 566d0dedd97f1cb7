//! The Kafka REST client: the only place that knows HTTP.
//!
//! [`RestPublisher`] makes one attempt per batch and reads from the answer's
//! body what became of each record. What is asked and what answers mean is the
//! protocol's: [`action_triggers_core::rest`].

mod access;
mod client;
mod error;
mod read_back;
mod tls;
mod topics;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use action_triggers_core::delivery::Terms;
pub use action_triggers_core::rest::supports_headers;
use action_triggers_core::rest::{
    Answer, Dialect, Failure, Topic, body_size, check,
    explain::{self, Said},
    v2, v3,
    verdict::{self, Finding},
};
use http::Method;
use tokio::sync::OnceCell;
use url::Url;

use self::{
    access::Access,
    client::{Client, Request},
    topics::Topics,
};
pub use self::{
    error::RestError,
    read_back::{ReadBackError, read_back},
};
use crate::{
    cluster::{Cluster, ClusterId},
    publisher::{Batch, PublishFuture, Publisher, Reason, Verdict},
    record::Record,
};

/// Bounds the question for a v3 cluster id: it hangs while the broker is away.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer, and of it for each record: errors are wordy.
const ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_BYTES_PER_RECORD: usize = 4 * 1024;
/// The code of a v3 cluster id that the proxy does not tell.
const CLUSTER_ID_UNKNOWN: &str = "cluster_id_unknown";
/// Most bytes of what a proxy says of a topic: its partitions, one by one.
const TOPIC_BYTES: usize = 1024 * 1024;

/// Writes batches through the REST proxies of the configured clusters.
#[derive(Debug)]
pub struct RestPublisher {
    proxies: RwLock<BTreeMap<ClusterId, Arc<Proxy>>>,
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
        let publisher = Self {
            proxies: RwLock::default(),
        };
        for cluster in clusters {
            let id = cluster.id();
            if publisher.proxy(&id).is_some() {
                return Err(RestError::DuplicateCluster {
                    cluster: id.to_string(),
                });
            }
            publisher.connect(cluster)?;
        }
        Ok(publisher)
    }

    /// Reaches a cluster in this way from now on: POSTs under way go on as they
    /// were, the next one goes through the new connection.
    ///
    /// # Errors
    ///
    /// The cluster cannot be reached as it is configured; nothing has changed.
    pub fn connect(&self, cluster: Arc<Cluster>) -> Result<(), RestError> {
        let (id, proxy) = (cluster.id(), Arc::new(Proxy::new(cluster)?));
        let mut proxies = self.proxies.write().unwrap_or_else(PoisonError::into_inner);
        proxies.insert(id, proxy);
        Ok(())
    }

    /// Reaches a cluster no more: its records fail with `unknown_cluster`.
    pub fn disconnect(&self, cluster: &ClusterId) {
        let mut proxies = self.proxies.write().unwrap_or_else(PoisonError::into_inner);
        proxies.remove(cluster);
    }

    fn proxy(&self, cluster: &ClusterId) -> Option<Arc<Proxy>> {
        let proxies = self.proxies.read().unwrap_or_else(PoisonError::into_inner);
        proxies.get(cluster).cloned()
    }
}

impl Publisher for RestPublisher {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        Box::pin(async move {
            if let Some(proxy) = self.proxy(&batch.cluster) {
                return proxy.publish(batch).await;
            }
            let message = format!("no REST proxy is configured for `{}`", batch.cluster);
            let unknown = Finding::Permanent("unknown_cluster").verdict(message, None, 1);
            vec![unknown; batch.records.len()]
        })
    }

    fn terms(&self, cluster: &ClusterId, topic: &str) -> Terms {
        let proxy = self.proxy(cluster);
        proxy.map_or_else(Terms::default, |proxy| proxy.cluster.terms(topic))
    }

    fn size(&self, cluster: &ClusterId, record: &Record) -> usize {
        let proxy = self.proxy(cluster);
        proxy.map_or_else(|| record.size(), |proxy| body_size(record, &proxy.cluster))
    }

    fn has_headers(&self, cluster: &ClusterId) -> bool {
        let proxy = self.proxy(cluster);
        proxy.is_some_and(|proxy| proxy.dialect.has_headers())
    }

    fn clusters(&self) -> usize {
        let proxies = self.proxies.read().unwrap_or_else(PoisonError::into_inner);
        proxies.len()
    }
}

/// One cluster's REST proxy.
#[derive(Debug)]
struct Proxy {
    cluster: Arc<Cluster>,
    dialect: Dialect,
    client: Client,
    access: Access,
    /// The v3 cluster id, once discovered.
    cluster_id: OnceCell<String>,
    topics: Topics,
}

impl Proxy {
    fn new(cluster: Arc<Cluster>) -> Result<Self, RestError> {
        check_urls(&cluster)?;
        let dialect = Dialect::of(&cluster).ok_or_else(|| RestError::UnsupportedApi {
            cluster: cluster.bootstrap_servers.clone(),
        })?;
        Ok(Self {
            dialect,
            client: Client::new(Arc::clone(&cluster))?,
            access: Access::new(Arc::clone(&cluster))?,
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
                doubtful.map_or(Ok(()), |topic| topic.check(&batch.topic, record))
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
        let question = self.ask(topic, topics::asked_for(limit, slow_after));
        let sent = self.send(url, records, limit);
        let (answer, asked) = topics::ask_meanwhile(sent, slow_after, question).await;
        let mut verdicts = self.verdicts(records, answer).await;
        let found = match asked {
            Some(found) => found,
            None if is_open(records, &verdicts) => self.ask(topic, topics::ANSWERED_WITHIN).await,
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
        let request = Request {
            method: Method::POST,
            url,
            accept: self.dialect.accept(),
            body: Some((self.dialect.content_type(self.cluster.format), body)),
            limit,
            cap: ANSWER_BYTES + ANSWER_BYTES_PER_RECORD * records.len(),
        };
        self.client.send(request, &self.access).await
    }

    /// Asks for JSON.
    async fn get(&self, url: Url, limits: (Duration, usize)) -> Result<Answer, Failure> {
        let request = Request::get(url, self.dialect.accept(), limits);
        self.client.send(request, &self.access).await
    }

    async fn verdicts(&self, records: &[&Record], answer: Result<Answer, Failure>) -> Vec<Verdict> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return vec![explain::of_failure(&failure); records.len()],
        };
        let redactor = self.access.shown().redactor;
        let verdicts = match self.dialect {
            Dialect::ConfluentV3 => v3::verdicts(records, &answer, &redactor),
            dialect => v2::verdicts(dialect, records, &answer, &redactor),
        };
        self.after_refusal(&answer, verdicts).await
    }

    /// Lets [`Access`] know how the proxy took us. A refusal is tried again with what
    /// the secrets have become, until the configuration's patience is over; a page
    /// that is not the proxy's own never ends it.
    async fn after_refusal(&self, answer: &Answer, verdicts: Vec<Verdict>) -> Vec<Verdict> {
        if !matches!(answer.status, 401 | 403 | 407) {
            self.access.accepted();
            return verdicts;
        }
        let is_over = self.access.refused().await;
        if !is_over || !explain::denies_access(answer) {
            return verdicts;
        }
        let patience = access::patience(&self.cluster);
        let refused = |verdict| match verdict {
            Verdict::Retriable(reason) if reason.code == verdict::UNAUTHORIZED => {
                let message = format!(
                    "{}; it has refused us for {patience:?} (`auth_retry_secs`), with secrets read anew",
                    reason.message
                );
                Verdict::Permanent(Reason { message, ..reason })
            }
            verdict => verdict,
        };
        verdicts.into_iter().map(refused).collect()
    }

    /// Settles what the proxy left open by what it said of the topic.
    fn close(&self, name: &str, topic: Topic, records: &[&Record], verdicts: &mut [Verdict]) {
        for (record, verdict) in records.iter().zip(verdicts) {
            if let Err(reason) = topic.check(name, record)
                && !matches!(verdict, Verdict::Delivered { .. })
            {
                self.topics.doubt(name);
                if verdict::leaves_topic_open(verdict, record) {
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
        let question = async { Topic::read(&self.get(url, (limit, TOPIC_BYTES)).await.ok()?) };
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
        let answer = self.get(url, (limit, ANSWER_BYTES)).await?;
        let redactor = self.access.shown().redactor;
        if answer.status == 200 {
            return v3::cluster_id(&answer.body).map_err(|error| match (error, &answer.failure) {
                (_, Some(failure)) => failure.clone().into(),
                (v3::ClusterIdError::NotTold, None) => {
                    Undiscovered(Finding::Retriable(CLUSTER_ID_UNKNOWN).verdict(
                        Said::read(&answer, &redactor).text,
                        answer.retry_after,
                        1,
                    ))
                }
                (v3::ClusterIdError::Several(_), None) => Undiscovered(
                    Finding::Permanent(CLUSTER_ID_UNKNOWN).verdict(error.to_string(), None, 1),
                ),
            });
        }
        let verdict = explain::of_post(self.dialect, &answer, 1, &redactor);
        let mut verdicts = self.after_refusal(&answer, vec![verdict]).await;
        Err(Undiscovered(verdicts.pop().unwrap_or_else(no_verdict)))
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
struct Undiscovered(Verdict);

impl From<Failure> for Undiscovered {
    fn from(failure: Failure) -> Self {
        Self(explain::of_failure(&failure))
    }
}

impl Undiscovered {
    /// Nothing was posted, so nothing is unknown.
    fn verdict(self) -> Verdict {
        let named = |reason: Reason| Reason {
            message: format!("cluster id not discovered: {}", reason.message),
            ..reason
        };
        match self.0 {
            Verdict::Unknown(reason) | Verdict::Retriable(reason) => {
                Verdict::Retriable(named(reason))
            }
            Verdict::Permanent(reason) | Verdict::Alone(reason) => {
                Verdict::Permanent(named(reason))
            }
            verdict @ Verdict::Delivered { .. } => verdict,
        }
    }
}

fn check_urls(cluster: &Cluster) -> Result<(), RestError> {
    let name = || cluster.bootstrap_servers.clone();
    let elsewhere = "has credentials in it; move them to `auth`";
    if let Some(problem) = url_problem(&cluster.rest_url, elsewhere) {
        return Err(RestError::InvalidUrl {
            cluster: name(),
            problem,
        });
    }
    let elsewhere = "has credentials in it; move them to `basic`";
    let proxy = cluster.proxy.as_ref();
    match proxy.and_then(|proxy| url_problem(&proxy.url, elsewhere)) {
        None => Ok(()),
        Some(problem) => Err(RestError::InvalidProxy {
            cluster: name(),
            problem,
        }),
    }
}

/// What is wrong with an address, if anything is.
fn url_problem(url: &Url, has_credentials: &'static str) -> Option<&'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Some("is neither http nor https")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some(has_credentials)
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("has a query or a fragment; leave it out")
    } else {
        None
    }
}

/// Whether what the proxy says of the topic may settle some record.
fn is_open(records: &[&Record], verdicts: &[Verdict]) -> bool {
    let mut both = verdicts.iter().zip(records);
    both.any(|(verdict, record)| verdict::leaves_topic_open(verdict, record))
}

fn no_verdict() -> Verdict {
    Verdict::Unknown(Reason {
        code: "bad_answer",
        message: "the answer said nothing of the record".to_owned(),
        retry_after: None,
    })
}
