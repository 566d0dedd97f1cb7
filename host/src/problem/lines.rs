//! Where the lines of a text are, so that showing many of its places takes no
//! more time than there are places.

use std::ops::Range;

use super::{Excerpt, steps};

/// How many bytes lie between two counts of characters.
const GRAIN: usize = 1024;

/// The beginnings of a text's lines, and how many characters lie before places
/// of it.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
    /// Characters that begin before each multiple of [`GRAIN`].
    characters: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let mut starts = vec![0];
        starts.extend(breaks.map(|(place, _)| place + 1));
        let mut characters = vec![0];
        let mut count = 0;
        for part in bytes.chunks(GRAIN) {
            count += begun(part);
            characters.push(count);
        }
        Self { starts, characters }
    }

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

    /// A line without its end; none behind the last one.
    fn line<'a>(&self, text: &'a str, line: usize) -> Option<&'a str> {
        let start = self.start(line)?;
        let end = self.start(line + 1).unwrap_or(text.len());
        let line = text.get(start..end).filter(|line| !line.is_empty())?;
        Some(line.trim_end_matches(['\r', '\n']))
    }

    fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let counted = offset / GRAIN;
        steps::count(offset % GRAIN);
        let before = self.characters.get(counted).copied().unwrap_or_default();
        let rest = text.as_bytes().get(counted * GRAIN..offset);
        before + begun(rest.unwrap_or_default())
    }
}

/// How many characters begin in these bytes of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    let continues = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    bytes.iter().filter(|byte| !continues(byte)).count()
}
