//! Who may take how much of the outbox.

use std::collections::BTreeMap;

use crate::{clock::Moment, cluster::ClusterId, limits::OutboxLimits};

/// Bounds how many records, and how many bytes of them, are under way at once.
///
/// Where there are several clusters, each may have at most as much as is still
/// free: one that is away has half, two have a third each, and so on, and there
/// is always room for the others. Records come in order, so whoever waits for room
/// keeps those behind it waiting. That is right for a cluster that is slow, and
/// wrong for one that is away: a cluster that has delivered nothing for a while is
/// stalled, and nobody waits for its room.
#[derive(Debug)]
pub struct Shares {
    limits: OutboxLimits,
    is_shared: bool,
    all: Used,
    clusters: BTreeMap<ClusterId, Share>,
}

/// What a cluster has of the outbox.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    used: Used,
    /// Records that have not ended. Others keep their room until their end is told.
    open: usize,
    /// When a record was last delivered while others were open, or the first of
    /// those came in.
    progress: Moment,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    records: usize,
    bytes: usize,
}

/// There is no room for a record now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// There will be: ask again when some was freed, and at this moment at the
    /// latest, if there is one.
    Until(Option<Moment>),
    /// Its cluster is stalled.
    Stalled,
}

impl Shares {
    /// An empty outbox. `is_shared` says that there are several clusters.
    pub fn new(limits: OutboxLimits, is_shared: bool) -> Self {
        Self {
            limits: OutboxLimits {
                records: limits.records.max(1),
                bytes: limits.bytes.max(1),
                ..limits
            },
            is_shared,
            all: Used::default(),
            clusters: BTreeMap::new(),
        }
    }

    /// Says whether there are several clusters from now on.
    pub fn share(&mut self, is_shared: bool) {
        self.is_shared = is_shared;
    }

    /// Takes room for a record of so many bytes; gives the bytes that count, for
    /// [`Self::free`].
    ///
    /// # Errors
    ///
    /// There is none now.
    pub fn take(
        &mut self,
        cluster: &ClusterId,
        bytes: usize,
        now: Moment,
    ) -> Result<usize, NoRoom> {
        let bytes = self.counted(bytes);
        let own = self.clusters.get(cluster).copied().unwrap_or_default();
        if !self.fits(own.used, bytes) {
            return Err(self.no_room(own, now));
        }
        self.add(cluster, (1, bytes), now);
        Ok(bytes)
    }

    /// Counts so many records and bytes that come in whether there is room or not.
    pub fn add(&mut self, cluster: &ClusterId, (records, bytes): (usize, usize), now: Moment) {
        self.all.add(records, bytes);
        let share = if let Some(share) = self.clusters.get_mut(cluster) {
            share
        } else {
            self.clusters.entry(cluster.clone()).or_default()
        };
        if share.open == 0 {
            share.progress = now;
        }
        share.used.add(records, bytes);
        share.open = share.open.saturating_add(records);
    }

    /// Counts so many records and bytes out that have not ended here.
    pub fn remove(&mut self, cluster: &ClusterId, (records, bytes): (usize, usize)) {
        if let Some(share) = self.clusters.get_mut(cluster) {
            share.open = share.open.saturating_sub(records);
        }
        self.take_back(cluster, (records, bytes));
    }

    fn fits(&self, own: Used, bytes: usize) -> bool {
        let fits = |all: usize, own: usize, more: usize, limit: usize| {
            let all = all.saturating_add(more);
            let free = limit.saturating_sub(all);
            all <= limit && (!self.is_shared || own == 0 || own.saturating_add(more) <= free)
        };
        let (all, limits) = (self.all, self.limits);
        fits(all.records, own.records, 1, limits.records)
            && fits(all.bytes, own.bytes, bytes, limits.bytes)
    }

    /// Whether a caller that has room for so many records and bytes, and is refused
    /// more, could ever have more: not when it fills the outbox, or is alone in it.
    pub fn could_have_more(&self, records: usize, bytes: usize) -> bool {
        let (all, limits) = (self.all, self.limits);
        records < limits.records && bytes < limits.bytes && records < all.records
    }

    /// Whether there is no room for any record.
    pub fn is_full(&self) -> bool {
        self.all.records >= self.limits.records || self.all.bytes >= self.limits.bytes
    }

    /// A cluster without open records waits for others, or for its reports to be
    /// read, and a single one keeps nobody else waiting.
    fn no_room(&self, own: Share, now: Moment) -> NoRoom {
        if !self.is_shared || own.open == 0 {
            return NoRoom::Until(None);
        }
        let stalled = own.progress.after(self.limits.stalled_after);
        if now < stalled {
            NoRoom::Until(Some(stalled))
        } else {
            NoRoom::Stalled
        }
    }

    /// Notes that a record has ended. It keeps its room.
    pub fn end(&mut self, cluster: &ClusterId, is_delivered: bool, now: Moment) {
        if let Some(share) = self.clusters.get_mut(cluster) {
            share.open = share.open.saturating_sub(1);
            if is_delivered {
                share.progress = now;
            }
        }
    }

    /// Frees the room of a record that has ended, or was never taken on.
    pub fn free(&mut self, cluster: &ClusterId, bytes: usize) {
        self.take_back(cluster, (1, bytes));
    }

    /// The bytes that count of a record.
    pub fn counted(&self, bytes: usize) -> usize {
        bytes.min(self.limits.bytes)
    }

    fn take_back(&mut self, cluster: &ClusterId, (records, bytes): (usize, usize)) {
        self.all.take(records, bytes);
        if let Some(share) = self.clusters.get_mut(cluster) {
            share.used.take(records, bytes);
            if share.used.records == 0 {
                self.clusters.remove(cluster);
            }
        }
    }
}

impl Used {
    fn add(&mut self, records: usize, bytes: usize) {
        self.records = self.records.saturating_add(records);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn take(&mut self, records: usize, bytes: usize) {
        self.records = self.records.saturating_sub(records);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(records: usize, bytes: usize, is_shared: bool) -> Shares {
        Shares::new(OutboxLimits::new(records, bytes), is_shared)
    }

    fn cluster(name: &str) -> ClusterId {
        ClusterId::new("", name)
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    /// How many records of a byte a cluster may bring in.
    fn most(shares: &mut Shares, name: &str) -> usize {
        let takes = || shares.take(&cluster(name), 1, at(0)).is_ok().then_some(());
        std::iter::from_fn(takes).count()
    }

    fn free(shares: &mut Shares, name: &str, records: usize) {
        for _ in 0..records {
            shares.end(&cluster(name), false, at(0));
            shares.free(&cluster(name), 1);
        }
    }

    #[test]
    fn a_single_cluster_may_have_all_and_each_of_several_what_is_free() {
        assert_eq!(most(&mut shares(12, 100, false), "a"), 12);
        let mut shared = shares(12, 100, true);
        assert_eq!(most(&mut shared, "a"), 6, "half");
        assert_eq!(most(&mut shared, "b"), 3, "as much as is left");
        free(&mut shared, "a", 6);
        assert_eq!(most(&mut shared, "c"), 4);
    }

    #[test]
    fn a_record_beyond_the_bound_is_let_in_alone() {
        for is_shared in [false, true] {
            let mut shares = shares(10, 5, is_shared);
            let (a, b) = (cluster("a"), cluster("b"));
            assert_eq!(shares.take(&a, 1, at(0)), Ok(1));
            assert!(shares.take(&a, 100, at(0)).is_err());
            free(&mut shares, "a", 1);
            assert_eq!(shares.take(&a, 100, at(0)), Ok(5));
            assert!(shares.take(&b, 1, at(0)).is_err());
            shares.free(&a, 5);
            assert_eq!(shares.take(&b, 1, at(0)), Ok(1));
        }
    }

    #[test]
    fn a_cluster_that_delivers_nothing_for_ten_seconds_is_waited_for_no_longer() {
        let dead = cluster("dead");
        let mut shares = shares(8, 100, true);
        assert_eq!(most(&mut shares, "dead"), 4);
        let mut take = |second| shares.take(&dead, 1, at(second));
        assert_eq!(take(0), Err(NoRoom::Until(Some(at(10)))));
        assert_eq!(take(9), Err(NoRoom::Until(Some(at(10)))));
        assert_eq!(take(10), Err(NoRoom::Stalled));
        // A record that is given up is no progress, but leaves its room to another.
        shares.end(&dead, false, at(20));
        shares.free(&dead, 1);
        assert_eq!(shares.take(&dead, 1, at(20)), Ok(1));
        assert_eq!(shares.take(&dead, 1, at(20)), Err(NoRoom::Stalled));
        // One that is delivered is, though its room is taken until that is told.
        shares.end(&dead, true, at(30));
        let until = NoRoom::Until(Some(at(40)));
        assert_eq!(shares.take(&dead, 1, at(30)), Err(until));
        assert_eq!(most(&mut shares, "good"), 2, "others have what is free");
    }

    #[test]
    fn whoever_keeps_nobody_waiting_or_waits_for_others_is_not_stalled() {
        let a = cluster("a");
        let mut alone = shares(1, 100, false);
        assert_eq!(most(&mut alone, "a"), 1);
        let waits = Err(NoRoom::Until(None));
        assert_eq!(alone.take(&a, 1, at(1_000)), waits);
        // All are delivered, and nobody reads the reports.
        let mut unread = shares(2, 100, true);
        assert_eq!(most(&mut unread, "a"), 1);
        unread.end(&a, true, at(1));
        assert_eq!(unread.take(&a, 1, at(1_000)), waits);
        // Another cluster has all the bytes.
        let mut other = shares(4, 4, true);
        assert_eq!(other.take(&cluster("b"), 9, at(0)), Ok(4));
        assert_eq!(other.take(&a, 1, at(1_000)), waits);
    }

    #[test]
    fn progress_counts_from_when_there_is_something_to_deliver() {
        let a = cluster("a");
        let mut shares = shares(4, 100, true);
        shares.take(&a, 1, at(0)).unwrap();
        shares.end(&a, true, at(1));
        shares.take(&a, 1, at(500)).unwrap();
        let until = NoRoom::Until(Some(at(510)));
        assert_eq!(shares.take(&a, 1, at(501)), Err(until));
    }
}
