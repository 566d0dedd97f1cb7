//! The CPU time of a call, measured against the epoch.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use cpu_time::ThreadTime;
use wasmtime::UpdateDeadline;

/// How often the epoch advances: the grain of every deadline.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// CPU time that a call may take. The epoch goes by the clock on the wall, so
/// where it says that time is over, the thread is asked what it really had.
pub(super) struct Allowance {
    started: Duration,
    deadline: Duration,
}

impl Allowance {
    /// Counts from now, on this thread.
    pub(super) fn of(deadline: Duration) -> Self {
        Self {
            started: recent_cpu_time(),
            deadline,
        }
    }

    pub(super) fn update(&self) -> UpdateDeadline {
        let spent = ThreadTime::now().as_duration().saturating_sub(self.started);
        // `started` may be a tick too early.
        match self.deadline.saturating_add(TICK).saturating_sub(spent) {
            Duration::ZERO => UpdateDeadline::Interrupt,
            left => UpdateDeadline::Continue(ticks(left)),
        }
    }
}

/// This thread's CPU time, read at most a tick ago: the clock is a system call,
/// and a call into the guest is a matter of microseconds.
fn recent_cpu_time() -> Duration {
    thread_local! {
        static READ: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
    }
    match READ.get() {
        Some((at, time)) if at.elapsed() < TICK => time,
        _ => {
            let time = ThreadTime::now().as_duration();
            READ.set(Some((Instant::now(), time)));
            time
        }
    }
}

/// How many ticks a deadline lasts: at least the time, at most a tick more.
pub(super) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks)
        .unwrap_or(u64::MAX / 2)
        .saturating_add(1)
}
