//! What attempts to write records came to, counted beside the publisher.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use action_triggers_core::delivery::Terms;
use tracing::{Instrument as _, field::Empty, info_span};

use crate::{
    cluster::{Cluster, ClusterId},
    publisher::{Batch, PublishFuture, Publisher, Reason, Verdict},
    record::Record,
};

/// How many things took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// How many took at most each of [`Times::BOUNDS`].
    pub within: [u64; 10],
    /// How many there were.
    pub count: u64,
    /// How long they took together.
    pub total: Duration,
}

impl Times {
    /// Bounds by which times are told apart.
    pub const BOUNDS: [Duration; 10] = [
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(100),
        Duration::from_millis(500),
        Duration::from_millis(2_500),
        Duration::from_secs(10),
        Duration::from_secs(30),
    ];

    /// Counts one that took so long.
    pub fn add(&mut self, took: Duration) {
        let counts = self.within.iter_mut().zip(Self::BOUNDS);
        for (count, _) in counts.filter(|(_, bound)| took <= *bound) {
            *count += 1;
        }
        self.count += 1;
        self.total = self.total.saturating_add(took);
    }
}

/// What attempts came to since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// How many attempts to write a record came to each code, and to `delivered`.
    pub by_code: BTreeMap<&'static str, u64>,
    /// How long attempts took, each with all its records.
    pub times: Times,
}

/// A publisher, with its attempts counted.
pub(crate) struct Observed {
    publisher: Arc<dyn Publisher>,
    attempts: Mutex<Attempts>,
}

impl Observed {
    pub(crate) fn new(publisher: Arc<dyn Publisher>) -> Self {
        Self {
            publisher,
            attempts: Mutex::default(),
        }
    }

    /// What attempts came to so far.
    pub(crate) fn attempts(&self) -> Attempts {
        self.counts().clone()
    }

    fn counts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher for Observed {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        Box::pin(async move {
            let started = Instant::now();
            let span = info_span!(
                "attempt",
                topic = &*batch.topic,
                cluster = &*batch.cluster.bootstrap_servers,
                tenant = &*batch.cluster.tenant,
                records = batch.records.len(),
                delivered = Empty,
                code = Empty,
            );
            let publishing = self.publisher.publish(batch).instrument(span.clone());
            let verdicts = publishing.await;
            let codes = || verdicts.iter().map(code);
            span.record(
                "delivered",
                codes().filter(|code| is_delivered(code)).count(),
            );
            if let Some(code) = codes().find(|code| !is_delivered(code)) {
                span.record("code", code);
            }
            drop(span);
            let mut counts = self.counts();
            counts.times.add(started.elapsed());
            for verdict in &verdicts {
                *counts.by_code.entry(code(verdict)).or_default() += 1;
            }
            drop(counts);
            verdicts
        })
    }

    fn check(&self, cluster: &Cluster, topic: &str, record: &Record) -> Result<(), Reason> {
        self.publisher.check(cluster, topic, record)
    }

    fn terms(&self, cluster: &ClusterId, topic: &str) -> Terms {
        self.publisher.terms(cluster, topic)
    }

    fn size(&self, cluster: &ClusterId, record: &Record) -> usize {
        self.publisher.size(cluster, record)
    }

    fn has_headers(&self, cluster: &ClusterId) -> bool {
        self.publisher.has_headers(cluster)
    }

    fn clusters(&self) -> usize {
        self.publisher.clusters()
    }
}

/// What a record came to that was written.
const DELIVERED: &str = "delivered";

fn is_delivered(code: &str) -> bool {
    code == DELIVERED
}

fn code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered { .. } => DELIVERED,
        Verdict::Retriable(reason)
        | Verdict::Permanent(reason)
        | Verdict::Alone(reason)
        | Verdict::Unknown(reason) => reason.code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_within_every_bound_that_they_keep() {
        let mut times = Times::default();
        for millis in [1, 3, 60_000] {
            times.add(Duration::from_millis(millis));
        }
        assert_eq!(times.within, [1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(
            (times.count, times.total),
            (3, Duration::from_millis(60_004))
        );
    }
}
