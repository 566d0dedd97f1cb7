//! What filters need of Unicode's normal forms, by tables that `generate.py` beside this makes:
//! a fifth of what a normalization crate would add to the component.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

/// The ASCII that is left of a character's compatibility decomposition.
static ASCII: LazyLock<BTreeMap<char, &str>> =
    LazyLock::new(|| members_to_name(include_str!("ascii.txt")).collect());

/// Canonical combining classes, of characters where it is not zero.
static CLASSES: LazyLock<BTreeMap<char, u8>> = LazyLock::new(|| {
    members_to_name(include_str!("combining.txt"))
        .map(|(character, class)| (character, class.parse().unwrap_or_default()))
        .collect()
});

/// Characters that NFC puts others in place of, or that it makes of two.
static DECOMPOSITIONS: LazyLock<BTreeMap<char, &str>> = LazyLock::new(|| {
    let lines = include_str!("decompositions.txt").lines();
    lines
        .chain(include_str!("composites.txt").lines())
        .filter_map(first_and_rest)
        .collect()
});

static COMPOSITES: LazyLock<BTreeMap<&str, char>> = LazyLock::new(|| {
    let lines = include_str!("composites.txt").lines();
    lines
        .filter_map(first_and_rest)
        .map(|(composite, pair)| (pair, composite))
        .collect()
});

/// Below this no character combines or is put in another's place.
const FIRST_COMBINING: char = '\u{300}';

const HANGUL_SYLLABLES: u32 = 0xac00;
const HANGUL_LEADS: u32 = 0x1100;
const HANGUL_VOWELS: u32 = 0x1161;
/// One before the first trailing consonant: no trail is the first choice.
const HANGUL_TRAILS: u32 = 0x11a7;

/// Writes the text in ASCII, as Python's `normalize("NFKD", text).encode("ascii", "ignore")`.
pub(super) fn to_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else if let Some(left) = ASCII.get(&character) {
            ascii.extend(
                left.chars()
                    .map(|part| if part == '␠' { ' ' } else { part }),
            );
        }
    }
    ascii
}

/// Whether the character combines with the one before it: its class is not zero.
pub(super) fn is_combining(character: char) -> bool {
    combining_class(character) != 0
}

/// The text in normal form C.
pub(super) fn compose(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| character < FIRST_COMBINING) {
        return Cow::Borrowed(text);
    }
    let mut decomposed = Vec::with_capacity(text.len());
    for character in text.chars() {
        push_decomposed(character, &mut decomposed);
    }
    sort_marks(&mut decomposed);
    Cow::Owned(composed(decomposed).into_iter().collect())
}

fn combining_class(character: char) -> u8 {
    if character < FIRST_COMBINING {
        return 0;
    }
    CLASSES.get(&character).copied().unwrap_or(0)
}

/// Hangul syllables need not be taken apart: they would come together again.
fn push_decomposed(character: char, decomposed: &mut Vec<char>) {
    match DECOMPOSITIONS.get(&character) {
        Some(parts) => parts
            .chars()
            .for_each(|part| push_decomposed(part, decomposed)),
        None => decomposed.push(character),
    }
}

/// Puts the marks behind each base in the order of their classes.
fn sort_marks(characters: &mut [char]) {
    for marks in characters.chunk_by_mut(|one, other| is_combining(*one) && is_combining(*other)) {
        marks.sort_by_key(|mark| combining_class(*mark));
    }
}

/// Composes each base with the marks behind it that nothing blocks.
fn composed(decomposed: Vec<char>) -> Vec<char> {
    let mut characters: Vec<char> = Vec::with_capacity(decomposed.len());
    let mut base: Option<usize> = None;
    for character in decomposed {
        let class = combining_class(character);
        let before = characters.len().checked_sub(1);
        let blocked = base != before
            && characters
                .last()
                .is_some_and(|last| combining_class(*last) >= class);
        if !blocked
            && let Some(first) = base.and_then(|base| characters.get_mut(base))
            && let Some(composite) = composite(*first, character)
        {
            *first = composite;
            continue;
        }
        if class == 0 {
            base = Some(characters.len());
        }
        characters.push(character);
    }
    characters
}

fn composite(first: char, second: char) -> Option<char> {
    hangul_syllable(u32::from(first), u32::from(second)).or_else(|| {
        let pair: String = [first, second].iter().collect();
        COMPOSITES.get(pair.as_str()).copied()
    })
}

fn hangul_syllable(first: u32, second: u32) -> Option<char> {
    let lead = first.wrapping_sub(HANGUL_LEADS);
    let vowel = second.wrapping_sub(HANGUL_VOWELS);
    if lead < 19 && vowel < 21 {
        return char::from_u32(HANGUL_SYLLABLES + (lead * 21 + vowel) * 28);
    }
    let syllable = first.wrapping_sub(HANGUL_SYLLABLES);
    let trail = second.wrapping_sub(HANGUL_TRAILS);
    let takes_trail = syllable < 19 * 21 * 28 && syllable.is_multiple_of(28);
    if takes_trail && (1..28).contains(&trail) {
        char::from_u32(first + trail)
    } else {
        None
    }
}

/// The members of each line `name⇥members`, with the name.
fn members_to_name(table: &'static str) -> impl Iterator<Item = (char, &'static str)> {
    table
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(name, members)| members.chars().map(move |member| (member, name)))
}

fn first_and_rest(line: &str) -> Option<(char, &str)> {
    let mut characters = line.chars();
    Some((characters.next()?, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_composed_in_canonical_order() {
        for (text, normal) in [
            ("plain é", "plain é"),
            ("e\u{301}", "é"),
            ("a\u{323}\u{302}", "ậ"),
            ("a\u{302}\u{323}", "ậ"),
            ("\u{212b}", "Å"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{d558}\u{11ab}", "한"),
            ("\u{958}", "\u{915}\u{93c}"),
            ("\u{301}e", "\u{301}e"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        ] {
            assert_eq!(compose(text), normal, "{text:?}");
        }
    }

    #[test]
    fn ascii_is_what_compatibility_leaves() {
        for (text, ascii) in [
            ("Ünïcödé", "Unicode"),
            ("ﬁ½", "fi12"),
            ("ß日", ""),
            ("ａ", "a"),
            ("…", "..."),
        ] {
            assert_eq!(to_ascii(text), ascii, "{text}");
        }
    }
}
