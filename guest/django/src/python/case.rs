//! Upper, lower and title case as Python's `str` has them.

/// `str.title`: cased letters behind a cased letter in lower case, others in title case.
pub fn title(text: &str) -> String {
    let mut titled = String::new();
    let mut in_word = false;
    for (character, lowered) in with_lowered(text) {
        if in_word {
            titled.push_str(&lowered);
        } else {
            push_titlecase(character, &mut titled);
        }
        in_word = is_cased(character);
    }
    titled
}

/// `str.capitalize`: the first letter in title case, the others in lower case.
pub fn capitalize(text: &str) -> String {
    let mut capitalized = String::new();
    for (place, (character, lowered)) in with_lowered(text).enumerate() {
        if place == 0 {
            push_titlecase(character, &mut capitalized);
        } else {
            capitalized.push_str(&lowered);
        }
    }
    capitalized
}

/// `str.swapcase`
pub fn swap_case(text: &str) -> String {
    let mut swapped = String::new();
    for (character, lowered) in with_lowered(text) {
        if character.is_uppercase() {
            swapped.push_str(&lowered);
        } else if character.is_lowercase() {
            swapped.extend(character.to_uppercase());
        } else {
            swapped.push(character);
        }
    }
    swapped
}

/// `str.casefold`: the lower case of the upper case.
pub fn casefold(text: &str) -> String {
    let mut folded = String::new();
    for letter in text.chars() {
        match letter {
            // Without a dot it folds to no other letter.
            'ı' => folded.push(letter),
            'ẞ' => folded.push_str("ss"),
            // Cherokee folds to its capitals, which are older.
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => {
                folded.extend(letter.to_uppercase());
            }
            _ => folded.extend(letter.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    folded
}

/// `str.istitle`: whether every cased letter begins a word in upper or title case, or goes on in
/// lower case.
pub fn is_title(text: &str) -> bool {
    let (mut in_word, mut has_word) = (false, false);
    for character in text.chars() {
        let begins = character.is_uppercase() || is_titlecase(character);
        if (begins && in_word) || (character.is_lowercase() && !in_word) {
            return false;
        }
        in_word = is_cased(character);
        has_word |= in_word;
    }
    has_word
}

/// `str.islower`: whether it has letters in lower case, and none in another.
pub fn is_lower(text: &str) -> bool {
    let is_other = |letter: char| letter.is_uppercase() || is_titlecase(letter);
    text.contains(char::is_lowercase) && !text.contains(is_other)
}

/// `str.isupper`: whether it has letters in upper case, and none in another.
pub fn is_upper(text: &str) -> bool {
    let is_other = |letter: char| letter.is_lowercase() || is_titlecase(letter);
    text.contains(char::is_uppercase) && !text.contains(is_other)
}

/// The characters with their lower case. What a sigma becomes depends on its neighbours: `ς` at a
/// word's end.
fn with_lowered(text: &str) -> impl Iterator<Item = (char, String)> {
    let lowered = text.to_lowercase();
    let sigmas: Vec<char> = lowered
        .chars()
        .filter(|character| matches!(character, 'σ' | 'ς'))
        .collect();
    let mut sigmas = sigmas.into_iter();
    text.chars().map(move |character| {
        let sigma = if matches!(character, 'Σ' | 'σ' | 'ς') {
            sigmas.next()
        } else {
            None
        };
        let lowered = match sigma {
            Some(sigma) => sigma.into(),
            None => character.to_lowercase().collect(),
        };
        (character, lowered)
    })
}

fn is_cased(character: char) -> bool {
    character.is_lowercase() || character.is_uppercase() || is_titlecase(character)
}

/// A letter that is in title case.
fn is_titlecase(character: char) -> bool {
    matches!(
        character,
        '\u{1c5}' | '\u{1c8}' | '\u{1cb}' | '\u{1f2}'
            | '\u{1f88}'..='\u{1f8f}' | '\u{1f98}'..='\u{1f9f}' | '\u{1fa8}'..='\u{1faf}'
            | '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}'
    )
}

/// Title case is upper case, but of digraphs and ligatures only the first letter is upper.
fn push_titlecase(character: char, out: &mut String) {
    match character {
        '\u{1c4}'..='\u{1c6}' => out.push('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => out.push('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => out.push('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => out.push('\u{1f2}'),
        '\u{149}' => out.push_str("ʼN"),
        // Of Greek vowels with an iota below, the iota stays below.
        '\u{1f80}'..='\u{1faf}' => out.extend(char::from_u32(u32::from(character) | 8)),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => {
            out.extend(char::from_u32(u32::from(character) + 9));
        }
        '\u{1fb2}' | '\u{1fb4}' | '\u{1fb7}' | '\u{1fc2}' | '\u{1fc4}' | '\u{1fc7}'
        | '\u{1ff2}' | '\u{1ff4}' | '\u{1ff7}' => {
            let below = |upper| if upper == 'Ι' { '\u{345}' } else { upper };
            out.extend(character.to_uppercase().map(below));
        }
        // Georgian has capitals, but no words that begin with one.
        '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}' | '\u{10d0}'..='\u{10ff}' => out.push(character),
        _ => {
            let mut upper = character.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}
