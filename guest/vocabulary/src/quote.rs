//! Strings of JSON, written and read, and how much of a text an error shows.

use std::fmt::Write as _;

/// As much of a text as an error shows.
pub fn shown(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(64)
        .map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// Writes text as a JSON string. Everything but quotes, backslashes and
/// control characters stays as it is, in UTF-8.
pub fn string(text: &str, out: &mut String) {
    out.push('"');
    string_content(text, out);
    out.push('"');
}

/// Writes text as the inside of a JSON string, as [`string`] does.
pub fn string_content(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(place) = special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(place);
        out.push_str(plain);
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            escape(character, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Where the first byte stands that a JSON string cannot have as it is: a quote, a backslash or a
/// control character.
pub fn special(bytes: &[u8]) -> Option<usize> {
    // Eight at once, as most texts have none.
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) | below_space(word);
        if found != 0 {
            return usize::try_from(found.trailing_zeros() / 8)
                .ok()
                .map(|within| place * 8 + within);
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    let within = rest.iter().position(is_special)?;
    Some(words.len() * 8 + within)
}

/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;
const QUOTES: u64 = EACH * 0x22;
const BACKSLASHES: u64 = EACH * 0x5c;

/// Marks the bytes that are zero by their highest bit; of the lowest mark that is sure.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & (EACH * 0x80)
}

/// Marks the bytes that are less than a space, as [`zeros`] does.
fn below_space(word: u64) -> u64 {
    word.wrapping_sub(EACH * 0x20) & !word & (EACH * 0x80)
}

fn escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        other => _ = write!(out, "\\u{:04x}", u32::from(other)),
    }
}

/// Reads the JSON string that the text begins with, and gives what follows it.
pub(crate) fn read_string(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut read = String::new();
    loop {
        let special = rest.find(['"', '\\'])?;
        let (plain, from) = rest.split_at(special);
        read.push_str(plain);
        if let Some(after) = from.strip_prefix('"') {
            return Some((read, after));
        }
        let (character, after) = escaped(from.strip_prefix('\\')?)?;
        read.push(character);
        rest = after;
    }
}

/// The character that an escape stands for; the text begins behind its backslash.
fn escaped(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let character = match characters.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return unicode(characters.as_str()),
        other @ ('"' | '\\' | '/') => other,
        _ => return None,
    };
    Some((character, characters.as_str()))
}

fn unicode(digits: &str) -> Option<(char, &str)> {
    let (unit, rest) = unit(digits)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((character, rest));
    }
    // What lies beyond 16 bits is written as a pair.
    let (low, rest) = self::unit(rest.strip_prefix("\\u")?)?;
    let (high, low) = (unit.checked_sub(0xd800)?, low.checked_sub(0xdc00)?);
    if high > 0x3ff || low > 0x3ff {
        return None;
    }
    Some((char::from_u32(0x1_0000 + (high << 10) + low)?, rest))
}

fn unit(digits: &str) -> Option<(u32, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_and_unicode_is_not() {
        let text = "a\"b\\c\n\r\t\u{8}\u{c}\u{1}\u{7f}é😀";
        let mut out = String::new();
        string(text, &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\u{7f}é😀\"");
        assert_eq!(read_string(&out), Some((text.to_owned(), "")));
    }

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for special in (0..b' ').chain(*b"\"\\") {
            for place in 0..30 {
                let mut text = [b'~'; 30];
                assert_eq!(super::special(&text), None);
                text.iter_mut()
                    .skip(place)
                    .step_by(3)
                    .for_each(|byte| *byte = special);
                assert_eq!(super::special(&text), Some(place), "{special}");
            }
        }
        for other in (b' '..=0xff).filter(|byte| !b"\"\\".contains(byte)) {
            assert_eq!(super::special(&[other; 17]), None, "{other}");
        }
    }

    #[test]
    fn a_string_is_read_up_to_its_quote() {
        let read = read_string(r#""\ud83d\ude00\u00e9\/"]."#);
        assert_eq!(read, Some(("😀é/".to_owned(), "].")));
        for text in ["", "a", "\"a", r#""\ud83d""#, r#""\x""#, r#""\u12""#] {
            assert_eq!(read_string(text), None, "{text}");
        }
    }
}
