//! Texts of others (of triggers, events, files) on their way to a terminal, which
//! must not be steered by them.

use std::{borrow::Cow, fmt::Write as _};

use action_triggers_host::is_steering;

/// The text with U+FFFD where a character would steer the terminal.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains(is_steering) {
        text.replace(is_steering, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// Writes such characters of a JSON text, from this byte on, as escapes: the
/// value stays the same.
pub(crate) fn escape(json: &mut Vec<u8>, from: usize) {
    // All of them begin with one of these bytes.
    let may_begin = |byte: &u8| matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2);
    let written = json.get(from..).unwrap_or_default();
    // Without an end at the first, many bytes are asked at once.
    let any_of = |some: &[u8]| some.iter().fold(false, |any, byte| any | may_begin(byte));
    if !written.chunks(256).any(any_of) {
        return;
    }
    let Some(text) = str::from_utf8(written)
        .ok()
        .filter(|text| text.contains(is_steering))
    else {
        return;
    };
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_steering(character) {
            // Writing to a string cannot fail.
            write!(escaped, "\\u{:04x}", u32::from(character)).ok();
        } else {
            escaped.push(character);
        }
    }
    json.truncate(from);
    json.extend_from_slice(escaped.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}é–\u{200f}\u{61c}";

    #[test]
    fn nothing_that_steers_is_shown_to_a_person() {
        assert_eq!(shown("é – ok\n\t"), "é – ok\n\t");
        assert_eq!(
            shown(HOSTILE),
            "a\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}é–\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn json_has_escapes_instead_and_the_same_value() {
        let mut json = b"[".to_vec();
        serde_json::to_writer(&mut json, HOSTILE).unwrap();
        escape(&mut json, 1);
        let text = str::from_utf8(&json).unwrap();
        assert!(!text.contains(is_steering), "{text}");
        let value: String = serde_json::from_str(text.strip_prefix('[').unwrap()).unwrap();
        assert_eq!(value, HOSTILE);
    }
}
