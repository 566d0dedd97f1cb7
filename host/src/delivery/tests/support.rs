//! A publisher that answers by a script and writes down what it was asked, and
//! short ways to make messages.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use action_triggers_core::{delivery::Backoff, rest::supports_headers};
use tokio::time::Instant;

use crate::{
    cluster::{Cluster, ClusterId, Terms},
    delivery::{Delivery, Reports, reports::Subscribers},
    outbox::{MemoryStore, OutboxLimits, Store},
    publisher::{Batch, PublishFuture, Publisher, Reason, Verdict},
    record::{Destination, Message, Record, RecordId},
};

/// How long a POST takes, and its verdicts.
pub(super) type Answer = (Duration, Vec<Verdict>);

/// One POST as the publisher saw it. Times count from the start of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) topic: String,
    pub(super) values: Vec<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) start: Duration,
    pub(super) end: Duration,
}

type Script = Box<dyn Fn(&Batch, usize) -> Answer + Send + Sync>;

pub(super) struct Fake {
    script: Script,
    began: Instant,
    sent: Mutex<Vec<Sent>>,
}

impl Publisher for Fake {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        Box::pin(async move {
            let number = self.note(batch);
            let (takes, verdicts) = (self.script)(batch, number);
            tokio::time::sleep(takes).await;
            self.sent.lock().unwrap()[number].end = self.began.elapsed();
            verdicts
        })
    }

    fn terms(&self, cluster: &ClusterId, _topic: &str) -> Terms {
        let known = CLUSTERS.with_borrow(|clusters| clusters.get(cluster).cloned());
        known.map_or_else(Terms::default, |cluster| Terms::from(&*cluster))
    }

    fn has_headers(&self, cluster: &ClusterId) -> bool {
        CLUSTERS.with_borrow(|clusters| {
            clusters
                .get(cluster)
                .is_some_and(|one| supports_headers(one))
        })
    }
}

thread_local! {
    /// The clusters that a test made messages for.
    static CLUSTERS: RefCell<BTreeMap<ClusterId, Arc<Cluster>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Fake {
    fn note(&self, batch: &Batch) -> usize {
        let mut sent = self.sent.lock().unwrap();
        sent.push(Sent {
            topic: batch.topic.clone(),
            values: values(batch),
            timeout: batch.timeout,
            start: self.began.elapsed(),
            end: Duration::MAX,
        });
        sent.len() - 1
    }
}

/// A delivery under test.
pub(super) struct Bench {
    pub(super) delivery: Delivery,
    pub(super) reports: Reports,
    fake: Arc<Fake>,
}

impl Bench {
    /// The script gets the batch and how many POSTs there were before.
    pub(super) fn new(script: impl Fn(&Batch, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_limits(script, OutboxLimits::default())
    }

    pub(super) fn with_limits(
        script: impl Fn(&Batch, usize) -> Answer + Send + Sync + 'static,
        limits: OutboxLimits,
    ) -> Self {
        Self::with_store(script, Arc::new(MemoryStore::default()), limits)
    }

    pub(super) fn with_store(
        script: impl Fn(&Batch, usize) -> Answer + Send + Sync + 'static,
        store: Arc<dyn Store>,
        limits: OutboxLimits,
    ) -> Self {
        let fake = Arc::new(Fake {
            script: Box::new(script),
            began: Instant::now(),
            sent: Mutex::default(),
        });
        let publisher = Arc::clone(&fake) as Arc<dyn Publisher>;
        let delivery = Delivery::start_with(publisher, store, limits, Backoff::seeded(1));
        Self {
            reports: delivery.reports(),
            delivery,
            fake,
        }
    }

    /// Nobody reads reports from now on.
    pub(super) fn unsubscribe(&mut self) {
        self.reports = Subscribers::default().subscribe();
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.fake.sent.lock().unwrap().clone()
    }

    /// The values of each POST.
    pub(super) fn batches(&self) -> Vec<Vec<String>> {
        self.sent().into_iter().map(|sent| sent.values).collect()
    }

    /// Time since the start of the test.
    pub(super) fn elapsed(&self) -> Duration {
        self.fake.began.elapsed()
    }

    /// What became of each message so far: `ok` or the code of the error.
    pub(super) fn results(&mut self) -> BTreeMap<String, &'static str> {
        let mut results = BTreeMap::new();
        while let Some(report) = self.reports.try_recv() {
            let result = report.result.map_or_else(|error| error.code(), |_| "ok");
            let earlier = results.insert(report.id.event.to_string(), result);
            assert_eq!(earlier, None, "{} was reported twice", report.id.event);
        }
        results
    }
}

pub(super) fn values(batch: &Batch) -> Vec<String> {
    let records = batch.records.iter();
    let texts = records.map(|record| String::from_utf8(record.value.clone().unwrap().to_vec()));
    texts.map(Result::unwrap).collect()
}

pub(super) fn cluster() -> Cluster {
    Cluster::new("kafka:9092", "http://localhost:8082".parse().unwrap())
}

/// Makes messages for one topic; their value and their event id are their name.
pub(super) fn to(cluster: &Arc<Cluster>, topic: &str) -> impl Fn(&str, &str) -> Message + use<> {
    CLUSTERS.with_borrow_mut(|clusters| clusters.insert(cluster.id(), Arc::clone(cluster)));
    let destination = Arc::new(Destination::new("broker", topic, cluster.id()));
    move |key, name| {
        let id = RecordId::new(name, "trigger", 0);
        let record = Record::new(name.to_owned());
        let mut message = Message::new(id, Arc::clone(&destination), record);
        message.ordering_key = Some(key.into());
        message
    }
}

pub(super) fn reason(message: &str) -> Reason {
    Reason::new("scripted", message)
}

pub(super) const DELIVERED: Verdict = Verdict::Delivered {
    partition: Some(0),
    offset: Some(7),
};

pub(super) fn retriable() -> Verdict {
    Verdict::Retriable(reason("not now"))
}

pub(super) fn unknown() -> Verdict {
    Verdict::Unknown(reason("timed out"))
}

/// Every record delivered, after 10 ms.
pub(super) fn all_delivered(batch: &Batch) -> Answer {
    all(batch, &DELIVERED)
}

/// The same verdict for every record, after 10 ms.
pub(super) fn all(batch: &Batch, verdict: &Verdict) -> Answer {
    each(batch, |_| verdict.clone())
}

/// A verdict per record by its value, after 10 ms.
pub(super) fn each(batch: &Batch, verdict: impl Fn(&str) -> Verdict) -> Answer {
    let verdicts = values(batch).iter().map(|value| verdict(value)).collect();
    (Duration::from_millis(10), verdicts)
}
