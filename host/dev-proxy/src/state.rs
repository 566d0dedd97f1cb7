//! What all requests share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{fault::Faults, log::Log};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log: Mutex<Log>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) max_body_bytes: usize,
}

impl State {
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
