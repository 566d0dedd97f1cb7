//! Python's `str.title`.

/// `str.title`: cased letters behind a cased letter in lower case, others in title case.
pub fn title(text: &str) -> String {
    // What each sigma becomes depends on its neighbours: `ς` at a word's end.
    let lowered = text.to_lowercase();
    let mut sigmas = lowered
        .chars()
        .filter(|character| matches!(character, 'σ' | 'ς'));
    let mut titled = String::new();
    let mut in_word = false;
    for character in text.chars() {
        let sigma = if matches!(character, 'Σ' | 'σ' | 'ς') {
            sigmas.next()
        } else {
            None
        };
        if in_word && sigma.is_some() {
            titled.extend(sigma);
        } else if in_word {
            titled.extend(character.to_lowercase());
        } else {
            push_titlecase(character, &mut titled);
        }
        in_word = is_cased(character);
    }
    titled
}

fn is_cased(character: char) -> bool {
    character.is_lowercase()
        || character.is_uppercase()
        || matches!(character, '\u{1c5}' | '\u{1c8}' | '\u{1cb}' | '\u{1f2}')
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
        // Georgian has capitals, but no words that begin with one.
        '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}' | '\u{10d0}'..='\u{10ff}' => out.push(character),
        _ => {
            let mut upper = character.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}
