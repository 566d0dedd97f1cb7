//! How long to wait before trying again: exponential backoff with full jitter.

use std::time::Duration;

use super::random::Random;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Draws waits, each between nothing and a bound that doubles with every
/// failure: 100 ms after the first, 10 s at most. Spreading them over the whole
/// range keeps what failed together from coming back together (AWS
/// Architecture Blog, "Exponential Backoff And Jitter").
#[derive(Debug)]
pub struct Backoff {
    random: Random,
}

impl Backoff {
    /// Draws the same for the same seed.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            random: Random::seeded(seed),
        }
    }

    /// The wait after so many failures in a row.
    pub fn wait(&mut self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        let bound = FIRST.saturating_mul(1 << doublings).min(LONGEST);
        let millionths = u32::try_from(self.random.below(1_000_001)).unwrap_or(0);
        bound * millionths / 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_ten_seconds() {
        for (failures, bound_ms) in [(1, 100), (2, 200), (5, 1_600), (8, 10_000), (1_000, 10_000)] {
            let mut backoff = Backoff::seeded(7);
            let waits: Vec<_> = (0..500).map(|_| backoff.wait(failures)).collect();
            let bound = Duration::from_millis(bound_ms);
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait > bound * 9 / 10));
            assert!(waits.iter().any(|wait| *wait < bound / 10));
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_waits() {
        let (mut one, mut other) = (Backoff::seeded(3), Backoff::seeded(3));
        assert!((1..20).all(|failures| one.wait(failures) == other.wait(failures)));
    }
}
