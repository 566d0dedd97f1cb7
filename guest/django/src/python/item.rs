//! `value[key]`.

use minijinja::{Value, value::ValueKind};

use super::{
    compare::get,
    kind::{Exception, Kind, kind, type_name},
    members::iterate,
};

/// `value[key]`: a member of a dict by its key, an item of a list or string by its place, counted
/// from the end when negative.
///
/// # Errors
///
/// `IndexError` or `KeyError`, or `TypeError` where the value has no members or not by such a key.
pub fn item(value: &Value, key: &Value) -> Result<Value, Exception> {
    match (kind(value), kind(key)) {
        (Kind::Dict, _) => get(value, key).ok_or(Exception::Lookup),
        // A dict's `keys`, `values` and `items` have no index.
        (Kind::List, _) if value.kind() == ValueKind::Iterable => Err(Exception::Type("dict view")),
        (Kind::List | Kind::Str(_), Kind::Int(place)) => item_at(value, place),
        (Kind::List | Kind::Str(_), Kind::Bool(place)) => item_at(value, i64::from(place)),
        (Kind::List | Kind::Str(_), _) => Err(Exception::Type(type_name(key))),
        _ => Err(Exception::Type(type_name(value))),
    }
}

fn item_at(value: &Value, place: i64) -> Result<Value, Exception> {
    let mut members = iterate(value)?.into_iter();
    let skipped = usize::try_from(place.unsigned_abs()).map_err(|_| Exception::Lookup)?;
    if place < 0 {
        members.nth_back(skipped - 1)
    } else {
        members.nth(skipped)
    }
    .ok_or(Exception::Lookup)
}
