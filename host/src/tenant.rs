//! A tenant: a set of triggers with its own settings, brokers and limits, in one
//! generation after another.

use std::sync::{Arc, PoisonError, RwLock};

use crate::sandbox::Generation;

/// Has the generation by which events are decided now. A call takes it once, so all
/// its events are decided by the same one, whatever is put in its place meanwhile.
pub(crate) struct Tenant(RwLock<Arc<Generation>>);

impl Tenant {
    pub(crate) fn new(generation: Arc<Generation>) -> Self {
        Self(RwLock::new(generation))
    }

    /// The generation of now.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Puts another generation in place of the one of now.
    pub(crate) fn replace(&self, generation: Arc<Generation>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, generation);
        drop(current);
        // Outside of the lock, since it may be the last to hold it.
        drop(old);
    }
}
