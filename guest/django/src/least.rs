//! What a template writes at least, whatever its variables are: what is more than a limit
//! allows is told before the first event.

mod branches;
mod frame;
mod grammar;
mod json_text;
mod members;
mod plain;
mod scalar;
#[cfg(test)]
mod tests;

pub use self::{
    json_text::Least,
    members::{Entry, Member, Name, Occurrence, object},
};
pub(super) use self::{json_text::payload, plain::bytes};
