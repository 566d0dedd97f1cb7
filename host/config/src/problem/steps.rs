//! Counts what is gone through, for tests which hold that work grows with its
//! input and not with the square of it.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Says that this many characters, members or places have been gone through.
#[cfg(test)]
pub(crate) fn count(steps: usize) {
    COUNT.set(COUNT.get() + steps);
}

/// Outside of tests nobody asks.
#[cfg(not(test))]
pub(crate) fn count(_steps: usize) {}

/// How many steps this takes.
#[cfg(test)]
pub(crate) fn taken(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}
