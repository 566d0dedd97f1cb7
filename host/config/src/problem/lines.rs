//! Where the lines of a text are, so that showing many of its places takes no
//! more time than there are places.

use super::steps;

/// How many bytes lie between two counts of characters.
const GRAIN: usize = 1024;

/// The beginnings of a text's lines, and how many characters lie before places
/// of it.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(super) starts: Vec<usize>,
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

    /// A line without its end; none behind the last one.
    pub(super) fn line<'a>(&self, text: &'a str, line: usize) -> Option<&'a str> {
        let start = self.start(line)?;
        let end = self.start(line + 1).unwrap_or(text.len());
        let line = text.get(start..end).filter(|line| !line.is_empty())?;
        Some(line.trim_end_matches(['\r', '\n']))
    }

    pub(super) fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    pub(super) fn characters_before(&self, text: &str, offset: usize) -> usize {
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
