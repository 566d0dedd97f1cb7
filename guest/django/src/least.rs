//! What a template writes and takes at least, whatever its variables are: what is more than a
//! limit allows is told before the first event.

mod branches;
mod cost;
mod frame;
mod grammar;
mod json_text;
mod members;
mod plain;
mod scalar;
#[cfg(test)]
mod tests;

pub use self::{
    cost::Cost,
    json_text::Least,
    members::{Entry, Member, Name, Occurrence, object},
};
pub(super) use self::{
    cost::{condition, steps, value_steps},
    json_text::payload,
    plain::bytes,
};
