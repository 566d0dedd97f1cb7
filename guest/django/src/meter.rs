//! What rendering uses of its bounds.
//!
//! The machine counts its steps for each render alone. Here they are summed over
//! all renders that share an allowance, together with what the machine does not
//! see: bytes that are written, and values that filters make.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::limits::Limits;

/// So many bytes, written or made by a filter, count as one step.
const BYTES_PER_STEP: u64 = 64;

/// Counts down what is left of an allowance.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<Left>);

#[derive(Debug, Default)]
struct Left {
    fuel: AtomicU64,
    /// Steps of the render under way that the machine has counted and that are not paid yet.
    counted: AtomicU64,
    bytes: AtomicU64,
    /// Whether several renders share what is left.
    is_shared: AtomicBool,
}

impl Meter {
    /// From now on renders share this allowance.
    pub(super) fn share(&self, limits: Limits) {
        self.fill(limits);
        self.0.is_shared.store(true, Relaxed);
    }

    /// Each render has an allowance of its own again. The fuel that is left.
    pub(super) fn end(&self) -> u64 {
        self.0.is_shared.store(false, Relaxed);
        self.0.fuel.load(Relaxed)
    }

    /// Begins a render, with an allowance of its own where none is shared.
    pub(super) fn begin(&self, limits: Limits) {
        if !self.0.is_shared.load(Relaxed) {
            self.fill(limits);
        }
    }

    fn fill(&self, limits: Limits) {
        self.0.fuel.store(limits.fuel, Relaxed);
        self.0.counted.store(0, Relaxed);
        let bytes = u64::try_from(limits.output_bytes).unwrap_or(u64::MAX);
        self.0.bytes.store(bytes, Relaxed);
    }

    /// The steps that are left.
    pub(super) fn left(&self) -> u64 {
        self.0.fuel.load(Relaxed)
    }

    /// Takes steps; whether there were as many beside those that the machine has counted.
    #[must_use]
    pub(super) fn step(&self, steps: u64) -> bool {
        let is_enough = take(&self.0.fuel, steps);
        is_enough && self.left() >= self.0.counted.load(Relaxed)
    }

    /// The machine has counted so many steps in the render under way.
    pub(super) fn counted(&self, steps: u64) {
        self.0.counted.store(steps, Relaxed);
    }

    /// Takes the steps that the machine counted in a render that is over, at least so many;
    /// whether there were as many.
    #[must_use]
    pub(super) fn pay(&self, least: u64) -> bool {
        let counted = self.0.counted.swap(0, Relaxed);
        self.step(counted.max(least))
    }

    /// Takes the steps of a value of so many bytes; whether there were as many.
    #[must_use]
    pub(super) fn make(&self, bytes: usize) -> bool {
        self.step(steps_of(bytes))
    }

    /// Takes bytes of the output; whether there were as many.
    #[must_use]
    pub(super) fn write(&self, bytes: usize) -> bool {
        take(&self.0.bytes, u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Takes all the fuel that is left.
    pub(super) fn empty(&self) {
        self.0.fuel.store(0, Relaxed);
    }
}

/// The steps of a value of so many bytes.
pub(super) fn steps_of(bytes: usize) -> u64 {
    1 + u64::try_from(bytes).unwrap_or(u64::MAX) / BYTES_PER_STEP
}

fn take(from: &AtomicU64, amount: u64) -> bool {
    let left = from.load(Relaxed);
    from.store(left.saturating_sub(amount), Relaxed);
    left >= amount
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        fuel: 10,
        output_bytes: 100,
    };

    #[test]
    fn a_shared_allowance_is_used_up_and_an_own_one_begins_anew() {
        let meter = Meter::default();
        for _ in 0..3 {
            meter.begin(LIMITS);
            assert!(meter.step(8));
        }
        meter.share(LIMITS);
        meter.begin(LIMITS);
        assert!(meter.step(8));
        meter.begin(LIMITS);
        assert!(!meter.step(8));
        assert_eq!(meter.end(), 0);
    }

    #[test]
    fn what_the_machine_counts_and_what_it_does_not_see_are_one_sum() {
        let meter = Meter::default();
        meter.begin(LIMITS);
        meter.counted(6);
        assert!(meter.step(4));
        assert!(!meter.step(1));
        meter.begin(LIMITS);
        meter.counted(6);
        assert!(meter.pay(2));
        assert_eq!(meter.left(), 4);
        assert!(!meter.pay(5));
    }

    #[test]
    fn bytes_are_steps_too() {
        let meter = Meter::default();
        meter.begin(LIMITS);
        assert!(meter.make(64 * 9));
        assert!(!meter.make(0));
        assert!(meter.write(100) && !meter.write(1));
    }
}
