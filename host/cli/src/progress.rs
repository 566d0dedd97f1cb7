//! What a person sees while it runs, and the summary at its end.

use std::{
    fmt,
    io::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{lines::OutboxCounts, outcome::Outcome, report::counted};

/// Counts, shown while they change when standard error is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// What is counted besides events, and what has become of it.
    counts: (&'static str, &'static str),
    events: AtomicU64,
    records: AtomicU64,
    failures: AtomicU64,
    outbox: Mutex<OutboxCounts>,
}

impl Progress {
    /// `counts` says what is counted, such as (`record`, `delivered`).
    pub(crate) fn new(counts: (&'static str, &'static str), is_terminal: bool) -> Self {
        let bar = if is_terminal {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} in {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            counts,
            events: AtomicU64::new(0),
            records: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            outbox: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, events: u64, records: u64, failures: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
        self.failures.fetch_add(failures, Ordering::Relaxed);
        if !self.bar.is_hidden() {
            self.bar.set_message(self.to_string());
        }
    }

    pub(crate) fn add_outbox(&self, more: OutboxCounts) {
        let mut counts = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        counts.accepted += more.accepted;
        counts.duplicates += more.duplicates;
        counts.delivered += more.delivered;
        counts.maybe_twice += more.maybe_twice;
        counts.dead += more.dead;
        counts.kept += more.kept;
    }

    /// What became of records at the outbox so far.
    pub(crate) fn outbox(&self) -> OutboxCounts {
        *self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints something else on standard error, above what is shown.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Ends it with a line that stays.
    pub(crate) fn finish(&self) -> Outcome {
        self.bar.finish_and_clear();
        let seconds = self.bar.elapsed().as_secs_f64();
        // Nobody is left to be told when this fails.
        writeln!(std::io::stderr(), "{self} in {seconds:.2} s").ok();
        match self.failures.load(Ordering::Relaxed) {
            0 => Outcome::Well,
            _ => Outcome::SomeFailed,
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (events, records, failures) = (
            count(&self.events),
            count(&self.records),
            count(&self.failures),
        );
        let (what, became) = self.counts;
        let (events, records) = (counted(events, "event"), counted(records, what));
        write!(formatter, "{events}, {records} {became}, {failures} failed")
    }
}
