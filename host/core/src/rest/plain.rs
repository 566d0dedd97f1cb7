//! A text as it reads to who looks for a secret in it: escapes undone, letter case
//! and white space away, and for each byte where it came from.

use std::ops::Range;

/// The comparable bytes of a text, with the place of each in it.
pub(super) struct Plain {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
    /// The same with letter case and white space, for what is to be decoded.
    raw: Vec<(char, Range<usize>)>,
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        let raw = text
            .char_indices()
            .map(|(start, character)| (character, start..start + character.len_utf8()));
        Self::from_raw(raw.collect())
    }

    fn from_raw(raw: Vec<(char, Range<usize>)>) -> Self {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for (character, place) in &raw {
            for byte in compared(*character) {
                bytes.push(byte);
                places.push(place.clone());
            }
        }
        Self { bytes, places, raw }
    }

    /// Every run of so many bytes, with their places.
    pub(super) fn windows(&self, size: usize) -> impl Iterator<Item = (&[u8], &[Range<usize>])> {
        self.bytes.windows(size).zip(self.places.windows(size))
    }

    /// The same with one layer of escapes undone; none if there are no escapes.
    pub(super) fn decoded(&self) -> Option<Self> {
        let mut decoded = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw.as_slice();
        let mut has_escapes = false;
        while let [(character, place), ..] = rest {
            let (character, length) = match escape(rest) {
                Some((character, length)) => {
                    has_escapes = true;
                    (character, length)
                }
                None => (*character, 1),
            };
            let (taken, after) = rest.split_at(length);
            let end = taken.last().map_or(place.end, |(_, last)| last.end);
            decoded.push((character, place.start..end));
            rest = after;
        }
        has_escapes.then(|| Self::from_raw(join_utf8(&decoded)))
    }
}

/// The character that an escape at the start stands for, and the escape's length.
/// A byte of UTF-8 comes as the character of the same number.
fn escape(text: &[(char, Range<usize>)]) -> Option<(char, usize)> {
    let at = |index: usize| text.get(index).map(|(character, _)| *character);
    let digits = |start: usize, count: usize, radix: u32| {
        let digits: Option<String> = (start..start + count).map(at).collect();
        u32::from_str_radix(&digits?, radix).ok()
    };
    match (at(0)?, at(1)?) {
        ('%', _) => Some((char::from_u32(digits(1, 2, 16)?)?, 3)),
        ('\\', 'x') => Some((char::from_u32(digits(2, 2, 16)?)?, 4)),
        // Half of a pair is no character, and no secret's either.
        ('\\', 'u') => Some((char::from_u32(digits(2, 4, 16)?).unwrap_or(' '), 6)),
        ('\\', 'n' | 'r' | 't') => Some((' ', 2)),
        ('\\', other) => Some((other, 2)),
        ('&', _) => entity(text),
        _ => None,
    }
}

/// HTML's.
fn entity(text: &[(char, Range<usize>)]) -> Option<(char, usize)> {
    let name: String = text.iter().skip(1).take(10).map(|(c, _)| *c).collect();
    let (name, _) = name.split_once(';')?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some((character, name.chars().count() + 2))
}

/// Bytes of UTF-8 that were escaped one by one, as the characters they make.
fn join_utf8(text: &[(char, Range<usize>)]) -> Vec<(char, Range<usize>)> {
    let mut joined: Vec<(char, Range<usize>)> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [(character, place), ..] = rest {
        let lead = u8::try_from(*character).ok();
        let length = match lead {
            Some(0xc2..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xf4) => 4,
            _ => 1,
        };
        let bytes: Option<Vec<u8>> = rest
            .get(..length)
            .and_then(|taken| taken.iter().map(|(c, _)| u8::try_from(*c).ok()).collect());
        let whole = bytes.filter(|_| length > 1);
        let whole = whole.and_then(|bytes| String::from_utf8(bytes).ok());
        let (character, length) = match whole.and_then(|text| text.chars().next()) {
            Some(character) => (character, length),
            None => (*character, 1),
        };
        let (taken, after) = rest.split_at(length);
        let end = taken.last().map_or(place.end, |(_, last)| last.end);
        joined.push((character, place.start..end));
        rest = after;
    }
    joined
}

/// How a character compares: lower case, without white space, and base64's two
/// alphabets as one.
fn compared(character: char) -> impl Iterator<Item = u8> {
    let character = match character {
        '-' => '+',
        '_' => '/',
        other => other,
    };
    let keep = !character.is_whitespace() && !character.is_control();
    let lower = keep.then(|| character.to_lowercase()).into_iter().flatten();
    lower.flat_map(|character| {
        let mut buffer = [0; 4];
        character.encode_utf8(&mut buffer).as_bytes().to_vec()
    })
}

/// A text as it is compared.
pub(super) fn comparable(text: &str) -> Vec<u8> {
    text.chars().flat_map(compared).collect()
}

/// The first bytes of a text, up to the end of a character.
pub(super) fn start(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Whether a terminal does something else than to show it: control characters, and
/// those that turn the direction of writing.
pub(super) fn moves_the_cursor(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
