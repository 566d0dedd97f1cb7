//! The machine as its host drives it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Settled, Terms, Ticket,
    backoff::Backoff,
    cluster::{Lanes, Post},
};
use crate::{
    clock::Moment,
    cluster::ClusterId,
    verdict::{Reason, Verdict},
};

/// All records on their way, by cluster and topic.
#[derive(Debug)]
pub struct Machine {
    clusters: BTreeMap<ClusterId, Lanes>,
    /// Clusters that are held back.
    held: BTreeSet<ClusterId>,
    backoff: Backoff,
}

/// What a POST came to.
#[derive(Debug, Default)]
pub struct Finished {
    /// The records that have ended.
    pub settled: Vec<Settled>,
    /// That records to a topic have to be sent again, the first time that it
    /// happens after all went well.
    pub notice: Option<Notice>,
}

/// Records to a topic have to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The cluster.
    pub cluster: ClusterId,
    /// The topic.
    pub topic: String,
    /// Why.
    pub reason: Reason,
    /// When something is tried next.
    pub next_attempt: Moment,
}

impl Machine {
    /// A machine without records, which draws its waits from `backoff`.
    pub fn new(backoff: Backoff) -> Self {
        Self {
            clusters: BTreeMap::new(),
            held: BTreeSet::new(),
            backoff,
        }
    }

    /// Takes a record on. `terms` are those of its cluster and topic from now on.
    pub fn accept(&mut self, cluster: &ClusterId, topic: &str, ticket: Ticket, terms: Terms) {
        if let Some(lanes) = self.clusters.get_mut(cluster) {
            lanes.push(topic, ticket, terms);
            return;
        }
        let mut lanes = Lanes::new(cluster.clone(), terms);
        lanes.push(topic, ticket, terms);
        self.clusters.insert(cluster.clone(), lanes);
    }

    /// Lets the time pass and gives the records that outlived their time to live.
    pub fn advance(&mut self, now: Moment) -> Vec<Settled> {
        let clusters = self.clusters.iter_mut();
        let going = clusters.filter(|(id, _)| !self.held.contains(id));
        going.flat_map(|(_, lanes)| lanes.advance(now)).collect()
    }

    /// Holds back these clusters and no others: nothing of them is sent, and nothing
    /// of them ends for want of time.
    pub fn hold(&mut self, clusters: impl IntoIterator<Item = ClusterId>) {
        self.held = clusters.into_iter().collect();
    }

    /// The next POST, if one may start now. Ask until there is none.
    pub fn next_post(&mut self, now: Moment, is_flushing: bool) -> Option<Post> {
        let clusters = self.clusters.iter_mut();
        let mut going = clusters.filter(|(id, _)| !self.held.contains(id));
        going.find_map(|(_, lanes)| lanes.next_post(now, is_flushing))
    }

    /// Takes back a POST with a verdict for each of its records.
    pub fn finish(&mut self, post: Post, verdicts: Vec<Verdict>, now: Moment) -> Finished {
        let Some(lanes) = self.clusters.get_mut(&post.cluster) else {
            return Finished::default();
        };
        let (cluster, topic) = (post.cluster.clone(), post.topic.clone());
        let (settled, notice) = lanes.finish(post, verdicts, now, &mut self.backoff);
        let notice = notice.map(|(reason, next_attempt)| Notice {
            cluster,
            topic,
            reason,
            next_attempt,
        });
        Finished { settled, notice }
    }

    /// Lets the key of a record that was given up go on: its end is kept. A machine holds the
    /// key until it is told so, for each record of [`Settled`] that was not delivered.
    pub fn free(&mut self, cluster: &ClusterId, topic: &str, number: u64) {
        if let Some(lanes) = self.clusters.get_mut(cluster) {
            lanes.free(topic, number);
        }
    }

    /// When to ask again at the latest, if nothing else happens.
    pub fn next_wake(&self, now: Moment) -> Option<Moment> {
        let clusters = self.clusters.iter();
        let going = clusters.filter(|(id, _)| !self.held.contains(id));
        going.filter_map(|(_, lanes)| lanes.next_wake(now)).min()
    }

    /// Gives up everything, with the POSTs under way, in the order accepted.
    pub fn give_up(&mut self, in_flight: impl IntoIterator<Item = Post>) -> Vec<Settled> {
        let mut left: Vec<_> = in_flight.into_iter().flat_map(Post::abandon).collect();
        left.extend(self.clusters.values_mut().flat_map(Lanes::drain));
        self.clusters.clear();
        left.sort_by_key(|settled| settled.number);
        left
    }
}
