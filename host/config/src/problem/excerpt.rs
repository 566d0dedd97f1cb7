//! The lines of a text that a problem is about, ready to be shown.

use std::{fmt, ops::Range};

use super::{Lines, is_steering, steps};

/// Most characters of a line that are shown.
const WIDTH: usize = 100;
/// Of these, how many stand before the mark where a line is cut.
const BEFORE: usize = 40;

/// The marked line of a text and its neighbours. A long line is cut round the
/// mark, and characters that would steer a terminal are replaced.
#[derive(Clone, Debug)]
pub struct Excerpt {
    name: String,
    shown: String,
    /// The number of the first line that is shown, from 0.
    first_line: usize,
    /// Line and column of the mark in the whole text, both from 0; the column
    /// in characters.
    line: usize,
    column: usize,
    /// The mark, in bytes of what is shown.
    mark: Range<usize>,
    /// Where the mark begins, in bytes of the whole text.
    offset: usize,
}

impl Excerpt {
    /// What surrounds these bytes of a text; the mark ends with its line.
    pub fn new(name: &str, text: &str, span: Range<usize>) -> Self {
        Lines::of(text).excerpt(name, text, span)
    }

    /// The same, given the line before the mark's, its own and the one behind,
    /// as far as they are there; the mark's position in the whole text, in lines
    /// and characters and in bytes; and the mark in bytes of its line.
    pub(super) fn of_lines(
        name: &str,
        [before, own, behind]: [Option<&str>; 3],
        (line, column): (usize, usize),
        offset: usize,
        mark: Range<usize>,
    ) -> Self {
        let mut excerpt = Self {
            name: name.to_owned(),
            shown: String::new(),
            first_line: line.saturating_sub(1),
            line,
            column,
            mark: 0..0,
            offset,
        };
        if let Some(before) = before {
            excerpt.show_line(before, None);
        }
        match own {
            Some(own) => {
                if before.is_some() {
                    excerpt.shown.push('\n');
                }
                let from = mark.start.min(own.len());
                let to = own.floor_char_boundary(mark.end.min(own.len()));
                excerpt.show_line(own, Some(&(from..to.max(from))));
            }
            // Behind the last line break.
            None => excerpt.mark = excerpt.shown.len()..excerpt.shown.len(),
        }
        if let Some(behind) = behind {
            excerpt.shown.push('\n');
            excerpt.show_line(behind, None);
        }
        excerpt
    }

    /// Says that the text is one line of a larger one: its number, from 1.
    pub fn on_line(mut self, number: u64) -> Self {
        let shift = usize::try_from(number.saturating_sub(1)).unwrap_or_default();
        self.first_line += shift;
        self.line += shift;
        self
    }

    /// Where the mark begins, in bytes of the whole text.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// What a person calls the text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lines that are shown, without a line break at their end.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The mark, in bytes of what is shown.
    pub fn mark(&self) -> Range<usize> {
        self.mark.clone()
    }

    /// The number of the first line that is shown, from 0.
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// Line and column of the mark in the whole text, both from 0; the column in
    /// characters.
    pub fn position(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    /// Appends a line, cut where it is long, and notes where its mark went.
    fn show_line(&mut self, line: &str, mark: Option<&Range<usize>>) {
        steps::count(WIDTH + BEFORE);
        let is_long = line.chars().nth(WIDTH).is_some();
        let marked = mark.cloned().unwrap_or_default();
        let before = line.get(..marked.start).unwrap_or_default();
        let first = match before.char_indices().nth_back(BEFORE - 1) {
            Some((first, _)) if is_long && first > 0 => {
                self.shown.push('…');
                first
            }
            _ => 0,
        };
        let part = line.get(first..).unwrap_or_default();
        let (mut start, mut end) = (None, None);
        let mut after = part;
        for (place, character) in part.char_indices().take(WIDTH) {
            if first + place == marked.start {
                start = Some(self.shown.len());
            }
            if first + place == marked.end {
                end = Some(self.shown.len());
            }
            self.shown.push(if is_steering(character) {
                '\u{fffd}'
            } else {
                character
            });
            after = part.get(place + character.len_utf8()..).unwrap_or_default();
        }
        let last = self.shown.len();
        if mark.is_some() && start.is_none() {
            // Something to stand under for a mark behind the line.
            self.shown.push(' ');
        }
        if !after.is_empty() {
            self.shown.push('…');
        }
        if mark.is_some() {
            self.mark = start.unwrap_or(last)..end.unwrap_or(last);
        }
    }
}

/// Name and place of the mark, its line, and the mark below that.
impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}:{}",
            self.name,
            self.line + 1,
            self.column + 1
        )?;
        let (before, rest) = self
            .shown
            .split_at_checked(self.mark.start)
            .unwrap_or((&self.shown, ""));
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let before = before.get(start..).unwrap_or_default();
        let end = rest.find('\n').unwrap_or(rest.len());
        let rest = rest.get(..end).unwrap_or_default();
        let marked = rest.get(..self.mark.len()).unwrap_or(rest);
        // Tabs stay, so that the mark stands where its text does.
        let gap: String = before
            .chars()
            .map(|one| if one == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(marked.chars().count().max(1));
        write!(
            formatter,
            "\n   | {}\n   | {gap}{carets}",
            format!("{before}{rest}").trim_end()
        )
    }
}

impl Lines {
    /// What surrounds these bytes of the text, or of one of the same length and
    /// with the same lines.
    pub(crate) fn excerpt(&self, name: &str, text: &str, span: Range<usize>) -> Excerpt {
        let offset = text.floor_char_boundary(span.start);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let start = self.start(line).unwrap_or_default();
        let column = self.characters_before(text, offset) - self.characters_before(text, start);
        let length = span.len();
        let mark = offset - start..(offset - start).saturating_add(length);
        let around = [line.checked_sub(1), Some(line), line.checked_add(1)];
        let around = around.map(|line| self.line(text, line?));
        Excerpt::of_lines(name, around, (line, column), offset, mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, line and column as the headline has them, and what is marked.
    fn read(text: &str, span: Range<usize>) -> (usize, usize, String, String) {
        let excerpt = Excerpt::new("f", text, span);
        let marked = excerpt.shown.get(excerpt.mark.clone()).unwrap().to_owned();
        (excerpt.line + 1, excerpt.column + 1, excerpt.shown, marked)
    }

    #[test]
    fn the_marked_line_is_shown_with_its_neighbours() {
        let text = "one\ntwo\nthrée x\nfour\nfive\n";
        let at = text.find('x').unwrap();
        let expected = (3, 7, "two\nthrée x\nfour".to_owned(), "x".to_owned());
        assert_eq!(read(text, at..at + 1), expected);
    }

    #[test]
    fn a_mark_ends_with_its_line_and_may_stand_behind_the_text() {
        let (_, _, _, marked) = read("a bc\nd", 2..6);
        assert_eq!(marked, "bc");
        for text in ["", "a", "a\n", "a\n\n", "é\r\n"] {
            let (.., shown, marked) = read(text, text.len()..text.len());
            assert_eq!(marked, "", "{text:?} is shown as {shown:?}");
        }
        assert_eq!(read("a\n", 2..2).0, 2);
        // Out of the text, and within a character.
        assert_eq!(read("aé", 100..200).1, 3);
        assert_eq!(read("aé", 2..3).1, 2);
    }

    #[test]
    fn a_long_line_is_cut_round_the_mark() {
        let text = format!("{}€{}", "ä".repeat(5000), "b".repeat(5000));
        let at = text.find('€').unwrap();
        let (line, column, shown, marked) = read(&text, at..at + 3);
        assert_eq!((line, column, marked.as_str()), (1, 5001, "€"));
        assert_eq!(shown.chars().count(), WIDTH + 2);
        assert!(shown.starts_with("…ä") && shown.ends_with("b…"), "{shown}");
        // A mark longer than what is shown ends with it.
        let (.., marked) = read(&text, at..text.len());
        assert_eq!(marked.chars().count(), WIDTH - BEFORE);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let (.., shown, marked) = read("\u{1b}[2Jx\t\u{7}y", 5..6);
        assert_eq!(
            (shown.as_str(), marked.as_str()),
            ("\u{fffd}[2Jx\t\u{fffd}y", "\t")
        );
    }
}
