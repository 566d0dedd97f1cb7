//! Shares the POSTs that a cluster allows at once between its lanes.

use std::{collections::BTreeMap, sync::Arc};

use tokio::time::Instant;

use super::{
    backoff::Backoff,
    lane::{Lane, Leave},
    pending::{Class, Pending, Settled},
};
use crate::{cluster::Cluster, publisher::Verdict};

/// Records of one POST and what the lane needs to know of it afterwards.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) topic: String,
    pub(super) class: Class,
    pub(super) records: Vec<Pending>,
    is_slow: bool,
}

/// A cluster's lanes by topic.
#[derive(Debug)]
pub(super) struct Slots {
    cluster: Arc<Cluster>,
    lanes: BTreeMap<String, Turn>,
    in_flight: usize,
    /// POSTs that may take long, of those in flight.
    slow_in_flight: usize,
    /// POSTs started ever.
    started: u64,
}

#[derive(Debug)]
struct Turn {
    lane: Lane,
    /// The number of its last POST; who waits longest comes first.
    last: u64,
}

impl Slots {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self {
            cluster,
            lanes: BTreeMap::new(),
            in_flight: 0,
            slow_in_flight: 0,
            started: 0,
        }
    }

    pub(super) fn push(&mut self, pending: Pending) {
        let topic = &pending.message().destination.topic;
        if let Some(turn) = self.lanes.get_mut(topic) {
            turn.lane.push(pending);
            return;
        }
        let mut lane = Lane::new(Arc::clone(&self.cluster));
        let topic = topic.clone();
        lane.push(pending);
        self.lanes.insert(topic, Turn { lane, last: 0 });
    }

    /// Lets the time pass and gives what outlived its time to live.
    pub(super) fn advance(&mut self, now: Instant) -> Vec<Settled> {
        let lanes = self.lanes.values_mut();
        let expired = lanes.flat_map(|turn| turn.lane.advance(now)).collect();
        self.lanes.retain(|_, turn| !turn.lane.is_disposable());
        expired
    }

    /// The next POST, if one may start now. One of the POSTs allowed at once is
    /// kept from any single lane, and one from all that may be slow together.
    pub(super) fn next_post(&mut self, now: Instant, is_flushing: bool) -> Option<Post> {
        let most = self.cluster.max_in_flight.max(1);
        if self.in_flight >= most {
            return None;
        }
        let leave = Leave {
            most_in_flight: (most - 1).max(1),
            may_be_slow: self.slow_in_flight < (most - 1).max(1),
            is_flushing,
        };
        let lanes = self.lanes.iter_mut();
        let (topic, turn, class) = lanes
            .filter_map(|(topic, turn)| {
                let class = turn.lane.startable(now, leave)?;
                Some((topic, turn, class))
            })
            .min_by_key(|(_, turn, _)| turn.last)?;
        self.started += 1;
        turn.last = self.started;
        let is_slow = class.is_apart || turn.lane.is_suspect();
        self.in_flight += 1;
        self.slow_in_flight += usize::from(is_slow);
        Some(Post {
            topic: topic.clone(),
            class,
            records: turn.lane.take(class),
            is_slow,
        })
    }

    /// Takes back a POST with a verdict per record; gives what is settled.
    pub(super) fn finish(
        &mut self,
        post: Post,
        verdicts: Vec<Verdict>,
        now: Instant,
        backoff: &mut Backoff,
    ) -> Vec<Settled> {
        self.in_flight -= 1;
        self.slow_in_flight -= usize::from(post.is_slow);
        self.lanes
            .get_mut(&post.topic)
            .map_or_else(Vec::new, |turn| {
                turn.lane
                    .finish(post.class, post.records, verdicts, now, backoff)
            })
    }

    /// When something changes by time alone.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.lanes
            .values()
            .filter_map(|turn| turn.lane.next_wake(now))
            .min()
    }

    /// Takes out everything that is not in flight.
    pub(super) fn drain(&mut self) -> Vec<Pending> {
        self.lanes
            .values_mut()
            .flat_map(|turn| turn.lane.drain())
            .collect()
    }
}
