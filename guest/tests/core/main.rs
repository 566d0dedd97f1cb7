//! The core through its public door, natively.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail loudly"
)]
#![allow(
    clippy::similar_names,
    reason = "`set` and `sent` are words of the domain"
)]

mod support;

mod destinations;
mod events;
mod json_text;
mod json_text_vectors;
mod limits;
mod matching;
mod memory;
mod oracle;
mod payloads;
mod properties;
mod records;
mod triggers;
