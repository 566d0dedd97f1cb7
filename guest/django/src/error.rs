//! What can be wrong with a template: at load, and while it renders.

use action_triggers_vocabulary::codes::TEMPLATE_FAILED;
use minijinja::ErrorKind;

/// A place in a template's source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it starts, in bytes.
    pub offset: usize,
    /// How long it is, in bytes.
    pub length: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its first character's place in the line, from 1.
    pub column: usize,
}

impl Span {
    /// The place of these bytes in a source.
    pub fn of(source: &str, offset: usize, length: usize) -> Self {
        Lines::new(source).span(offset, length)
    }
}

/// Finds the lines and columns of many places, each in a few steps.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    source: &'a str,
    marks: Vec<Mark>,
}

/// A place with its line and column, both from 1.
#[derive(Clone, Copy, Debug)]
struct Mark {
    offset: usize,
    line: usize,
    column: usize,
}

impl Mark {
    fn behind(self, character: char) -> Self {
        let is_end = character == '\n';
        Self {
            offset: self.offset + character.len_utf8(),
            line: self.line + usize::from(is_end),
            column: if is_end { 1 } else { self.column + 1 },
        }
    }
}

/// How many bytes lie between two marks at least.
const MARK_EVERY: usize = 64;

impl<'a> Lines<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let mut mark = Mark {
            offset: 0,
            line: 1,
            column: 1,
        };
        let mut marks = vec![mark];
        let mut next = MARK_EVERY;
        for character in source.chars() {
            mark = mark.behind(character);
            if mark.offset >= next {
                marks.push(mark);
                next = mark.offset + MARK_EVERY;
            }
        }
        Self { source, marks }
    }

    pub(super) fn span(&self, offset: usize, length: usize) -> Span {
        let behind = self.marks.partition_point(|mark| mark.offset <= offset);
        let mut mark = self
            .marks
            .get(behind.saturating_sub(1))
            .copied()
            .unwrap_or(Mark {
                offset: 0,
                line: 1,
                column: 1,
            });
        let rest = self.source.get(mark.offset..).unwrap_or_default();
        for character in rest.chars() {
            if mark.offset >= offset {
                break;
            }
            mark = mark.behind(character);
        }
        Span {
            offset,
            length,
            line: mark.line,
            column: mark.column,
        }
    }
}

/// A fault of a template, found at load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {}, column {}", span.line, span.column)]
pub struct TemplateError {
    /// What kind of fault it is; stable: `template_syntax`, `template_unknown_filter`,
    /// `template_filter_argument`, `template_private_name`, `template_unknown_tag`,
    /// `template_web_tag`, `template_unsupported_tag`, `template_unknown_library`, `template_tag_arguments`, `template_unclosed_tag`,
    /// `template_too_deep`, `template_too_complex` or `template_left_out`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is.
    pub span: Span,
}

/// Why a template that loads could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A filter or tag raised an error, where Django does too.
    #[error("{0}")]
    Failed(String),
    /// It took more steps than a template may.
    #[error(
        "the template took more than {0} steps; make its loops shorter, or raise `trigger_fuel` in `limits`"
    )]
    OutOfFuel(u64),
    /// It made more text than a template may.
    #[error(
        "the template made more than {0} bytes; make it shorter, or raise `output_bytes` in `limits`"
    )]
    OutputTooLarge(usize),
}

impl RenderError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => TEMPLATE_FAILED,
            Self::OutOfFuel(_) => "template_out_of_fuel",
            Self::OutputTooLarge(_) => "template_output_too_large",
        }
    }

    /// What a failure of minijinja's machine means here.
    pub(super) fn from_machine(error: &minijinja::Error, limits: super::Limits) -> Self {
        match error.kind() {
            ErrorKind::OutOfFuel => Self::OutOfFuel(limits.fuel),
            ErrorKind::WriteFailure => Self::OutputTooLarge(limits.output_bytes),
            _ => Self::Failed(
                error
                    .detail()
                    .map_or_else(|| error.to_string(), str::to_owned),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_in_a_few_steps_however_long_the_source_is() {
        for source in ["{{ x }}".repeat(10_000), "é\n".repeat(10_000)] {
            let lines = Lines::new(&source);
            let gaps = lines
                .marks
                .windows(2)
                .map(|pair| pair[1].offset - pair[0].offset);
            // The last step may be a character of several bytes.
            assert!(gaps.max() <= Some(MARK_EVERY + 3));
        }
    }

    #[test]
    fn places_have_their_line_and_column() {
        let source = "é\n".repeat(100) + &"ab".repeat(100);
        for (offset, line, column) in [
            (0, 1, 1),
            (2, 1, 2),
            (3, 2, 1),
            (297, 100, 1),
            (300, 101, 1),
            (499, 101, 200),
        ] {
            let span = Span::of(&source, offset, 1);
            assert_eq!((span.line, span.column), (line, column), "{offset}");
        }
    }
}
