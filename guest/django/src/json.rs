//! JSON as template values: taken apart level by level, only where a template
//! looks, and with numbers that keep their text.
//!
//! `1200.00`, `1e400` and integers beyond 64 bits have no exact place among
//! minijinja's numbers, so they become a [`Number`] that prints as it came.

mod compare;
mod declared;
mod field;
mod float;
mod members;
mod repeated;
mod scan;
mod slice;
#[cfg(test)]
mod tests;
mod value;
mod view;
pub mod write;

pub use self::{
    compare::{same, same_worth},
    declared::{FieldType, Fields},
    field::{Field, Reading},
    float::python_float,
    scan::{depth, has_half_character, is_number},
    slice::{Document, kind},
    value::{JsonArray, JsonObject, Members, Number, parse, parse_with, unread},
    view::View,
};
pub(crate) use self::{
    field::{decimal, moment, undeclared},
    repeated::has_unique_names,
};
