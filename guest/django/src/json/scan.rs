//! What JSON text shows without being taken apart.

use serde_json::value::RawValue;

/// A bound on how many objects and arrays of a JSON text stand in each other,
/// exact where it is more than 16.
pub fn depth(text: &str) -> usize {
    let opens = |byte: &u8| matches!(byte, b'{' | b'[');
    let most = text.as_bytes().iter().filter(|byte| opens(byte)).count();
    if most <= 16 {
        return most;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaping) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaping => escaping = false,
            b'\\' => escaping = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a string of a JSON text has a surrogate without its partner. The
/// grammar lets it pass, but it stands for no character.
pub fn has_half_character(text: &str) -> bool {
    if !text.contains('\\') || !text.contains("\\u") {
        return false;
    }
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (_, from_quote) = rest.split_at(quote);
        let (string, after) = from_quote.split_at(string_end(from_quote));
        if string.contains("\\u") && serde_json::from_str::<String>(string).is_err() {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a text is a JSON number and nothing else.
pub fn is_number(text: &str) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    let is_end = |byte: &u8| byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_start)
        && bytes.last().is_some_and(is_end)
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Bytes of the JSON string at the start of the text, quotes included.
pub(super) fn string_end(text: &str) -> usize {
    let mut escaping = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaping => escaping = false,
            b'\\' => escaping = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}
