//! Paired timing: two ways of doing the same, in turn, so that a machine whose
//! speed drifts drifts for both. What is reported is the median and the ratio.

use std::time::{Duration, Instant};

pub(crate) const ROUNDS: usize = 15;

/// The median time of one operation, each way.
pub(crate) struct Pair {
    /// Of the way that is measured.
    pub(crate) measured: Duration,
    /// Of the way it is compared with.
    pub(crate) baseline: Duration,
}

impl Pair {
    /// How many times longer the measured way takes.
    pub(crate) fn ratio(&self) -> f64 {
        self.measured.as_secs_f64() / self.baseline.as_secs_f64()
    }
}

/// Times two operations in turn; each round repeats an operation `times` times.
pub(crate) fn pair(times: u32, measured: impl FnMut(), baseline: impl FnMut()) -> Pair {
    pair_of((ROUNDS, times), measured, baseline)
}

/// Times two operations in turn as [`pair`] does, in so many rounds of so many times.
pub(crate) fn pair_of(
    (rounds_of_both, times): (usize, u32),
    mut measured: impl FnMut(),
    mut baseline: impl FnMut(),
) -> Pair {
    let mut rounds = (Vec::new(), Vec::new());
    measured();
    baseline();
    for _ in 0..rounds_of_both {
        rounds.0.push(time(times, &mut measured));
        rounds.1.push(time(times, &mut baseline));
    }
    Pair {
        measured: median(rounds.0),
        baseline: median(rounds.1),
    }
}

fn time(times: u32, operation: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        operation();
    }
    start.elapsed() / times
}

pub(crate) fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}
