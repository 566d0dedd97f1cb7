//! Django's template dialect on minijinja, over JSON values that keep their
//! numbers as they were written.
//!
//! ```
//! use action_triggers_django::{Context, Options, Templates, json};
//!
//! let mut templates = Templates::new(Default::default());
//! let source = "{{ customer.name|title }} pays {{ price|floatformat:1 }}";
//! let template = templates.compile(source, Options::default()).unwrap();
//! let variables = json::parse(r#"{"customer": {"name": "ada"}, "price": "9.99"}"#).unwrap();
//! let mut out = String::new();
//! templates.render(&template, &Context { variables, ..Default::default() }, &mut out).unwrap();
//! assert_eq!(out, "Ada pays 10.0");
//! ```
//!
//! A template that does not compile tells all its faults, each with its place.
//! What a template may use while it renders is bounded by [`Limits`].
//!
//! # How it works
//!
//! ```text
//! source -> lexer -> parser (expression, condition, tags) -> ast
//!        -> direct: text, values, filters and `if`, evaluated as they are written
//!        -> emit: for all other tags, minijinja source that calls `runtime` -> minijinja's machine
//! ```
//!
//! Everything is done at load but the last step, and every fault of a template
//! is told there. What a value means is Python's (`python`), what a filter does
//! is Django's (`filters`, `dates`).

mod ast;
mod condition;
mod context;
pub mod dates;
pub mod decimal;
mod direct;
mod emit;
mod error;
mod expression;
mod fated;
pub mod filters;
mod integer;
pub mod json;
mod json_text;
pub mod least;
mod lexer;
mod limits;
mod machine;
mod meter;
mod output;
mod parser;
#[cfg(test)]
mod properties;
pub mod python;
pub mod reach;
mod runtime;
mod sequence;
mod tags;
mod templates;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use self::{
    context::{Context, Variable},
    dates::Timestamp,
    error::{RenderError, Span, TemplateError},
    fated::{Constancy, Fated},
    json_text::{Doubt, Rendered},
    limits::Limits,
    parser::variables,
    templates::{Condition, JsonText, Options, Template, Templates},
};
