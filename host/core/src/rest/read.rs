//! Answers, read leniently: what is odd must not make a whole answer unreadable,
//! since records would be written again for it.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::Value;

/// The JSON at the start of a body. What follows it is not the proxy's: gateways
/// append comments and scripts, and put a byte order mark before.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    Some(first(&text_of(body))?.0)
}

/// The JSON value at the start of a text, and where it ends. Of a member that is there
/// twice the last counts.
fn first<T: DeserializeOwned>(text: &str) -> Option<(T, usize)> {
    strictly_first(text).or_else(|| {
        let (value, end) = strictly_first::<Value>(text)?;
        Some((serde_json::from_value(value).ok()?, end))
    })
}

/// The same where no member is there twice.
fn strictly_first<T: DeserializeOwned>(text: &str) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
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
        let Some((value, end)) = first(rest) else {
            return values;
        };
        values.push(value);
        rest = rest.get(end..).unwrap_or_default();
    }
}

/// The elements of a list that is a member of a body's object, as far as they are whole:
/// the body stops midway.
pub(super) fn begun<T: DeserializeOwned>(body: &[u8], member: &str) -> Vec<T> {
    let mut elements = Vec::new();
    let list = Begun {
        member,
        elements: &mut elements,
    };
    let text = text_of(body);
    // It ends in an error where the body stops.
    let mut json = serde_json::Deserializer::from_str(&text);
    json.deserialize_map(list).ok();
    elements
}

/// Reads an object, and keeps each element of a list in it as soon as it is whole.
struct Begun<'a, T> {
    member: &'a str,
    elements: &'a mut Vec<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Begun<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Begun<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with a list `{}`", self.member)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name == self.member {
                members.next_value_seed(Begun {
                    member: self.member,
                    elements: &mut *self.elements,
                })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            self.elements.push(element);
        }
        Ok(())
    }
}

/// What an object says; nothing where something else stands in its place.
#[derive(Debug, Default)]
pub(super) struct Lenient<T>(pub(super) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(PhantomData))
    }
}

struct Anything<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Anything<T> {
    type Value = Lenient<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Lenient<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Lenient)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lenient<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::default())
    }

    fn visit_unit<E>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }
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
/// None for null, and for what others write instead of it.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::Number(number) => number.as_i64().or_else(|| whole_float(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            // Kafka calls its code 0 `NONE`.
            let is_nothing = |word: &&str| text.eq_ignore_ascii_case(word);
            if ["", "null", "none"].iter().any(is_nothing) {
                return Ok(None);
            }
            let float = || whole_float(text.parse().ok()?);
            text.parse().ok().or_else(float)
        }
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
            (
                r#"{"id":null,"x":{"offsets":[{"offset":9}]},"offsets":[{"offset":1},{"#,
                &[1],
            ),
            (r#"{"offsets":[{"offset":1},{"offset":2}],"id":"#, &[1, 2]),
            (r#"{"others":[{"offset":1},"#, &[]),
            (r#"[{"offset":1},"#, &[]),
            ("", &[]),
        ] {
            assert_eq!(offsets(body), expected, "{body}");
        }
    }

    #[test]
    fn what_stands_in_place_of_an_object_says_nothing() {
        #[derive(Default, Deserialize)]
        struct Odd {
            offset: Option<i64>,
        }
        let odd = r#"[null,true,-1,7,1.5,"x",[{"offset":2}],{},{"offset":3}]"#;
        let read: Vec<Lenient<Odd>> = json(odd.as_bytes()).unwrap();
        let offsets: Vec<_> = read.into_iter().map(|one| one.0.offset).collect();
        let mut expected = vec![None; 8];
        expected.push(Some(3));
        assert_eq!(offsets, expected);
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
            (r#"{"offset":"7.0"}"#, Some(7)),
            (r#"{"offset":"x"}"#, Some(-1)),
            (r#"{"offset":""}"#, None),
            (r#"{"offset":"NONE"}"#, None),
            (r#"{"offset":false}"#, None),
            (r#"{"offset":6,"offset":7}"#, Some(7)),
        ] {
            let entry: Entry = json(text.as_bytes()).unwrap();
            assert_eq!(entry.offset, expected, "{text}");
        }
    }
}
