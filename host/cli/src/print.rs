//! Problems as miette prints them: with a mark in the text they are about.

use std::fmt;

use action_triggers_host::{Excerpt, Problem, Severity};
use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use super::shown::shown;

/// A problem on its way to a terminal.
#[derive(Debug)]
pub(crate) struct Printed<'a> {
    problem: &'a Problem,
    source: Option<Source<'a>>,
}

#[derive(Debug)]
struct Source<'a>(&'a Excerpt);

impl<'a> Printed<'a> {
    pub(crate) fn new(problem: &'a Problem) -> Self {
        Self {
            problem,
            source: problem.excerpt().map(Source),
        }
    }
}

impl std::error::Error for Printed<'_> {}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(&self.problem.to_string()))
    }
}

impl Diagnostic for Printed<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(shown(self.problem.code())))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.problem.help()?;
        Some(Box::new(shown(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let mark = self.problem.excerpt()?.mark();
        let path = Some(self.problem.path()).filter(|path| !path.is_empty());
        let label = LabeledSpan::new(
            path.map(|path| shown(path).into_owned()),
            mark.start,
            mark.len(),
        );
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let excerpt = self.0;
        // Without its neighbours the mark itself is asked for, by the headline.
        let (line, column) = match lines_before {
            0 => excerpt.position(),
            _ => (excerpt.first_line(), 0),
        };
        let lines = excerpt.shown();
        Ok(Box::new(MietteSpanContents::new_named(
            shown(excerpt.name()).into_owned(),
            lines.as_bytes(),
            (0, lines.len()).into(),
            line,
            column,
            lines.lines().count(),
        )))
    }
}
