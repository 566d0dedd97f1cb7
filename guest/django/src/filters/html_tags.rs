//! Start tags as Python's `html.parser` reads them.

use super::super::python;

/// A start tag, or what was taken for one.
pub(super) struct StartTag {
    /// Its name in lower case.
    pub(super) name: String,
    /// How long it is, `<` and `>` included.
    pub(super) length: usize,
    /// Whether it has an end; else it is data.
    pub(super) is_well_formed: bool,
    /// Whether it ends in `/>`.
    pub(super) is_empty_element: bool,
}

/// Reads the tag that begins here with `<` and a letter; none where it has no end.
pub(super) fn end_of_start_tag(text: &str) -> Option<StartTag> {
    let inner = text.strip_prefix('<')?;
    let is_name = |character: char| !"\t\n\r\u{c} />\0".contains(character);
    let mut rest = inner.trim_start_matches(is_name);
    let name = inner.get(..inner.len() - rest.len()).unwrap_or(inner);
    let name = name.to_lowercase();
    loop {
        rest = skip_separators(rest);
        let before = text.get(..text.len() - rest.len());
        let is_separated = before.is_some_and(|before| {
            before.ends_with(|c: char| "'\"/".contains(c) || python::is_space(c))
        });
        match skip_attribute(rest).filter(|_| is_separated) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    let read = text.len() - rest.len();
    let end = ["/>", ">"].into_iter().find(|end| rest.starts_with(end));
    let goes_on = |character: char| character.is_ascii_alphabetic() || "=/".contains(character);
    if end.is_none() && (rest.is_empty() || rest.starts_with(goes_on)) {
        return None;
    }
    Some(StartTag {
        name,
        length: read + end.map_or(0, str::len),
        is_well_formed: end.is_some(),
        is_empty_element: end == Some("/>"),
    })
}

/// Spaces, and slashes but that of `/>`.
fn skip_separators(text: &str) -> &str {
    let mut rest = text;
    loop {
        let behind = rest.trim_start_matches(python::is_space);
        let slashed = behind
            .strip_prefix('/')
            .filter(|behind| !behind.starts_with('>'));
        match slashed {
            Some(behind) => rest = behind,
            None => return behind,
        }
    }
}

/// What is behind a name and perhaps a value; none if no name is here.
fn skip_attribute(text: &str) -> Option<&str> {
    let ends_name = |character: char| "/>".contains(character) || python::is_space(character);
    let mut characters = text.chars();
    characters.next().filter(|first| !ends_name(*first))?;
    let rest = characters
        .as_str()
        .trim_start_matches(|c| c != '=' && !ends_name(c));
    Some(skip_value(rest).unwrap_or(rest))
}

/// What is behind `= value`; none where no value is, or its quote is left open right
/// behind the only `=`.
fn skip_value(text: &str) -> Option<&str> {
    let from = text.trim_start_matches(python::is_space);
    let behind = from.trim_start_matches('=');
    let signs = from.len() - behind.len();
    if signs == 0 {
        return None;
    }
    let value = behind.trim_start_matches(python::is_space);
    let Some(quote) = value.chars().next().filter(|first| "'\"".contains(*first)) else {
        return Some(skip_bare_value(value));
    };
    if let Some((_, rest)) = value.get(1..)?.split_once(quote) {
        return Some(rest);
    }
    // An open quote belongs to the next name, or to a value that begins with `=`.
    match (behind.len() > value.len(), signs) {
        (true, _) => Some(value),
        (false, 1) => None,
        (false, _) => Some(skip_bare_value(value)),
    }
}

fn skip_bare_value(text: &str) -> &str {
    text.trim_start_matches(|character| character != '>' && !python::is_space(character))
}
