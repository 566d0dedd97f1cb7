//! Room in the outbox, and who may take it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{cluster::ClusterId, limits::OutboxLimits};

/// Bounds how many records, and how many bytes of them, are under way at once.
///
/// Where there are several clusters, each may have at most as much as is still
/// free: one that is away has half, two have a third each, and so on, and there
/// is always room for the others.
pub(crate) struct Rooms {
    limits: OutboxLimits,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    all: Used,
    clusters: HashMap<ClusterId, Used>,
    is_closed: bool,
    is_shared: bool,
}

#[derive(Clone, Copy, Default)]
struct Used {
    records: usize,
    bytes: usize,
}

/// Room that a record takes; dropping it lets others in. It belongs to whoever has the
/// record: while the record is left in the store, to nobody.
pub(crate) struct Room {
    rooms: Arc<Rooms>,
    cluster: ClusterId,
    bytes: usize,
    is_left: bool,
}

/// Nothing is let in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox takes no more records: the host is shutting down")]
pub struct Closed;

impl Rooms {
    /// `is_shared` says that there are several clusters.
    pub(super) fn new(limits: OutboxLimits, is_shared: bool) -> Arc<Self> {
        Arc::new(Self {
            limits: OutboxLimits::new(limits.records.max(1), limits.bytes.max(1)),
            state: Mutex::new(State {
                is_shared,
                ..State::default()
            }),
            freed: Notify::new(),
        })
    }

    /// Waits for room for a record of so many bytes.
    pub(super) async fn take(
        self: &Arc<Self>,
        cluster: &ClusterId,
        bytes: usize,
    ) -> Result<Room, Closed> {
        loop {
            let freed = self.freed.notified();
            if self.state().is_closed {
                return Err(Closed);
            }
            if let Some(room) = self.try_take(cluster, bytes) {
                return Ok(room);
            }
            freed.await;
        }
    }

    /// Room for a record, if there is some now.
    pub(super) fn try_take(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Option<Room> {
        let bytes = bytes.min(self.limits.bytes);
        let mut state = self.state();
        let is_shared = state.is_shared;
        let own = state.clusters.get(cluster).copied().unwrap_or_default();
        let fits = |all: usize, own: usize, more: usize, limit: usize| {
            let free = limit.saturating_sub(all + more);
            all + more <= limit && (!is_shared || own == 0 || own + more <= free)
        };
        let is_let_in = !state.is_closed
            && fits(state.all.records, own.records, 1, self.limits.records)
            && fits(state.all.bytes, own.bytes, bytes, self.limits.bytes);
        if !is_let_in {
            return None;
        }
        state.add(cluster, Used { records: 1, bytes });
        drop(state);
        Some(self.room(cluster, bytes))
    }

    /// Room for a record that must not be parted from one that is let in.
    pub(super) fn take_beyond(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        let bytes = bytes.min(self.limits.bytes);
        self.state().add(cluster, Used { records: 1, bytes });
        self.room(cluster, bytes)
    }

    /// Counts records that came into the store, or went, without anybody's room.
    pub(crate) fn count(&self, cluster: &ClusterId, records: i64, bytes: i64) {
        let size = |count: i64| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let moved = Used {
            records: size(records),
            bytes: size(bytes),
        };
        if records >= 0 {
            self.state().add(cluster, moved);
        } else {
            self.state().take(cluster, moved);
            self.freed.notify_waiters();
        }
    }

    /// The room of a record that was left in the store, where it is counted.
    pub(crate) fn resume(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        self.room(cluster, bytes.min(self.limits.bytes))
    }

    fn room(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        Room {
            rooms: Arc::clone(self),
            cluster: cluster.clone(),
            bytes,
            is_left: false,
        }
    }

    /// Says whether there are several clusters from now on.
    pub(super) fn share(&self, is_shared: bool) {
        self.state().is_shared = is_shared;
    }

    /// Lets nothing in any more; who waits is told.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.freed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, cluster: &ClusterId, more: Used) {
        self.all.add(more);
        if let Some(used) = self.clusters.get_mut(cluster) {
            used.add(more);
        } else {
            self.clusters.insert(cluster.clone(), more);
        }
    }

    fn take(&mut self, cluster: &ClusterId, less: Used) {
        self.all.take(less);
        if let Some(used) = self.clusters.get_mut(cluster) {
            used.take(less);
            if used.records == 0 {
                self.clusters.remove(cluster);
            }
        }
    }
}

impl Room {
    /// Leaves the record in the store: its room stays taken.
    pub(crate) fn leave(mut self) {
        self.is_left = true;
    }
}

impl Used {
    fn add(&mut self, more: Self) {
        self.records = self.records.saturating_add(more.records);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }

    fn take(&mut self, less: Self) {
        self.records = self.records.saturating_sub(less.records);
        self.bytes = self.bytes.saturating_sub(less.bytes);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.is_left {
            return;
        }
        let bytes = self.bytes;
        self.rooms
            .state()
            .take(&self.cluster, Used { records: 1, bytes });
        self.rooms.freed.notify_waiters();
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Room({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(records: usize, bytes: usize, is_shared: bool) -> Arc<Rooms> {
        Rooms::new(OutboxLimits::new(records, bytes), is_shared)
    }

    fn cluster(name: &str) -> ClusterId {
        ClusterId::new("", name)
    }

    /// How many records of a byte a cluster may bring in.
    fn most(rooms: &Arc<Rooms>, name: &str) -> Vec<Room> {
        std::iter::from_fn(|| rooms.try_take(&cluster(name), 1)).collect()
    }

    #[test]
    fn a_single_cluster_may_have_all_and_each_of_several_what_is_free() {
        assert_eq!(most(&rooms(12, 100, false), "a").len(), 12);
        let shared = rooms(12, 100, true);
        let first = most(&shared, "a");
        assert_eq!(first.len(), 6, "half");
        let second = most(&shared, "b");
        assert_eq!(second.len(), 3, "as much as is left");
        drop(first);
        assert_eq!(most(&shared, "c").len(), 4);
        drop(second);
    }

    #[test]
    fn a_record_beyond_the_bound_is_let_in_alone() {
        for is_shared in [false, true] {
            let rooms = rooms(10, 5, is_shared);
            let small = rooms.try_take(&cluster("a"), 1).unwrap();
            assert!(rooms.try_take(&cluster("a"), 100).is_none());
            drop(small);
            let big = rooms.try_take(&cluster("a"), 100).unwrap();
            assert!(rooms.try_take(&cluster("b"), 1).is_none());
            drop(big);
            assert!(rooms.try_take(&cluster("b"), 1).is_some());
        }
    }

    #[tokio::test]
    async fn who_waits_is_let_in_or_told_that_it_is_closed() {
        let rooms = rooms(1, 10, false);
        let first = rooms.take(&cluster("a"), 1).await.unwrap();
        let id = cluster("a");
        let (second, ()) = tokio::join!(rooms.take(&id, 1), async { drop(first) });
        let second = second.unwrap();
        let (third, ()) = tokio::join!(rooms.take(&id, 1), async { rooms.close() });
        assert_eq!(third.err(), Some(Closed));
        drop(second);
    }
}
