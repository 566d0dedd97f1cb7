//! Answers HTTP requests with real verdicts, where an instance lives for a request: it
//! takes the events of a body, drives the publisher of `edge.wasm` until every record has
//! ended or the time is over, and says what became of each.

mod fault;
mod tally;

#[cfg(all(target_arch = "wasm32", feature = "component"))]
mod bindings;
#[cfg(all(target_arch = "wasm32", feature = "component"))]
mod component;
#[cfg(all(target_arch = "wasm32", feature = "component"))]
mod exchange;

pub use self::{
    fault::Fault,
    tally::{Ending, Failure, Made, Reported, Tally},
};
