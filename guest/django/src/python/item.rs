//! `value[key]`.

use minijinja::{Value, value::ValueKind};

use super::{
    compare::get,
    kind::{Exception, Kind, kind, type_name},
    members::length,
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
    let distance = usize::try_from(place.unsigned_abs()).map_err(|_| Exception::Lookup)?;
    if let Kind::Str(text) = kind(value) {
        let mut letters = text.chars();
        let letter = if place < 0 {
            letters.nth_back(distance - 1)
        } else {
            letters.nth(distance)
        };
        return letter.map(Value::from).ok_or(Exception::Lookup);
    }
    let length = length(value)?;
    let from_start = if place < 0 {
        length.checked_sub(distance)
    } else {
        Some(distance)
    };
    let found = from_start.filter(|place| *place < length);
    let found = found.and_then(|place| value.get_item(&Value::from(place)).ok());
    found.ok_or(Exception::Lookup)
}
