//! Answers, read leniently: what is odd must not make a whole answer unreadable,
//! since records would be written again for it.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// The JSON at the start of a body. What follows it is not the proxy's: gateways
/// append comments and scripts, and put a byte order mark before.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let text = text_of(body);
    let mut values = serde_json::Deserializer::from_str(&text).into_iter();
    values.next()?.ok()
}

/// The JSON values at the start of a body, one after another, as far as they can be
/// read; a gateway that wants one value may have made a list of them.
pub(super) fn values<T: DeserializeOwned>(body: &[u8]) -> Vec<T> {
    let text = text_of(body);
    let mut rest = text.trim_start();
    let is_list = rest.starts_with('[');
    let mut values = Vec::new();
    loop {
        let between: &[char] = if !is_list {
            &[]
        } else if values.is_empty() {
            &['[']
        } else {
            &[',']
        };
        rest = rest.trim_start().trim_start_matches(between);
        let mut next = serde_json::Deserializer::from_str(rest).into_iter();
        let Some(Ok(value)) = next.next() else {
            return values;
        };
        values.push(value);
        rest = rest.get(next.byte_offset()..).unwrap_or_default();
    }
}

/// The elements of the list that is the first member of a body's object, as far as they are
/// whole: the body stops midway. Nothing where its first member has another name.
pub(super) fn begun<T: DeserializeOwned>(body: &[u8], member: &str) -> Vec<T> {
    let text = text_of(body);
    let list = || {
        let name = text.trim_start().strip_prefix('{')?.trim_start();
        let colon = name.strip_prefix('"')?.strip_prefix(member)?;
        let list = colon.strip_prefix('"')?.trim_start().strip_prefix(':')?;
        list.trim_start().starts_with('[').then_some(list)
    };
    list().map_or_else(Vec::new, |list| values(list.as_bytes()))
}

/// A body as text without a byte order mark. A message that is in another encoding
/// than UTF-8 must not hide what became of records.
fn text_of(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    String::from_utf8_lossy(body)
}

/// A text, or what stands in its place as JSON.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}

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
        #[serde(default, deserialize_with = "text")]
        error: Option<String>,
    }

    #[test]
    fn texts_that_are_something_else_are_shown_as_they_came() {
        for (body, expected) in [
            ("{}", None),
            (r#"{"error":null}"#, None),
            (r#"{"error":"a"}"#, Some("a")),
            (r#"{"error":7}"#, Some("7")),
            (r#"{"error":{"b":[1]}}"#, Some(r#"{"b":[1]}"#)),
        ] {
            let entry: Entry = serde_json::from_str(body).unwrap();
            assert_eq!(entry.error.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn only_the_json_at_the_start_counts() {
        let offset = |body: &[u8]| json::<Entry>(body)?.offset;
        for body in [
            &b"{\"offset\":7}"[..],
            b"\xef\xbb\xbf {\"offset\":7}\n",
            b"{\"offset\":7}<!-- served by a gateway -->",
            b"{\"offset\":7}{\"offset\":8}",
        ] {
            assert_eq!(offset(body), Some(7));
        }
        assert_eq!(
            offset(b"{\"error\":\"d\xe9sol\xe9\",\"offset\":7}"),
            Some(7)
        );
        for body in [&b""[..], b"{\"offset\":7", b"<html>{}</html>", b"7"] {
            assert_eq!(offset(body), None);
        }
    }

    #[test]
    fn values_come_one_after_another_or_as_a_list() {
        let offsets = |body: &str| -> Vec<_> {
            let entries = values::<Entry>(body.as_bytes()).into_iter();
            entries.filter_map(|entry| entry.offset).collect()
        };
        let (one, two) = (r#"{"offset":1}"#, r#"{"offset":2}"#);
        for body in [
            format!("{one}{two}"),
            format!("\u{feff}{one}\r\n{two}\r\n"),
            format!("[{one},{two}]"),
            format!(" [ {one} , {two} ] <!-- -->"),
            format!("[{one},{two},{{\"offs"),
            format!("{one}{two}{{\"offs"),
        ] {
            assert_eq!(offsets(&body), [1, 2], "{body}");
        }
        for body in ["", "[]", "[", "<html>", "7"] {
            assert!(offsets(body).is_empty(), "{body}");
        }
    }

    #[test]
    fn elements_that_are_whole_are_read_of_a_list_that_is_not() {
        let offsets = |body: &str| -> Vec<_> {
            let entries = begun::<Entry>(body.as_bytes(), "offsets").into_iter();
            entries.filter_map(|entry| entry.offset).collect()
        };
        for (body, expected) in [
            (
                r#"{"offsets":[{"offset":1},{"offset":2},{"offset":3"#,
                &[1, 2][..],
            ),
            (r#" { "offsets" : [ {"offset":1} , {"#, &[1]),
            (r#"{"offsets":[{"offset":1"#, &[]),
            (r#"{"offsets":"#, &[]),
            (r#"{"offsets":{"offset":1}"#, &[]),
            (r#"{"others":[{"offset":1},"#, &[]),
            (r#"[{"offset":1},"#, &[]),
            ("", &[]),
        ] {
            assert_eq!(offsets(body), expected, "{body}");
        }
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
