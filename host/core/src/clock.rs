//! Time as plain numbers: a host reads its clocks and hands them in.
//!
//! `std::time::Instant` panics where there is no clock (wasm32), cannot be made
//! up by a simulation, and cannot be stored.

use std::time::Duration;

/// A point on a monotonic clock, in milliseconds from some start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

/// What both clocks of a host show at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, by which waits are measured.
    pub moment: Moment,
    /// The clock on the wall: milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: u64,
}

impl Moment {
    /// So many milliseconds after the clock's start.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds from the clock's start.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment so much later, rounded up to a whole millisecond.
    pub fn after(self, wait: Duration) -> Self {
        let ms = wait.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_add(u64::try_from(ms).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment halfway between this one and `later`.
    pub fn halfway_to(self, later: Self) -> Self {
        Self(self.0 + later.0.saturating_sub(self.0) / 2)
    }
}

impl Now {
    /// What the wall shows at a moment.
    pub fn unix_ms_at(self, moment: Moment) -> u64 {
        if moment >= self.moment {
            self.unix_ms.saturating_add(moment.0 - self.moment.0)
        } else {
            self.unix_ms.saturating_sub(self.moment.0 - moment.0)
        }
    }

    /// The moment at which the wall shows this; the clock's start at the earliest.
    pub fn moment_at(self, unix_ms: u64) -> Moment {
        if unix_ms >= self.unix_ms {
            Moment(self.moment.0.saturating_add(unix_ms - self.unix_ms))
        } else {
            Moment(self.moment.0.saturating_sub(self.unix_ms - unix_ms))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_and_never_overflow() {
        let start = Moment::from_millis(10);
        for (wait, expected) in [
            (Duration::ZERO, 10),
            (Duration::from_nanos(1), 11),
            (Duration::from_millis(5), 15),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(start.after(wait), Moment::from_millis(expected), "{wait:?}");
        }
        assert_eq!(start.since(Moment::from_millis(30)), Duration::ZERO);
        assert_eq!(start.halfway_to(Moment::from_millis(20)).as_millis(), 15);
    }

    #[test]
    fn the_wall_and_the_moment_are_told_from_each_other() {
        let now = Now {
            moment: Moment::from_millis(100),
            unix_ms: 5_000,
        };
        for (moment, wall) in [(0, 4_900), (100, 5_000), (130, 5_030)] {
            let moment = Moment::from_millis(moment);
            assert_eq!(now.unix_ms_at(moment), wall);
            assert_eq!(now.moment_at(wall), moment);
        }
        assert_eq!(now.moment_at(0), Moment::from_millis(0));
    }
}
