//! `striptags`: what Python 3.11's `html.parser` takes for tags, and Django takes out.

use std::collections::BTreeSet;

use minijinja::Value;

use super::{
    super::python, Argument, Call, Filter, FilterError, html_tags::end_of_start_tag, safe,
};

pub(super) const FILTERS: &[Filter] = &[safe("striptags", Argument::None, strip_tags)];

/// How often Django takes tags out of what is left, and how many it suffers without an end.
const MOST_ROUNDS: usize = 50;

/// Django: repeated until no more tags come to light.
fn strip_tags(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let mut text = python::to_str(value);
    let suspicious = || FilterError::failed("the text has too many nested or unfinished tags");
    if has_long_open_tag(&text) {
        return Err(suspicious());
    }
    let mut rounds = 0;
    while text.contains('<') && text.contains('>') {
        if rounds >= MOST_ROUNDS {
            return Err(suspicious());
        }
        let stripped = Stripper::strip(&text)?;
        let is_same = stripped.matches('<').count() == text.matches('<').count();
        if is_same {
            break;
        }
        text = stripped;
        rounds += 1;
    }
    Ok(Value::from(text))
}

/// A tag without an end for a thousand characters in which others begin.
fn has_long_open_tag(text: &str) -> bool {
    text.split('>').any(|part| {
        let starts = part.match_indices('<').map(|(index, _)| index);
        let open = starts.into_iter().find(|index| {
            part.get(index + 1..)
                .is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
        });
        open.and_then(|index| part.get(index..)).is_some_and(|tag| {
            tag.chars().nth(1001).is_some() && tag.matches('<').count() >= MOST_ROUNDS
        })
    })
}

/// One pass: Python feeds the text, and then closes, which settles what was unfinished.
struct Stripper<'a> {
    rest: &'a str,
    /// `script` or `style`, whose content is no markup.
    raw_element: Option<String>,
    data: String,
    /// What is known to end nowhere behind here, and is not looked for again.
    endless: BTreeSet<&'static str>,
}

/// What stands at the start of the text.
enum Found {
    /// Markup of this length, which is left out.
    Markup(usize),
    /// Data of this length.
    Data(usize),
    /// Something without an end.
    Unfinished,
}

impl<'a> Stripper<'a> {
    fn strip(text: &'a str) -> Result<String, FilterError> {
        let mut stripper = Self {
            rest: text,
            raw_element: None,
            data: String::new(),
            endless: BTreeSet::new(),
        };
        stripper.go_ahead(false)?;
        stripper.go_ahead(true)?;
        Ok(stripper.data)
    }

    fn go_ahead(&mut self, at_end: bool) -> Result<(), FilterError> {
        while !self.rest.is_empty() {
            let Some(start) = self.next_markup() else {
                if self.raw_element.is_some() {
                    break;
                }
                self.take_data(self.rest.len());
                break;
            };
            self.take_data(start);
            let goes_on = if self.rest.starts_with('<') {
                self.take_markup(at_end)?
            } else {
                self.take_reference(at_end)
            };
            if !goes_on {
                break;
            }
        }
        if at_end && self.raw_element.is_none() {
            self.take_data(self.rest.len());
        }
        Ok(())
    }

    /// Where the next markup is; of a raw element, its end tag.
    fn next_markup(&self) -> Option<usize> {
        let Some(element) = &self.raw_element else {
            return self.rest.find(['<', '&']);
        };
        self.rest
            .match_indices("</")
            .map(|(index, _)| index)
            .find(|index| {
                let tag = self.rest.get(index + 2..).unwrap_or_default();
                let tag = tag.trim_start_matches(python::is_space);
                tag.split_at_checked(element.len())
                    .is_some_and(|(name, behind)| {
                        name.eq_ignore_ascii_case(element)
                            && behind.trim_start_matches(python::is_space).starts_with('>')
                    })
            })
    }

    fn take_data(&mut self, length: usize) {
        let (data, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.data.push_str(data);
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Takes what begins with `<`; whether the pass goes on.
    fn take_markup(&mut self, at_end: bool) -> Result<bool, FilterError> {
        match self.find_markup()? {
            Found::Markup(length) => self.skip(length),
            Found::Data(length) => self.take_data(length),
            Found::Unfinished if !at_end || self.rest == "<" => return Ok(false),
            Found::Unfinished => {
                let end = match self.until(">", 1) {
                    Found::Markup(length) => Some(length),
                    _ => self
                        .rest
                        .get(1..)
                        .and_then(|behind| behind.find('<'))
                        .map(|index| index + 1),
                };
                self.take_data(end.unwrap_or(1));
            }
        }
        Ok(true)
    }

    fn find_markup(&mut self) -> Result<Found, FilterError> {
        let rest = self.rest;
        let is_doctype = rest
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
        Ok(match rest.as_bytes() {
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => self.find_start_tag(),
            [b'<', b'/', ..] => self.find_end_tag(),
            [b'<', b'!', b'-', b'-', ..] => self.until("-->", 4),
            [b'<', b'?', ..] => self.until(">", 2),
            [b'<', b'!', b'[', ..] => match marked_section_end(rest)? {
                Section::Unfinished => Found::Unfinished,
                Section::Until(end) => self.until(end, 3),
            },
            [b'<', b'!', ..] => self.until(">", if is_doctype { 9 } else { 2 }),
            [b'<', _, ..] => Found::Data(1),
            _ => Found::Unfinished,
        })
    }

    /// Markup up to a mark that begins at this place or behind it.
    fn until(&mut self, mark: &'static str, from: usize) -> Found {
        if self.endless.contains(mark) {
            return Found::Unfinished;
        }
        let body = self.rest.get(from..).unwrap_or_default();
        let before = mark.strip_suffix('>').unwrap_or_default();
        let close = body
            .match_indices('>')
            .map(|(index, _)| index)
            .find(|index| has_mark(body.get(..*index).unwrap_or_default(), before));
        if let Some(close) = close {
            return Found::Markup(from + close + 1);
        }
        self.endless.insert(mark);
        Found::Unfinished
    }

    fn find_start_tag(&mut self) -> Found {
        let Some(tag) = end_of_start_tag(self.rest) else {
            return Found::Unfinished;
        };
        if !tag.is_well_formed {
            return Found::Data(tag.length);
        }
        let is_raw = ["script", "style"].contains(&tag.name.as_str());
        if is_raw && !tag.is_empty_element {
            self.raw_element = Some(tag.name);
        }
        Found::Markup(tag.length)
    }

    fn find_end_tag(&mut self) -> Found {
        let found = self.until(">", 0);
        if let Found::Markup(_) = found {
            // In a raw element only its own end tag is found.
            self.raw_element = None;
        }
        found
    }

    /// Takes what begins with `&`. All of it is data, but a reference without `;` gains one.
    fn take_reference(&mut self, at_end: bool) -> bool {
        let behind = self.rest.get(1..).unwrap_or_default();
        if let Some(length) = reference_length(behind) {
            let reference = behind.get(..length).unwrap_or_default();
            self.data.extend(["&", reference, ";"]);
            let has_semicolon = behind
                .get(length..)
                .is_some_and(|more| more.starts_with(';'));
            self.skip(1 + length + usize::from(has_semicolon));
            return true;
        }
        if behind.starts_with('#') {
            if behind.contains(';') {
                self.take_data(2);
            }
            return false;
        }
        if behind.starts_with(|character: char| character.is_ascii_alphabetic()) {
            // Python loses the ampersand of a single letter at the very end.
            if at_end && behind.len() == 1 {
                self.skip(1);
            }
            return false;
        }
        if behind.is_empty() {
            return false;
        }
        self.take_data(1);
        true
    }
}

/// The length of `name`, `#12` or `#x1f`, when another character ends it.
fn reference_length(text: &str) -> Option<usize> {
    let (prefix, is_part): (usize, fn(char) -> bool) = match text.as_bytes() {
        [b'#', b'x' | b'X', ..] => (2, |character| character.is_ascii_hexdigit()),
        [b'#', ..] => (1, |character| character.is_ascii_digit()),
        [letter, ..] if letter.is_ascii_alphabetic() => (0, |character| {
            character.is_ascii_alphanumeric() || "-.".contains(character)
        }),
        _ => return None,
    };
    let digits = text.get(prefix..)?;
    let length = digits.find(|character| !is_part(character))?;
    let next = digits.get(length..)?.chars().next()?;
    let is_number = prefix > 0;
    (length > 0 && !(is_number && next.is_ascii_hexdigit())).then_some(prefix + length)
}

/// What ends a marked section.
enum Section {
    /// The section's name has no end.
    Unfinished,
    /// `]>` or `]]>`, with spaces between perhaps.
    Until(&'static str),
}

/// Where a mark ends that has its last character at the end of a text; spaces may be between the
/// brackets of a section's.
fn has_mark(before: &str, mark: &str) -> bool {
    let mut before = before;
    for part in mark.chars().rev() {
        if part == ']' {
            before = before.trim_end_matches(python::is_space);
        }
        match before.strip_suffix(part) {
            Some(shorter) => before = shorter,
            None => return false,
        }
    }
    true
}

/// `<![CDATA[…]]>`, or Microsoft's `<![if …]>`.
fn marked_section_end(rest: &str) -> Result<Section, FilterError> {
    let body = rest.get(3..).unwrap_or_default();
    if body.is_empty() {
        return Ok(Section::Unfinished);
    }
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let after_name = body.trim_start_matches(is_name);
    let name = body.get(..body.len() - after_name.len()).unwrap_or(body);
    let name = name.to_ascii_lowercase();
    if !name.starts_with(|character: char| character.is_ascii_alphabetic()) {
        return Err(FilterError::failed(
            "a marked section of the text has no name",
        ));
    }
    if after_name.trim_start_matches(python::is_space).is_empty() {
        return Ok(Section::Unfinished);
    }
    match name.as_str() {
        "temp" | "cdata" | "ignore" | "include" | "rcdata" => Ok(Section::Until("]]>")),
        "if" | "else" | "endif" => Ok(Section::Until("]>")),
        _ => Err(FilterError::failed(format!(
            "the text has a marked section of the unknown kind `{name}`"
        ))),
    }
}
