//! The machine, a store and a proxy that fails in every way it can, simulated.
//!
//! A seed replays a run to the letter: who comes when, for which of two clusters, how
//! each POST goes, how long a sync takes and whether it fails, when the process is killed
//! or the power goes, and what the disk has then, on which the next one starts. Whatever
//! happens, the promises of [`Violation`] hold.

mod proxy;
mod store;
mod world;

use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread::{available_parallelism, scope},
};

use self::world::{Plant, Violation, World};

const SEEDS: u64 = 1_000;

#[test]
fn whatever_the_proxy_does_nothing_is_lost_out_of_order_or_ended_twice() {
    for seed in 0..SEEDS {
        let found = World::new(seed, Plant::Nothing).run();
        assert_eq!(found, Ok(()), "seed {seed}");
    }
}

/// Run it by `cargo test --release -p action-triggers-core -- --ignored simulation --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn a_million_seeds_hold_as_well() {
    const MILLION: u64 = 1_000_000;
    /// Seeds that a thread takes at once.
    const SHARE: u64 = 1_000;
    let next = AtomicU64::new(0);
    let threads = available_parallelism().map_or(1, NonZero::get);
    scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(SHARE, Ordering::Relaxed);
                    if first >= MILLION {
                        return;
                    }
                    if first.is_multiple_of(100 * SHARE) {
                        println!("from seed {first} on");
                    }
                    for seed in first..first + SHARE {
                        let found = World::new(seed, Plant::Nothing).run();
                        assert_eq!(found, Ok(()), "seed {seed}");
                    }
                }
            });
        }
    });
    println!("{MILLION} runs held");
}

#[test]
fn planted_faults_are_found() {
    for (plant, expected) in [
        (Plant::AcceptsBeforeTheSync, Violation::Lost),
        (Plant::GivesAnotherIdOnARetry, Violation::AnotherId),
        (Plant::DropsDeadLettersWhenFull, Violation::LetterLost),
        (Plant::SettlesBeforeTheVerdict, Violation::NotWritten),
        (Plant::ForgetsKeys, Violation::TwoOfAKey),
        (Plant::DropsDeadLetters, Violation::Lost),
        (Plant::ForgetsWhatWasInFlight, Violation::Lost),
        (Plant::SettlesTwice, Violation::EndedTwice),
        (Plant::HidesUnknownOutcomes, Violation::WrittenUnsaid),
        (Plant::ForgetsDoubts, Violation::WrittenUnsaid),
        (Plant::WaitsForTheStalled, Violation::Held),
        (Plant::GoesOnBeforeTheEnd, Violation::OutOfOrder),
    ] {
        let is_found = |seed: &u64| World::new(*seed, plant).run() == Err(expected);
        assert!((0..SEEDS).any(|seed| is_found(&seed)), "{plant:?}");
    }
}

#[test]
fn a_seed_replays_a_run_to_the_letter() {
    let run = |seed| {
        let mut world = World::new(seed, Plant::Nothing);
        world.run().unwrap();
        world.proxy.log
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
