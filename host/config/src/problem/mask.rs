//! What is shown of a text: secrets are covered, byte for byte, so that places
//! stay where they are.

use std::ops::Range;

/// Words in a member's name that make its value a secret.
pub(crate) const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "bearer",
    "credential",
    "api_key",
    "apikey",
    "private_key",
    "authorization",
    "cookie",
];

/// Whether what a member or header of this name says is a secret.
pub(crate) fn names_secret(name: &str) -> bool {
    // Headers are written with hyphens.
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// For a text that could not be read: covers what follows the name of a secret,
/// or one of these words, in its line.
pub(crate) fn lines(text: &str, more_words: &[&str]) -> String {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase().replace('-', "_");
        let words = SECRET_WORDS.iter().chain(more_words);
        if let Some(at) = words.filter_map(|word| lower.find(word)).min() {
            spans.push(start + at..start + line.trim_end().len());
        }
        start += line.len();
    }
    cover(text, &spans)
}

/// Covers these bytes, line breaks aside. They must begin and end between
/// characters.
pub(crate) fn cover(text: &str, spans: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.get_mut(span.clone()).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
