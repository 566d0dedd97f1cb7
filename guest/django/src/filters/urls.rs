//! `iriencode` and `urlencode`, and the quoting of URLs.

use minijinja::Value;

use super::{super::python, Argument, Call, DEAR, Filter, FilterError, plain, safe, text_argument};

pub(super) const FILTERS: &[Filter] = &[
    safe("iriencode", Argument::None, iri_encode).at(DEAR),
    plain("urlencode", Argument::Optional, url_encode).at(DEAR),
];

/// What Django leaves alone in an IRI: RFC 3986's reserved characters, `%` and `~`.
const IRI_SAFE: &str = "/#%[]=:;$&()+,!?*@'~";

fn iri_encode(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from(quote(&python::as_text(value), IRI_SAFE)))
}

/// Django: the argument names the characters to leave alone, `/` unless given.
fn url_encode(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let text = python::as_text(value);
    let safe = match argument {
        _ if text.is_empty() => return Ok(Value::from("")),
        None => "/",
        Some(argument) if argument.is_none() => "/",
        // An empty list or dict does for no characters.
        Some(argument) if python::length(argument) == Ok(0) => "",
        Some(argument) => text_argument(argument)?,
    };
    Ok(Value::from(quote(&text, safe)))
}

/// Python's `urllib.parse.quote`.
pub(super) fn quote(text: &str, safe: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        let is_kept = character.is_ascii_alphanumeric()
            || "_.-~".contains(character)
            || (byte.is_ascii() && safe.contains(character));
        if is_kept {
            quoted.push(character);
        } else {
            quoted.push('%');
            quoted.extend([byte >> 4, byte & 15].map(hexadecimal_digit));
        }
    }
    quoted
}

fn hexadecimal_digit(half: u8) -> char {
    char::from(half + if half < 10 { b'0' } else { b'A' - 10 })
}
