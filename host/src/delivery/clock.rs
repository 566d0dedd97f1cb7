//! The host's clocks as the delivery machine reads them.

use std::time::Duration;

use action_triggers_core::clock::{Moment, Now};
use tokio::time::Instant;

use crate::wall_clock::unix_ms;

/// Room for moments before the start: records may have been accepted earlier.
const BEFORE_START: Duration = Duration::from_hours(24 * 365);

/// Both clocks, read together at the start; from then on the monotonic one
/// counts, so that a correction of the wall's does not shorten anybody's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    unix_ms: u64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            unix_ms: unix_ms(),
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = self.start.elapsed();
        Now {
            moment: Moment::from_millis(millis(BEFORE_START + elapsed)),
            unix_ms: self.unix_ms.saturating_add(millis(elapsed)),
        }
    }

    /// Waits for a moment; for ever for none.
    pub(super) async fn wait_until(&self, moment: Option<Moment>) {
        let Some(moment) = moment else {
            return std::future::pending().await;
        };
        let wait = Duration::from_millis(moment.as_millis()).saturating_sub(BEFORE_START);
        match self.start.checked_add(wait) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
