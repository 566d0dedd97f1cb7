//! Django's built-in filters.
//!
//! Each does to JSON-able values what Django 4.2 does with the default
//! settings (`en-us`, no thousand separators, `USE_TZ` with UTC), silent
//! failures included.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every filter has the signature of `FilterFunction`"
)]

use minijinja::Value;

pub use super::dates::Timestamp;
use super::python::{self, Exception};

mod dates;
pub mod html;
mod html_entities;
mod html_lists;
mod html_tags;
mod json_script;
mod lists;
mod logic;
mod numbers;
mod pprint;
mod printf_float;
mod slice;
mod slugify;
mod smart_url;
mod stringformat;
mod strings;
mod striptags;
mod truncate;
mod truncate_html;
mod unicode;
mod urlize;
mod urls;
mod wrap;

#[cfg(test)]
mod tests;

/// The most bytes one filter makes of a width, a precision or a count.
const MOST_BYTES: usize = 1 << 20;

/// A filter, as a template names it.
#[derive(Debug)]
pub struct Filter {
    /// Its name.
    pub name: &'static str,
    /// Whether it takes an argument.
    pub argument: Argument,
    /// Whether a safe string stays one: then the caller marks the answer safe.
    pub is_safe: bool,
    /// What it does.
    pub function: FilterFunction,
}

/// Whether a filter takes an argument behind a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// It takes none.
    None,
    /// It has a default.
    Optional,
    /// It does nothing without.
    Required,
}

/// What a filter does to a value.
pub type FilterFunction =
    fn(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError>;

/// What filters know of the place they are called from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    /// Whether output is escaped there.
    pub autoescape: bool,
    /// The event's time.
    pub now: Option<Timestamp>,
}

/// Why a filter failed, where Django raises an exception too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

impl From<Exception> for FilterError {
    fn from(exception: Exception) -> Self {
        Self(exception.to_string())
    }
}

const THEMES: &[&[Filter]] = &[
    dates::FILTERS,
    html::FILTERS,
    html_lists::FILTERS,
    json_script::FILTERS,
    lists::FILTERS,
    logic::FILTERS,
    numbers::FILTERS,
    pprint::FILTERS,
    slice::FILTERS,
    slugify::FILTERS,
    stringformat::FILTERS,
    strings::FILTERS,
    striptags::FILTERS,
    truncate::FILTERS,
    urlize::FILTERS,
    urls::FILTERS,
    wrap::FILTERS,
];

/// Finds a filter by its name.
pub fn find(name: &str) -> Option<&'static Filter> {
    all().find(|filter| filter.name == name)
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|filter| filter.name)
}

fn all() -> impl Iterator<Item = &'static Filter> {
    THEMES.iter().copied().flatten()
}

/// A filter whose answer to a safe string is safe.
const fn safe(name: &'static str, argument: Argument, function: FilterFunction) -> Filter {
    Filter {
        name,
        argument,
        is_safe: true,
        function,
    }
}

/// A filter whose answer is escaped like any string.
const fn unsafe_(name: &'static str, argument: Argument, function: FilterFunction) -> Filter {
    Filter {
        name,
        argument,
        is_safe: false,
        function,
    }
}

/// The argument of a filter that needs one.
fn required(argument: Option<&Value>) -> Result<&Value, FilterError> {
    argument.ok_or_else(|| FilterError("the filter needs an argument".into()))
}

/// A size of an argument, within what one filter may make.
fn bounded(size: i64) -> Result<usize, FilterError> {
    let size = usize::try_from(size).unwrap_or(0);
    if size <= MOST_BYTES {
        Ok(size)
    } else {
        Err(FilterError(format!(
            "{size} is more than the {MOST_BYTES} characters a filter may make"
        )))
    }
}

/// `str(value)`, safe if the value was.
fn text_like(value: &Value, text: String) -> Value {
    if value.is_safe() {
        Value::from_safe_string(text)
    } else {
        Value::from(text)
    }
}

/// The argument as text, for those filters that do not convert it.
fn text_argument(argument: &Value) -> Result<&str, FilterError> {
    match python::kind(argument) {
        python::Kind::Str(text) => Ok(text),
        _ => Err(Exception::Type(python::type_name(argument)).into()),
    }
}
