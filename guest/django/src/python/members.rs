//! What is in a value: its length, its members.

use minijinja::Value;

use super::kind::{Exception, Kind, kind, type_name};

/// `len(value)`: characters of a string, members of a list or dict.
///
/// # Errors
///
/// `TypeError`: the value has no length.
pub fn length(value: &Value) -> Result<usize, Exception> {
    match kind(value) {
        Kind::Str(text) => Ok(text.chars().count()),
        Kind::List | Kind::Dict => Ok(match value.len() {
            Some(length) => length,
            None => iterate(value)?.len(),
        }),
        _ => Err(Exception::Type(type_name(value))),
    }
}

/// `list(value)`: characters of a string, items of a list, keys of a dict.
///
/// # Errors
///
/// `TypeError`: the value has no members.
pub fn iterate(value: &Value) -> Result<Vec<Value>, Exception> {
    let not_iterable = || Exception::Type(type_name(value));
    match kind(value) {
        Kind::Str(text) => Ok(text.chars().map(Value::from).collect()),
        Kind::List | Kind::Dict => Ok(value.try_iter().map_err(|_| not_iterable())?.collect()),
        _ => Err(not_iterable()),
    }
}

/// `value.items()` of a dict, in its order.
pub fn items(value: &Value) -> Vec<(Value, Value)> {
    let keys = iterate(value).unwrap_or_default();
    keys.into_iter()
        .map(|key| {
            let item = value.get_item(&key).unwrap_or_default();
            (key, item)
        })
        .collect()
}
