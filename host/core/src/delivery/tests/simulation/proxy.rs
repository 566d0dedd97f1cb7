//! A proxy that writes, stalls, drops answers, refuses and lies.

use std::{collections::BTreeSet, time::Duration};

use super::super::support::{DELIVERED, busy, refused, retriable, too_large, unknown};
use crate::{delivery::random::Random, verdict::Verdict};

/// The client's bound on a POST.
const TIMEOUT_MS: u64 = 70_000;

/// What the proxy has written and how it means to go on.
#[derive(Debug)]
pub(super) struct Proxy {
    random: Random,
    /// How many of 100 POSTs do not go well.
    trouble: u64,
    /// Every write, in order: the POST and the record.
    pub(super) log: Vec<(u64, u64)>,
    /// Records that it wrote though it said that it had not.
    pub(super) lied_about: BTreeSet<u64>,
}

/// How a POST goes.
#[derive(Debug)]
pub(super) struct Course {
    /// How long the client waits.
    pub(super) takes: Duration,
    pub(super) verdicts: Vec<Verdict>,
    /// What is written, and how long after the POST came.
    pub(super) writes: Vec<u64>,
    pub(super) written_after: Duration,
}

impl Proxy {
    pub(super) fn new(mut random: Random) -> Self {
        let trouble = [0, 10, 40, 90][random.index(4)];
        Self {
            random,
            trouble,
            log: Vec::new(),
            lied_about: BTreeSet::new(),
        }
    }

    /// How a POST of these records goes where nobody ever answers.
    pub(super) fn is_away(records: &[u64]) -> Course {
        let takes = Duration::from_millis(TIMEOUT_MS);
        Course {
            takes,
            verdicts: vec![unknown(); records.len()],
            writes: Vec::new(),
            written_after: takes,
        }
    }

    /// Meets a POST of these records.
    pub(super) fn meet(&mut self, records: &[u64]) -> Course {
        let quick = Duration::from_millis(1 + self.random.below(50));
        let all = |verdict: &Verdict| vec![verdict.clone(); records.len()];
        let course = |takes, verdicts, writes| Course {
            takes,
            verdicts,
            writes,
            written_after: takes,
        };
        if self.random.below(100) >= self.trouble {
            return course(quick, all(&DELIVERED), records.to_vec());
        }
        match self.random.below(6) {
            // It writes and the answer is lost.
            0 => course(quick, all(&unknown()), records.to_vec()),
            // It hangs; what the client gave up on it may write later.
            1 => {
                let writes = if self.random.below(2) == 0 {
                    records
                } else {
                    &[]
                };
                let later = TIMEOUT_MS + self.random.below(90_000);
                Course {
                    written_after: Duration::from_millis(later),
                    ..course(
                        Duration::from_millis(TIMEOUT_MS),
                        all(&unknown()),
                        writes.to_vec(),
                    )
                }
            }
            2 => {
                let pause = Duration::from_millis(self.random.below(100_000));
                course(quick, all(&busy(pause)), Vec::new())
            }
            3 if records.len() > 1 => course(quick, all(&too_large()), Vec::new()),
            // It writes and says that it did not.
            4 => {
                self.lied_about.extend(records);
                course(quick, all(&retriable()), records.to_vec())
            }
            _ => {
                let takes = Duration::from_millis(1 + self.random.below(TIMEOUT_MS));
                let (mut verdicts, mut writes) = (Vec::new(), Vec::new());
                for record in records {
                    let (verdict, is_written) = self.record();
                    verdicts.push(verdict);
                    writes.extend(is_written.then_some(*record));
                }
                course(takes, verdicts, writes)
            }
        }
    }

    /// A verdict on one record, and whether it is written.
    fn record(&mut self) -> (Verdict, bool) {
        match self.random.below(8) {
            0 => (retriable(), false),
            1 => (unknown(), false),
            2 => (unknown(), true),
            3 => (refused(), false),
            _ => (DELIVERED, true),
        }
    }

    pub(super) fn write(&mut self, post: u64, records: Vec<u64>) {
        self.log
            .extend(records.into_iter().map(|record| (post, record)));
    }
}
