//! Whether two JSON values are the same.

use std::cmp::Ordering;

use minijinja::Value;

use super::{Field, JsonObject, View, undeclared};
use crate::{decimal::Decimal, python};

/// Whether two values made by [`parse`](super::parse) are the same JSON value:
/// members in any order, numbers by their exact worth (`1.0` is `1.00`).
pub fn same(left: &Value, right: &Value) -> bool {
    if let Some((one, other)) = objects(left, right) {
        let members = one.members();
        return members.len() == other.members().len()
            && members.iter().all(|(name, left)| {
                let twin = other.members().get(name);
                twin.is_some_and(|right| same(left, right))
            });
    }
    match (View::of(left), View::of(right)) {
        (View::Null, View::Null) => true,
        (View::Bool(left), View::Bool(right)) => left == right,
        (View::String(left), View::String(right)) => left == right,
        (View::Number(left), View::Number(right)) => left == right || same_number(&left, &right),
        (View::Array(left), View::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        _ => false,
    }
}

fn objects<'a>(left: &'a Value, right: &'a Value) -> Option<(&'a JsonObject, &'a JsonObject)> {
    let object = Value::downcast_object_ref::<JsonObject>;
    object(left).zip(object(right))
}

/// Whether two fields are [`same`], or stand for one decimal or one instant.
pub fn same_worth(left: &Value, right: &Value) -> bool {
    if same(left, right) {
        return true;
    }
    let (left, right) = (undeclared(left.clone()), undeclared(right.clone()));
    let are_fields = [&left, &right]
        .iter()
        .all(|value| value.downcast_object_ref::<Field>().is_some());
    are_fields && python::equals(&left, &right)
}

/// Whether two JSON numbers are of one worth.
fn same_number(left: &str, right: &str) -> bool {
    let pair = Decimal::parse(left).zip(Decimal::parse(right));
    pair.is_some_and(|(left, right)| left.compare(&right) == Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn worth_counts_not_spelling() {
        for (left, right, expected) in [
            ("1.0", "1.00", true),
            ("1200", "1.2e3", true),
            ("-0", "0.0", true),
            ("9007199254740993", "9007199254740992", false),
            ("1e400", "1e401", false),
            ("1", "-1", false),
            ("1", "\"1\"", false),
            ("null", "false", false),
            (r#"{"a": 1, "b": [2]}"#, r#"{"b": [2.0], "a": 1}"#, true),
            (r#"{"a": 1}"#, r#"{"b": 1}"#, false),
            ("[1, 2]", "[2, 1]", false),
        ] {
            let (left, right) = (parse(left).unwrap(), parse(right).unwrap());
            assert_eq!(same(&left, &right), expected, "{left} and {right}");
        }
    }
}
