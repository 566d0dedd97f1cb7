//! The sandbox: instances of the component, each with a generation's triggers
//! loaded, and the calls into them. The only module that knows wasmtime.
//!
//! The guest is not trusted. Every call has a deadline, and memory, stack,
//! records and answers are bounded. An instance that broke a bound or trapped is
//! never entered again: it is dropped, and the next call makes a new one and
//! loads the triggers again. Its batch runs once more, event by event, so that
//! only the guilty event fails.

mod admit;
mod allowance;
mod boundary;
mod cache;
mod call;
mod compiled;
mod crossing;
mod data;
mod error;
mod generation;
mod guest;
mod instance;
mod instances;

pub(crate) use self::{
    admit::{MAX_BYTES, admit},
    call::Outcome,
    compiled::{Code, Sandbox},
    data::{Services, Source},
    generation::Generation,
    guest::{Decided, Guest},
};
pub use self::{call::CallError, error::StartError};

/// What the host itself needs of a worker's stack, in bytes.
const HOST_STACK: usize = 2 << 20;
