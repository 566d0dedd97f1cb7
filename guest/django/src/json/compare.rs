//! Whether two JSON values are the same.

use minijinja::Value;

use super::View;

/// Whether two values made by [`parse`](super::parse) are the same JSON value:
/// members in any order, numbers by their exact worth (`1.0` is `1.00`).
pub fn same(left: &Value, right: &Value) -> bool {
    match (View::of(left), View::of(right)) {
        (View::Null, View::Null) => true,
        (View::Bool(left), View::Bool(right)) => left == right,
        (View::String(left), View::String(right)) => left == right,
        (View::Number(left), View::Number(right)) => left == right || worth(&left) == worth(&right),
        (View::Array(left), View::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (View::Object(left), View::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| {
                    let twin = right.iter().find(|(other, _)| **other == **name);
                    twin.is_some_and(|(_, right)| same(left, right))
                })
        }
        _ => false,
    }
}

/// A JSON number as sign, digits without zeros at either end, and the power of
/// ten of the last digit. None for a number whose exponent is beyond reason.
fn worth(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent: i64 = exponent.parse().ok()?;
    let shift = i64::try_from(digits.len() - significant.len()).ok()?;
    let scale = i64::try_from(fraction.len()).ok()?;
    let power = exponent.checked_add(shift)?.checked_sub(scale)?;
    Some((negative, significant.into(), power))
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
