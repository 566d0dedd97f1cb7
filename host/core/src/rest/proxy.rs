//! One attempt to write a batch: which requests it takes, in which order, and what
//! comes of them. How a request is sent is its host's: a [`Transport`].

use std::{
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use action_triggers_vocabulary::topic;
use futures_util::{
    future::{Either, select},
    lock::Mutex,
};
use url::Url;

use super::{
    answer::{Answer, Failure},
    check,
    dialect::Dialect,
    explain::{self, Said},
    redact::Redactor,
    refusals::Refusals,
    topic::Topic,
    topics::{self, Topics},
    v2, v3,
    verdict::{self, Finding},
};
use crate::{
    clock::Moment,
    cluster::Cluster,
    record::Record,
    verdict::{Reason, Verdict},
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

/// What is asked of a proxy.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// The media type of the answer.
    pub accept: &'static str,
    /// A body and its type, to be posted; without one it is a GET.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Bounds the exchange.
    pub limit: Duration,
    /// Most bytes of the answer that are kept.
    pub cap: usize,
}

/// How a host reaches one cluster's proxy, and its clock.
pub trait Transport: Send + Sync {
    /// What the monotonic clock shows.
    fn now(&self) -> Moment;

    /// Waits for so long.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Sends a request and reads the answer, or as much of it as comes in time.
    fn send(&self, request: Request) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// Hides the secrets of requests in what is shown.
    fn redactor(&self) -> Arc<Redactor>;

    /// The proxy does not take who we are: reads the secrets again, where that can be
    /// done. Returns whether others are shown from now on.
    fn renew(&self) -> impl Future<Output = bool> + Send;
}

/// Records for one topic.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The records; at least one.
    pub records: &'a [Record],
    /// Bounds the attempt; the cluster's `request_timeout` bounds it as well.
    pub timeout: Option<Duration>,
}

impl Request {
    /// Asks for JSON of this media type.
    pub fn get(url: Url, accept: &'static str, (limit, cap): (Duration, usize)) -> Self {
        Self {
            url,
            accept,
            body: None,
            limit,
            cap,
        }
    }
}

/// One cluster's REST proxy.
#[derive(Debug)]
pub struct Proxy<T> {
    cluster: Arc<Cluster>,
    dialect: Dialect,
    transport: T,
    /// The v3 cluster id, once discovered.
    cluster_id: RwLock<Option<String>>,
    /// Held by who asks for it.
    discovery: Mutex<()>,
    topics: Topics,
    refusals: Refusals,
}

impl<T: Transport> Proxy<T> {
    /// A proxy reached in this way; none where the cluster's API is not one that its
    /// flavor has.
    pub fn new(cluster: Arc<Cluster>, transport: T) -> Option<Self> {
        Some(Self {
            dialect: Dialect::of(&cluster)?,
            transport,
            cluster_id: RwLock::new(cluster.cluster_id.clone()),
            discovery: Mutex::new(()),
            topics: Topics::default(),
            refusals: Refusals::default(),
            cluster,
        })
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Whose proxy it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Makes one attempt to write records: one verdict each, in order. Never retries.
    pub async fn publish(&self, batch: Attempt<'_>) -> Vec<Verdict> {
        let limit = batch
            .timeout
            .unwrap_or(Duration::MAX)
            .min(self.cluster.request_timeout);
        let started = self.transport.now();
        let doubtful = self.ask_if_doubtful(batch.topic, limit).await;
        let checks: Vec<_> = batch
            .records
            .iter()
            .map(|record| {
                check::check(&self.cluster, batch.topic, record)?;
                doubtful.map_or(Ok(()), |topic| topic.check(batch.topic, record))
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
                let limit = limit.saturating_sub(self.transport.now().since(started));
                self.post(batch.topic, records, limit).await
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
        let started = self.transport.now();
        let url = match self.url(topic, limit.min(DISCOVERY_TIMEOUT)).await {
            Ok(url) => url,
            Err(verdict) => return vec![verdict; records.len()],
        };
        let limit = limit.saturating_sub(self.transport.now().since(started));
        let slow_after = topics::slow_after(limit).filter(|_| self.dialect.awaits_topics());
        let slow = slow_after.map(|time| self.transport.sleep(time));
        let question = self.ask(topic, topics::asked_for(limit, slow_after));
        let sent = self.send(url, records, limit);
        let (answer, asked) = topics::ask_meanwhile(sent, slow, question).await;
        let mut verdicts = self.verdicts(topic, records, answer).await;
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
            url,
            accept: self.dialect.accept(),
            body: Some((self.dialect.content_type(self.cluster.format), body)),
            limit,
            cap: ANSWER_BYTES + ANSWER_BYTES_PER_RECORD * records.len(),
        };
        self.transport.send(request).await
    }

    /// Asks for JSON.
    async fn get(&self, url: Url, limits: (Duration, usize)) -> Result<Answer, Failure> {
        let request = Request::get(url, self.dialect.accept(), limits);
        self.transport.send(request).await
    }

    async fn verdicts(
        &self,
        topic: &str,
        records: &[&Record],
        answer: Result<Answer, Failure>,
    ) -> Vec<Verdict> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return vec![explain::of_failure(&failure); records.len()],
        };
        let redactor = self.transport.redactor();
        let verdicts = match self.dialect {
            Dialect::ConfluentV3 => v3::verdicts(records, &answer, &redactor),
            dialect => v2::verdicts(dialect, records, &answer, &redactor),
        };
        self.after_refusal(topic, &answer, verdicts).await
    }

    /// Notes how the proxy took us. A refusal is tried again with what
    /// the secrets have become, until the configuration's patience is over; a page
    /// that is not the proxy's own never ends it.
    async fn after_refusal(
        &self,
        topic: &str,
        answer: &Answer,
        verdicts: Vec<Verdict>,
    ) -> Vec<Verdict> {
        if !matches!(answer.status, 401 | 403 | 407) {
            self.refusals.end(topic);
            return verdicts;
        }
        if self.transport.renew().await {
            self.refusals.end_all();
            return verdicts;
        }
        let patience = patience(&self.cluster);
        let is_over = self.refusals.note(topic, self.transport.now()) >= patience;
        if !is_over || !explain::denies_access(answer) {
            return verdicts;
        }
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
                self.topics.doubt(name, self.transport.now());
                if verdict::leaves_topic_open(verdict, record) {
                    *verdict = Verdict::Permanent(reason);
                }
            }
        }
    }

    /// Asks for a topic to which records could not be written lately.
    async fn ask_if_doubtful(&self, topic: &str, limit: Duration) -> Option<Topic> {
        if !self.topics.is_doubtful(topic, self.transport.now()) {
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
                &["v3", "clusters", &self.known_id()?, "topics", topic],
            ),
            _ => resource(&self.cluster, &["topics", topic]),
        };
        let question = async { Topic::read(&self.get(url, (limit, TOPIC_BYTES)).await.ok()?) };
        self.topics.ask(topic, self.transport.now(), question).await
    }

    /// Where records of a topic are posted. Asks for the cluster id at most for
    /// `limit`.
    async fn url(&self, topic: &str, limit: Duration) -> Result<Url, Verdict> {
        // A URL's path loses these segments.
        if matches!(topic, "" | "." | "..") {
            let message = topic::invalid(topic);
            return Err(Finding::Permanent("invalid_topic").verdict(message, None, 1));
        }
        if self.dialect != Dialect::ConfluentV3 {
            return Ok(resource(&self.cluster, &["topics", topic]));
        }
        // Bounded once more, since others may be asking before us.
        let id = match select(
            pin!(self.cluster_id(limit)),
            pin!(self.transport.sleep(limit)),
        )
        .await
        {
            Either::Left((id, _)) => id,
            Either::Right(_) => Err(Undiscovered::from(Failure::TimedOut(limit))),
        };
        let id = id.map_err(Undiscovered::verdict)?;
        Ok(resource(
            &self.cluster,
            &["v3", "clusters", &id, "topics", topic, "records"],
        ))
    }

    fn known_id(&self) -> Option<String> {
        let id = self
            .cluster_id
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        id.clone()
    }

    /// The v3 cluster id. One asks for it, and whoever needs it meanwhile waits.
    async fn cluster_id(&self, limit: Duration) -> Result<String, Undiscovered> {
        if let Some(id) = self.known_id() {
            return Ok(id);
        }
        let _turn = self.discovery.lock().await;
        if let Some(id) = self.known_id() {
            return Ok(id);
        }
        let id = self.discover(limit).await?;
        let mut known = self
            .cluster_id
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(known.insert(id).clone())
    }

    /// Asks for the v3 cluster id.
    async fn discover(&self, limit: Duration) -> Result<String, Undiscovered> {
        let url = resource(&self.cluster, &["v3", "clusters"]);
        let answer = self.get(url, (limit, ANSWER_BYTES)).await?;
        let redactor = self.transport.redactor();
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
        // No topic has this name.
        let mut verdicts = self.after_refusal("", &answer, vec![verdict]).await;
        Err(Undiscovered(verdicts.pop().unwrap_or_else(no_verdict)))
    }
}

/// The proxy's own path, then these segments, percent-encoded.
pub fn resource(cluster: &Cluster, segments: &[&str]) -> Url {
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

/// How long a proxy may refuse who we are: records must be told why they failed before
/// their time to live is over.
fn patience(cluster: &Cluster) -> Duration {
    cluster.auth_retry.min(cluster.time_to_live / 2)
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
