//! What a proxy said, made fit for messages: short, one line, no secrets.

use std::{collections::BTreeSet, fmt, ops::Range};

use super::plain::{self, Plain};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// Most bytes of a body we do not understand.
const BODY_PREVIEW: usize = 120;
/// Most bytes of the message in an error that we do understand.
const MESSAGE_PREVIEW: usize = 200;
/// Most bytes of a text that are looked at, whatever is shown of it.
const LOOKED_AT: usize = 1024;
/// So many bytes of a secret in a row are hidden, or half of one that is short. As
/// many as a `u64` has.
const PART: usize = 8;
/// But no fewer, or words would be hidden that have nothing to do with it.
const LEAST_PART: usize = 4;

/// Knows the secrets that a proxy might repeat to us: whole or in part, in other
/// letter case, escaped, percent-encoded, in base64 or in hexadecimal digits.
#[derive(Default)]
pub struct Redactor {
    forms: Vec<Form>,
}

/// A way of writing a secret: its parts of one length, sorted.
struct Form {
    length: usize,
    parts: Vec<u64>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor")
    }
}

impl Redactor {
    /// Hides these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets
            .into_iter()
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
        {
            forms.insert(plain::comparable(secret));
            if secret.len() >= LEAST_PART {
                forms.extend(encoded(secret).map(|form| plain::comparable(&form)));
            }
        }
        let forms = forms.iter().filter(|form| !form.is_empty());
        Self {
            forms: forms.map(|form| Form::new(form)).collect(),
        }
    }

    /// The start of a body that was not understood.
    pub fn body(&self, body: &[u8]) -> String {
        let body = body.get(..LOOKED_AT).unwrap_or(body);
        self.shorten(&String::from_utf8_lossy(body), BODY_PREVIEW)
    }

    /// The message of an error that was.
    pub fn message(&self, message: &str) -> String {
        self.shorten(message, MESSAGE_PREVIEW)
    }

    fn shorten(&self, text: &str, limit: usize) -> String {
        let looked_at = plain::start(text, LOOKED_AT);
        let masked = self.mask(looked_at);
        let mut short = String::new();
        for character in masked.trim().chars() {
            if short.len() + character.len_utf8() > limit {
                short.push('…');
                return short;
            }
            short.push(if plain::moves_the_cursor(character) {
                ' '
            } else {
                character
            });
        }
        if looked_at.len() < text.len() {
            short.push('…');
        }
        short
    }

    /// The text with stars for what is of a secret.
    fn mask(&self, text: &str) -> String {
        let mut hidden = vec![false; text.len()];
        // What was escaped may have been escaped before.
        let mut plain = Plain::of(text);
        for _ in 0..3 {
            for form in &self.forms {
                form.hide(&plain, &mut hidden);
            }
            let Some(decoded) = plain.decoded() else {
                break;
            };
            plain = decoded;
        }
        let mut masked = String::with_capacity(text.len());
        let mut was_hidden = false;
        for (place, character) in text.char_indices() {
            let is_hidden = hidden.get(place).copied().unwrap_or_default();
            match (is_hidden, was_hidden) {
                (true, false) => masked.push_str("***"),
                (true, true) => {}
                (false, _) => masked.push(character),
            }
            was_hidden = is_hidden;
        }
        masked
    }
}

impl Form {
    fn new(form: &[u8]) -> Self {
        let length = (form.len() / 2).clamp(LEAST_PART, PART).min(form.len());
        let mut parts: Vec<_> = form.windows(length).map(packed).collect();
        parts.sort_unstable();
        Self { length, parts }
    }

    /// Marks where the text has a part of the secret.
    fn hide(&self, plain: &Plain, hidden: &mut [bool]) {
        for (window, places) in plain.windows(self.length) {
            if self.parts.binary_search(&packed(window)).is_err() {
                continue;
            }
            for Range { start, end } in places.iter().cloned() {
                hidden.get_mut(start..end).unwrap_or_default().fill(true);
            }
        }
    }
}

/// A part as a number; it has [`PART`] bytes at most.
fn packed(part: &[u8]) -> u64 {
    part.iter()
        .fold(0, |packed, byte| packed << 8 | u64::from(*byte))
}

/// Other ways of writing a secret, which a proxy or gateway might use.
fn encoded(secret: &str) -> impl Iterator<Item = String> {
    let digit = |value: u8| char::from_digit(value.into(), 16);
    let hex = secret
        .bytes()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .flatten()
        .collect();
    // In base64 of a longer text it begins at one of three places; what it shares
    // with its neighbours is left out.
    let base64 = (0..3).filter_map(move |before: usize| {
        let shifted = [&vec![0; before], secret.as_bytes()].concat();
        let text = STANDARD_NO_PAD.encode(&shifted);
        let start = (before * 8).div_ceil(6);
        let end = shifted.len() * 8 / 6;
        text.get(start..end).map(str::to_owned)
    });
    base64.chain([hex])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cret+to/ken=Zürich";

    fn said(text: &str) -> String {
        Redactor::new([SECRET]).message(text)
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let base64 = |text: &str| STANDARD_NO_PAD.encode(text);
        let url = "s3cret%2Bto%2Fken%3DZ%C3%BCrich";
        let each = |write: fn(u32) -> String| -> String {
            SECRET.chars().map(u32::from).map(write).collect()
        };
        let escaped = each(|unit| format!("\\u{unit:04x}"));
        let html = each(|number| format!("&#{number};"));
        let hex: Vec<_> = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        for text in [
            SECRET.to_owned(),
            SECRET.to_lowercase(),
            url.to_owned(),
            url.replace('%', "%25"),
            escaped.replace('\\', "\\\\"),
            escaped,
            html,
            hex.concat(),
            base64(SECRET),
            base64(&format!("u:{SECRET}")),
            base64(&format!("us:{SECRET}!")),
            base64(&format!("use:{SECRET}?")),
            base64(SECRET).replace('+', "-").replace('/', "_"),
            "s3cret+to\n /ken=Zürich".to_owned(),
        ] {
            let shown = said(&format!("no: {text} :on"));
            let rest: String = shown.chars().filter(|c| !"no: *".contains(*c)).collect();
            assert!(shown.contains("***") && rest.len() < 8, "{text}: {shown}");
        }
    }

    #[test]
    fn a_part_of_a_secret_is_hidden() {
        assert_eq!(said("bad: s3cret+to/ken"), "bad: ***");
        assert_eq!(said("bad: ret+to/ken=Zür…"), "bad: ***…");
        assert_eq!(said("s3cret alone is a word"), "s3cret alone is a word");
        let short = Redactor::new(["abc", "passw0rd"]);
        assert_eq!(short.message("xabcx passw pass"), "x***x *** ***");
    }

    #[test]
    fn other_texts_stay_and_are_short() {
        assert_eq!(said("Topic not found"), "Topic not found");
        assert_eq!(said("a\u{1b}[2Jb\u{202e}c\td\n"), "a [2Jb c d");
        assert_eq!(said(&"x".repeat(5000)).len(), 200 + '…'.len_utf8());
        let body = Redactor::default().body(&[0xff; 300]);
        assert_eq!(body.chars().count(), 41);
    }

    #[test]
    fn no_secret_is_in_its_debug() {
        assert_eq!(format!("{:?}", Redactor::new([SECRET])), "Redactor");
    }
}
