//! Django's template dialect on minijinja.

pub mod dates;
mod decimal;
pub mod filters;
mod integer;
pub mod python;
