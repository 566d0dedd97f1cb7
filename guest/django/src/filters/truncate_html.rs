//! `truncatechars_html` and `truncatewords_html`: tags do not count, and those open
//! at the end are closed.

use minijinja::Value;

use super::{
    super::python, Argument, Call, DEAR, Filter, FilterError, safe, truncate::shortened,
    unicode::compose,
};

pub(super) const FILTERS: &[Filter] = &[
    safe(
        "truncatechars_html",
        Argument::Required,
        truncate_characters,
    )
    .at(DEAR),
    safe("truncatewords_html", Argument::Required, truncate_words),
];

fn truncate_characters(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    shortened(value, argument, |text, length| {
        truncate_html(&compose(text), length, Unit::Characters)
    })
}

fn truncate_words(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    shortened(value, argument, |text, length| {
        if length <= 0 {
            return String::new();
        }
        truncate_html(text, length, Unit::Words)
    })
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Characters,
    Words,
}

/// Elements without content, as Django knows them.
const SINGLETS: [&str; 9] = [
    "br", "col", "link", "base", "img", "param", "area", "hr", "input",
];

/// Django's `Truncator._truncate_html`.
fn truncate_html(text: &str, length: i64, unit: Unit) -> String {
    let (ellipsis, kept) = match unit {
        Unit::Characters => ("…", length.saturating_sub(1)),
        Unit::Words => (" …", length),
    };
    // Where no `>` is left there is no use in looking for it again and again.
    let last_close = text.rfind('>').unwrap_or(0);
    let mut rest = text;
    let mut counted = 0;
    let mut end = 0;
    let mut open: Vec<String> = Vec::new();
    while counted <= length {
        let Some((piece, behind)) = next_piece(rest, unit, text.len() - rest.len() < last_close)
        else {
            break;
        };
        rest = behind;
        match piece {
            Piece::Text => {
                counted += 1;
                if counted == kept {
                    end = text.len() - rest.len();
                }
            }
            Piece::Markup(markup) if counted < kept => note_tag(markup, &mut open),
            Piece::Markup(_) => {}
        }
    }
    if counted <= length {
        return text.to_owned();
    }
    let mut truncated = text.get(..end).unwrap_or_default().to_owned();
    truncated.push_str(ellipsis);
    for tag in open.iter().rev() {
        truncated.extend(["</", tag, ">"]);
    }
    truncated
}

enum Piece<'a> {
    /// A character or word.
    Text,
    /// `<…>`.
    Markup(&'a str),
}

/// The next piece, and what is behind it. `closes` tells whether there is a `>`.
fn next_piece(rest: &str, unit: Unit, closes: bool) -> Option<(Piece<'_>, &str)> {
    match unit {
        Unit::Characters => next_character(rest, closes),
        Unit::Words => next_word(rest, closes),
    }
}

fn next_character(rest: &str, closes: bool) -> Option<(Piece<'_>, &str)> {
    let mut characters = rest.chars();
    if characters.next()? == '<'
        && closes
        && let Some(found) = markup(rest, 2)
    {
        return Some(found);
    }
    Some((Piece::Text, characters.as_str()))
}

fn next_word(rest: &str, closes: bool) -> Option<(Piece<'_>, &str)> {
    let is_word = |character: char| !matches!(character, '<' | '>') && !python::is_space(character);
    let start = rest.find(|character| character == '<' || is_word(character))?;
    let from = rest.get(start..)?;
    if from.starts_with('<') {
        if closes && let Some(found) = markup(from, 1) {
            return Some(found);
        }
        // Without any `>` behind, only words are left.
        let behind = rest.get(rest.chars().next()?.len_utf8()..)?;
        let word = behind.get(behind.find(is_word)?..)?;
        return Some((Piece::Text, word.trim_start_matches(is_word)));
    }
    Some((Piece::Text, from.trim_start_matches(is_word)))
}

/// What reaches from `<` to the next `>`, which is at least at this place.
fn markup(from: &str, least: usize) -> Option<(Piece<'_>, &str)> {
    let close = from.find('>').filter(|close| *close >= least)?;
    let (markup, behind) = from.split_at_checked(close + 1)?;
    Some((Piece::Markup(markup), behind))
}

/// Keeps the list of open elements. Only the last opened is closed, as Django does.
fn note_tag(markup: &str, open: &mut Vec<String>) {
    let inner = markup
        .strip_prefix('<')
        .and_then(|inner| inner.strip_suffix('>'))
        .unwrap_or("");
    let closing = inner.strip_prefix('/').and_then(tag_name);
    let Some((name, self_closing)) = closing.or_else(|| tag_name(inner)) else {
        return;
    };
    let name = name.to_lowercase();
    if self_closing || SINGLETS.contains(&name.as_str()) {
        return;
    }
    if closing.is_none() {
        open.push(name);
    } else if open.last() == Some(&name) {
        open.pop();
    }
}

/// The name at the start of a tag's inside, and whether `/` closes it. A name is the
/// shortest text without spaces that only space, `/` or attributes follow.
fn tag_name(inner: &str) -> Option<(&str, bool)> {
    let unspaced = inner.find(python::is_space).unwrap_or(inner.len());
    if unspaced == 0 {
        return None;
    }
    let rest = inner.get(unspaced..)?;
    if rest.is_empty() {
        let name = inner.strip_suffix('/').filter(|name| !name.is_empty());
        return Some(name.map_or((inner, false), |name| (name, true)));
    }
    let self_closing = rest.trim_start_matches(python::is_space) == "/";
    Some((inner.get(..unspaced)?, self_closing))
}
