//! Numbers of answers, read leniently: one that is odd must not make a whole
//! answer unreadable, since records would be written again for it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A whole number, also one that is written `7.0` or `"7"`; for what is beyond
/// 64 bits, or is no number at all, -1: there is something, and it is unknown.
/// None for null.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64().or_else(|| whole_float(number.as_f64()?)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    Ok(Some(number.unwrap_or(-1)))
}

/// Floats have 53 bits, so this is exact where it is something.
fn whole_float(number: f64) -> Option<i64> {
    let text = format!("{number:.0}");
    (number.fract() == 0.0).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Entry {
        #[serde(default, deserialize_with = "whole")]
        offset: Option<i64>,
    }

    #[test]
    fn odd_numbers_are_read_or_unknown() {
        for (text, expected) in [
            ("{}", None),
            (r#"{"offset":null}"#, None),
            (r#"{"offset":7}"#, Some(7)),
            (r#"{"offset":-7}"#, Some(-7)),
            (r#"{"offset":1e3}"#, Some(1000)),
            (r#"{"offset":7.0}"#, Some(7)),
            (r#"{"offset":"7"}"#, Some(7)),
            (r#"{"offset":7.5}"#, Some(-1)),
            (r#"{"offset":99999999999999999999999}"#, Some(-1)),
            (r#"{"offset":[]}"#, Some(-1)),
        ] {
            let entry: Entry = serde_json::from_str(text).unwrap();
            assert_eq!(entry.offset, expected, "{text}");
        }
    }
}
