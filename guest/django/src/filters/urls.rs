//! `iriencode` and `urlencode`, and the quoting of URLs.

use minijinja::Value;

use super::{super::python, Argument, Call, Filter, FilterError, plain, safe, text_argument};

pub(super) const FILTERS: &[Filter] = &[
    safe("iriencode", Argument::None, iri_encode),
    plain("urlencode", Argument::Optional, url_encode),
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

/// Python's `urllib.parse.unquote`: bytes that are no UTF-8 become replacement characters.
pub(super) fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = if *first == b'%' {
            behind.first_chunk().copied().and_then(hexadecimal)
        } else {
            None
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() {
            behind.get(2..).unwrap_or_default()
        } else {
            behind
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal_digit(half: u8) -> char {
    char::from(half + if half < 10 { b'0' } else { b'A' - 10 })
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}
