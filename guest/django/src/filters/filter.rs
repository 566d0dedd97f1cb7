//! What a filter is, and what filters share.

use minijinja::Value;

use crate::{
    Limits,
    dates::Timestamp,
    python::{self, Exception},
};

/// A filter, as a template names it.
#[derive(Debug)]
pub struct Filter {
    /// Its name.
    pub name: &'static str,
    /// Whether it takes an argument.
    pub argument: Argument,
    /// Whether a safe string stays one: then the caller marks the answer safe.
    pub is_safe: bool,
    /// How many steps it takes for 64 bytes of its value and of its argument.
    pub cost: u64,
    /// What it does.
    pub function: FilterFunction,
}

/// The cost of what looks at a value, or copies it.
pub(crate) const QUICK: u64 = 1;
/// The cost of what goes through a value letter by letter, or item by item.
pub(crate) const USUAL: u64 = 8;
/// The cost of what makes a value of each letter, or reads it several times.
pub(crate) const DEAR: u64 = 32;
/// The cost of what sorts.
pub(crate) const SORTING: u64 = 256;

impl Filter {
    /// The same at another cost than the usual one.
    pub(super) const fn at(mut self, cost: u64) -> Self {
        self.cost = cost;
        self
    }
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
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Whether output is escaped there.
    pub autoescape: bool,
    /// The event's time.
    pub now: Option<Timestamp>,
    /// The most bytes that a filter may make of a width, a precision or a count.
    pub most_bytes: usize,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            autoescape: false,
            now: None,
            most_bytes: Limits::default().output_bytes,
        }
    }
}

/// Why a filter has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Django raises an exception here too.
    #[error("{0}")]
    Failed(String),
    /// It would make more than [`Call::most_bytes`], where Django goes on.
    #[error("{0} is more than the bytes that a filter may make")]
    TooLarge(i64),
}

impl FilterError {
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

impl From<Exception> for FilterError {
    fn from(exception: Exception) -> Self {
        Self::failed(exception.to_string())
    }
}

/// A filter whose answer to a safe string is safe.
pub(super) const fn safe(
    name: &'static str,
    argument: Argument,
    function: FilterFunction,
) -> Filter {
    Filter {
        name,
        argument,
        is_safe: true,
        cost: USUAL,
        function,
    }
}

/// A filter whose answer is escaped like any string.
pub(super) const fn plain(
    name: &'static str,
    argument: Argument,
    function: FilterFunction,
) -> Filter {
    Filter {
        name,
        argument,
        is_safe: false,
        cost: USUAL,
        function,
    }
}

/// The argument of a filter that needs one.
pub(super) fn required(argument: Option<&Value>) -> Result<&Value, FilterError> {
    argument.ok_or_else(|| FilterError::failed("the filter needs an argument"))
}

/// A size of an argument, within what one filter may make.
pub(super) fn bounded(size: i64, call: &Call) -> Result<usize, FilterError> {
    let fits = usize::try_from(size.max(0)).ok();
    fits.filter(|fits| *fits <= call.most_bytes)
        .ok_or(FilterError::TooLarge(size))
}

/// `str(value)`, safe if the value was.
pub(super) fn text_like(value: &Value, text: String) -> Value {
    if value.is_safe() {
        Value::from_safe_string(text)
    } else {
        Value::from(text)
    }
}

/// The argument as text, for those filters that do not convert it.
pub(super) fn text_argument(argument: &Value) -> Result<&str, FilterError> {
    match python::kind(argument) {
        python::Kind::Str(text) => Ok(text),
        _ => Err(Exception::Type(python::type_name(argument)).into()),
    }
}
