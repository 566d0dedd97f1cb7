//! Character references of HTML, as Python's `html.unescape` reads them.

/// The references that HTML knows without a semicolon too, a name and its character a line. The
/// two thousand others do not occur in URLs, for which alone this is.
const ENTITIES: &str = include_str!("html_entities.txt");

/// What the codes from 0x80 on mean in Windows' code page, as browsers take them.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Puts characters in the place of references.
pub(super) fn unescape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        unescaped.push_str(before);
        let reference = numeric(behind).or_else(|| named(behind));
        let (characters, more) = reference.unwrap_or_else(|| ("&".to_owned(), behind));
        unescaped.push_str(&characters);
        rest = more;
    }
    unescaped.push_str(rest);
    unescaped
}

/// `#39;` or `#x27;`, the semicolon being optional: its character and what is behind.
fn numeric(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('#')?;
    let (radix, digits) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, text),
    };
    let rest = digits.trim_start_matches(|character: char| character.is_digit(radix));
    let digits = digits
        .get(..digits.len() - rest.len())
        .filter(|digits| !digits.is_empty())?;
    // A code too long for 32 bits is beyond Unicode.
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    Some((character_of(code), rest.strip_prefix(';').unwrap_or(rest)))
}

fn character_of(code: u32) -> String {
    let is_noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    match (code, char::from_u32(code)) {
        (0, _) | (_, None) => '\u{fffd}'.into(),
        (0x0d, _) => '\r'.into(),
        (0x80..=0x9f, _) => {
            let place = usize::try_from(code - 0x80).unwrap_or(0);
            WINDOWS_1252
                .chars()
                .nth(place)
                .map(String::from)
                .unwrap_or_default()
        }
        (0x01..=0x08 | 0x0b | 0x0e..=0x1f | 0x7f, _) => String::new(),
        _ if is_noncharacter => String::new(),
        (_, Some(character)) => character.into(),
    }
}

/// The longest known name here, and what is behind it.
fn named(text: &str) -> Option<(String, &str)> {
    let known = ENTITIES.lines().filter_map(|line| line.split_once(' '));
    let (name, character) = known
        .filter(|(name, _)| text.starts_with(name))
        .max_by_key(|(name, _)| name.len())?;
    let rest = text.get(name.len()..)?;
    Some((character.to_owned(), rest.strip_prefix(';').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_with_and_without_semicolon() {
        for (text, unescaped) in [
            ("a&amp;b", "a&b"),
            ("a&ampb", "a&b"),
            ("&lt;&#39;&#x27;&#x27", "<'''"),
            ("&notit;", "¬it;"),
            ("&copy=1", "©=1"),
            ("&unknown; & &#; &", "&unknown; & &#; &"),
            ("&#0;&#x80;&#1;", "\u{fffd}€"),
        ] {
            assert_eq!(unescape(text), unescaped, "{text}");
        }
    }
}
