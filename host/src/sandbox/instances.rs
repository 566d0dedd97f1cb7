//! Instances that have their triggers loaded and wait for work.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::instance::{Instance, Place};

/// Keeps instances, each for the generation whose triggers it has loaded. Their
/// number is bounded: where a new one has no place, the one that has waited longest
/// goes.
pub(super) struct Instances {
    most: usize,
    count: Arc<AtomicUsize>,
    /// With the numbers of their generations, the longest idle first.
    idle: Mutex<VecDeque<(u64, Instance)>>,
}

impl Instances {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            count: Arc::default(),
            idle: Mutex::default(),
        }
    }

    /// A place for one more.
    pub(super) fn place(&self) -> Place {
        while self.count.load(Ordering::Relaxed) >= self.most {
            let Some(longest) = self.idle().pop_front() else {
                // All are at work; the bound of wasmtime's pool says no.
                break;
            };
            drop(longest);
        }
        Place::among(&self.count)
    }

    /// The instance of this generation that was last at work, if one waits.
    pub(super) fn take(&self, generation: u64) -> Option<Instance> {
        let mut idle = self.idle();
        let found = idle.iter().rposition(|(number, _)| *number == generation)?;
        idle.remove(found).map(|(_, instance)| instance)
    }

    pub(super) fn keep(&self, generation: u64, instance: Instance) {
        self.idle().push_back((generation, instance));
    }

    /// Drops what waits for a generation that is gone.
    pub(super) fn forget(&self, generation: u64) {
        let mut idle = self.idle();
        let all = std::mem::take(&mut *idle).into_iter();
        let (gone, left): (VecDeque<_>, _) = all.partition(|(number, _)| *number == generation);
        *idle = left;
        drop(idle);
        // Outside of the lock, since giving memory back takes its time.
        drop(gone);
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(u64, Instance)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
