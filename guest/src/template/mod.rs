//! Django's template dialect on minijinja.

pub mod dates;
pub mod filters;
mod integer;
pub mod python;
