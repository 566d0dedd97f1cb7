//! Room in the outbox, and who waits for it. Who may have how much is the rule of
//! [`action_triggers_core::delivery::Shares`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use action_triggers_core::delivery::{NoRoom, Shares};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use super::error::{Closed, StoreError};
use crate::{clock::Moment, cluster::ClusterId, limits::OutboxLimits};

/// Bounds how many records, and how many bytes of them, are under way at once.
pub(crate) struct Rooms {
    state: Mutex<State>,
    freed: Notify,
    start: Instant,
    stalled_after: Duration,
}

struct State {
    shares: Shares,
    is_closed: bool,
}

/// Room that a record takes; dropping it lets others in. It belongs to whoever has the
/// record: while the record is left in the store, to nobody.
pub(crate) struct Room {
    rooms: Arc<Rooms>,
    cluster: ClusterId,
    bytes: usize,
    is_open: bool,
    is_left: bool,
}

impl Rooms {
    /// `is_shared` says that there are several clusters.
    pub(super) fn new(limits: OutboxLimits, is_shared: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                shares: Shares::new(limits, is_shared),
                is_closed: false,
            }),
            freed: Notify::new(),
            start: Instant::now(),
            stalled_after: limits.stalled_after,
        })
    }

    /// Waits for room for a record of so many bytes, as long as its cluster makes
    /// progress.
    ///
    /// # Errors
    ///
    /// The cluster makes none, or the outbox is closed.
    pub(super) async fn take(
        self: &Arc<Self>,
        cluster: &ClusterId,
        bytes: usize,
    ) -> Result<Room, StoreError> {
        loop {
            let freed = self.freed.notified();
            if self.state().is_closed {
                return Err(Closed.into());
            }
            match self.try_take(cluster, bytes) {
                Ok(room) => return Ok(room),
                Err(NoRoom::Until(None)) => freed.await,
                Err(NoRoom::Until(Some(moment))) => {
                    let wait = moment.since(self.now());
                    // Either way it is asked for again.
                    timeout(wait, freed).await.ok();
                }
                Err(NoRoom::Stalled) => {
                    return Err(StoreError::Stalled {
                        cluster: cluster.clone(),
                        stalled_after: self.stalled_after,
                    });
                }
            }
        }
    }

    /// Room for a record, if there is some now.
    pub(super) fn try_take(
        self: &Arc<Self>,
        cluster: &ClusterId,
        bytes: usize,
    ) -> Result<Room, NoRoom> {
        let now = self.now();
        let mut state = self.state();
        if state.is_closed {
            return Err(NoRoom::Until(None));
        }
        let bytes = state.shares.take(cluster, bytes, now)?;
        drop(state);
        Ok(self.room(cluster, bytes))
    }

    /// Why there is no room for a record whose caller does not wait. Those that must
    /// come in with it have so many records and bytes already.
    pub(super) fn refusal(
        &self,
        why: NoRoom,
        cluster: &ClusterId,
        (records, bytes): (usize, usize),
    ) -> StoreError {
        let state = self.state();
        if state.is_closed {
            Closed.into()
        } else if !state.shares.could_have_more(records, bytes) {
            StoreError::TooMuch
        } else if why == NoRoom::Stalled {
            StoreError::Stalled {
                cluster: cluster.clone(),
                stalled_after: self.stalled_after,
            }
        } else {
            StoreError::NoRoom
        }
    }

    /// Whether no record of any cluster has room now.
    pub(super) fn is_full(&self) -> bool {
        self.state().shares.is_full()
    }

    /// Room for a record that must not be parted from one that is let in.
    pub(super) fn take_beyond(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        let now = self.now();
        let mut state = self.state();
        let bytes = state.shares.counted(bytes);
        state.shares.add(cluster, (1, bytes), now);
        drop(state);
        self.room(cluster, bytes)
    }

    /// Counts records that came into the store, or went, without anybody's room.
    pub(crate) fn count(&self, cluster: &ClusterId, records: i64, bytes: i64) {
        let size = |count: i64| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let (moved, now) = ((size(records), size(bytes)), self.now());
        if records >= 0 {
            self.state().shares.add(cluster, moved, now);
        } else {
            self.state().shares.remove(cluster, moved);
            self.freed.notify_waiters();
        }
    }

    /// The room of a record that was left in the store, where it is counted.
    pub(crate) fn resume(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        let bytes = self.state().shares.counted(bytes);
        self.room(cluster, bytes)
    }

    fn room(self: &Arc<Self>, cluster: &ClusterId, bytes: usize) -> Room {
        Room {
            rooms: Arc::clone(self),
            cluster: cluster.clone(),
            bytes,
            is_open: true,
            is_left: false,
        }
    }

    /// Says whether there are several clusters from now on.
    pub(super) fn share(&self, is_shared: bool) {
        self.state().shares.share(is_shared);
        self.freed.notify_waiters();
    }

    /// Lets nothing in any more; who waits is told.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.freed.notify_waiters();
    }

    fn now(&self) -> Moment {
        Moment::default().after(self.start.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Leaves the record in the store: its room stays taken.
    pub(crate) fn leave(mut self) {
        self.is_left = true;
    }

    /// Notes that its record has ended; the room stays taken.
    pub(crate) fn end(&mut self, is_delivered: bool) {
        if std::mem::take(&mut self.is_open) {
            let now = self.rooms.now();
            let mut state = self.rooms.state();
            state.shares.end(&self.cluster, is_delivered, now);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.is_left {
            return;
        }
        self.end(false);
        self.rooms.state().shares.free(&self.cluster, self.bytes);
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

    fn rooms(records: usize, is_shared: bool) -> Arc<Rooms> {
        Rooms::new(OutboxLimits::new(records, 1_000), is_shared)
    }

    fn cluster(name: &str) -> ClusterId {
        ClusterId::new("", name)
    }

    #[tokio::test]
    async fn who_waits_is_let_in_or_told_that_it_is_closed() {
        let rooms = rooms(1, false);
        let first = rooms.take(&cluster("a"), 1).await.unwrap();
        let id = cluster("a");
        let (second, ()) = tokio::join!(rooms.take(&id, 1), async { drop(first) });
        let second = second.unwrap();
        let (third, ()) = tokio::join!(rooms.take(&id, 1), async { rooms.close() });
        assert_eq!(third.err(), Some(Closed.into()));
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_cluster_that_stalls_is_told_so() {
        let rooms = rooms(4, true);
        let dead = cluster("dead");
        let held = [
            rooms.take(&dead, 1).await.unwrap(),
            rooms.take(&dead, 1).await.unwrap(),
        ];
        let refused = rooms.take(&dead, 1).await.unwrap_err();
        insta::assert_snapshot!(refused, @"the share that cluster `dead` has of the outbox is full, and none of its records was delivered for 10s; send the event again once the cluster works, or raise `messages`, `bytes` or `stalled_after_secs` of `outbox`");
        assert_eq!(refused.code(), "cluster_stalled");
        let good = rooms.take(&cluster("good"), 1).await.unwrap();
        drop((held, good));
        assert!(rooms.take(&dead, 1).await.is_ok());
    }
}
