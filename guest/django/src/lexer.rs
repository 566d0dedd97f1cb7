//! Django's tokens: text, `{{ variables }}` and `{% tags %}`.
//!
//! A tag never spans lines, what is not closed is text, and between
//! `{% verbatim %}` and its end everything is.

use super::python;

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    /// The text, or what stands between the braces, trimmed.
    pub(super) content: Part<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Text,
    Variable,
    Tag,
}

/// Text of a template that knows where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl<'a> Part<'a> {
    /// A part of this one; empty where it has no such bytes.
    pub(super) fn slice(self, start: usize, end: usize) -> Self {
        Self {
            text: self.text.get(start..end).unwrap_or_default(),
            offset: self.offset + start,
        }
    }

    /// This part without the white space around it.
    fn trimmed(self) -> Self {
        let text = self.text.trim_start_matches(python::is_space);
        Self {
            offset: self.offset + (self.text.len() - text.len()),
            text: text.trim_end_matches(python::is_space),
        }
    }

    /// Django's `split_contents`: splits at white space outside of quotes,
    /// and keeps `_("a b")` in one piece.
    pub(super) fn split(self) -> Vec<Part<'a>> {
        let mut pieces: Vec<Part<'a>> = Vec::new();
        let mut translation: Option<(usize, &str)> = None;
        let mut at = 0;
        while let Some(piece) = self.next_piece(at) {
            let start = piece.offset - self.offset;
            at = start + piece.text.len();
            if let Some((opened, end)) = translation {
                if piece.text.ends_with(end) {
                    pieces.push(self.slice(opened, at));
                    translation = None;
                }
                continue;
            }
            let end = match piece.text.get(..3) {
                Some("_(\"") => "\")",
                Some("_('") => "')",
                _ => "",
            };
            if !end.is_empty() && !piece.text.ends_with(end) {
                translation = Some((start, end));
            } else {
                pieces.push(piece);
            }
        }
        if let Some((opened, _)) = translation {
            pieces.push(self.slice(opened, self.text.len()));
        }
        pieces
    }

    fn next_piece(self, at: usize) -> Option<Part<'a>> {
        let rest = self.text.get(at..)?;
        let start = at + rest.find(|character| !python::is_space(character))?;
        let mut end = start;
        let mut closed_quotes = 0;
        while let Some(character) = self.text.get(end..).and_then(|rest| rest.chars().next()) {
            if python::is_space(character) {
                break;
            }
            if matches!(character, '"' | '\'') {
                match quoted_length(self.text.get(end..).unwrap_or_default()) {
                    Some(length) => {
                        closed_quotes += 1;
                        end += length;
                        continue;
                    }
                    // An open quote ends a piece that has closed ones, and is
                    // a letter like any other in one that has none.
                    None if closed_quotes > 0 => break,
                    None => {
                        let rest = self.text.get(end..).unwrap_or_default();
                        end += rest.find(python::is_space).unwrap_or(rest.len());
                        break;
                    }
                }
            }
            end += character.len_utf8();
        }
        Some(self.slice(start, end))
    }
}

/// The length of the quoted string a text starts with, quotes included;
/// `None` if it does not start with one that is closed.
pub(super) fn quoted_length(text: &str) -> Option<usize> {
    let quote = text
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let mut escaped = false;
    for (place, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return Some(place + 1);
        }
    }
    None
}

/// Takes a template apart.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let whole = Part {
        text: source,
        offset: 0,
    };
    let mut tokens = Vec::new();
    let mut verbatim: Option<String> = None;
    let mut text_start = 0;
    let mut at = 0;
    let mut braces = Braces {
        source,
        endless_to: [0; 3],
    };
    while let Some((start, end)) = braces.next(at) {
        at = end;
        let opening = source.get(start..start + 2).unwrap_or_default();
        let content = whole.slice(start + 2, end - 2).trimmed();
        if let Some(closing) = &verbatim {
            if opening != "{%" || content.text != closing {
                continue;
            }
            verbatim = None;
        } else if opening == "{%"
            && (content.text == "verbatim" || content.text.starts_with("verbatim "))
        {
            verbatim = Some(format!("end{}", content.text));
        }
        push_text(&mut tokens, whole.slice(text_start, start));
        text_start = end;
        match opening {
            "{{" => tokens.push(Token {
                kind: TokenKind::Variable,
                content,
            }),
            "{%" => tokens.push(Token {
                kind: TokenKind::Tag,
                content,
            }),
            _ => {}
        }
    }
    push_text(&mut tokens, whole.slice(text_start, source.len()));
    tokens
}

fn push_text<'a>(tokens: &mut Vec<Token<'a>>, content: Part<'a>) {
    if !content.text.is_empty() {
        tokens.push(Token {
            kind: TokenKind::Text,
            content,
        });
    }
}

/// Finds `{{…}}`, `{%…%}` and `{#…#}` that stand on one line.
struct Braces<'a> {
    source: &'a str,
    /// Up to where each kind is known to have no end, so that a line of
    /// opening braces is looked through once.
    endless_to: [usize; 3],
}

impl Braces<'_> {
    /// The next ones, as start and end.
    fn next(&mut self, mut at: usize) -> Option<(usize, usize)> {
        loop {
            let start = at + self.source.get(at..)?.find('{')?;
            at = start + 1;
            let (closing, endless_to) = match (self.source.as_bytes().get(at), &mut self.endless_to)
            {
                (Some(b'{'), [endless_to, ..]) => ("}}", endless_to),
                (Some(b'%'), [_, endless_to, _]) => ("%}", endless_to),
                (Some(b'#'), [.., endless_to]) => ("#}", endless_to),
                _ => continue,
            };
            if start < *endless_to {
                continue;
            }
            let inside = self.source.get(start + 2..)?;
            match end_on_line(inside, closing) {
                Ok(length) => return Some((start, start + 2 + length + 2)),
                Err(line) => *endless_to = start + 2 + line,
            }
        }
    }
}

/// How far it is to the closing braces on this line; else how long the line is.
fn end_on_line(text: &str, closing: &str) -> Result<usize, usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let is_stop = |character| character == '\n' || closing.starts_with(character);
        let stop = from + rest.find(is_stop).ok_or(text.len())?;
        match text.get(stop..) {
            Some(rest) if rest.starts_with(closing) => return Ok(stop),
            Some(rest) if rest.starts_with('\n') => return Err(stop),
            _ => from = stop + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(source: &str) -> Vec<(TokenKind, &str)> {
        tokens(source)
            .iter()
            .map(|token| (token.kind, token.content.text))
            .collect()
    }

    #[test]
    fn text_variables_and_tags_are_told_apart() {
        use TokenKind::{Tag, Text, Variable};
        assert_eq!(
            contents("a{{ b }}c{% d e %}{# f #}g"),
            [
                (Text, "a"),
                (Variable, "b"),
                (Text, "c"),
                (Tag, "d e"),
                (Text, "g")
            ]
        );
    }

    #[test]
    fn a_tag_does_not_span_lines() {
        assert_eq!(contents("{{ a\n}}"), [(TokenKind::Text, "{{ a\n}}")]);
    }

    #[test]
    fn verbatim_ends_at_its_own_name() {
        use TokenKind::{Tag, Text};
        assert_eq!(
            contents("{% verbatim x %}{{ a }}{% endverbatim %}{% endverbatim x %}"),
            [
                (Tag, "verbatim x"),
                (Text, "{{ a }}{% endverbatim %}"),
                (Tag, "endverbatim x")
            ]
        );
    }

    #[test]
    fn contents_are_split_outside_of_quotes() {
        let split = |text| {
            let part = Part { text, offset: 0 };
            part.split()
                .iter()
                .map(|piece| piece.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            split(r#"a "b c"|d:'e f' _("g h")"#),
            ["a", r#""b c"|d:'e f'"#, r#"_("g h")"#]
        );
        assert_eq!(split(r#"a "b c"#), ["a", "\"b", "c"]);
        assert_eq!(split(r#"a"b c"d'x y"#), [r#"a"b c"d"#, "'x", "y"]);
    }
}
