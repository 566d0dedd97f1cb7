//! What is wrong with a configuration, where, and what to do about it.

use std::{fmt, ops::Range, sync::Arc};

use miette::{Diagnostic, LabeledSpan, MietteError, SourceCode, SourceSpan, SpanContents};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is taken, but this is hardly what was meant.
    Warning,
}

/// A file as problems show it, without its secrets.
pub(super) struct Source {
    name: String,
    shown: String,
}

impl Source {
    pub(super) fn new(name: &str, shown: String) -> Self {
        Self {
            name: name.to_owned(),
            shown,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Source").field(&self.name).finish()
    }
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.shown.read_span(span, lines_before, lines_after)?;
        let contents = miette::MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        );
        Ok(Box::new(contents))
    }
}

/// One thing that is wrong. Never shows a secret.
///
/// It is a [`miette::Diagnostic`]: rendered by miette it points into the file.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    severity: Severity,
    code: String,
    path: String,
    message: String,
    help: Option<String>,
    place: Option<(Arc<Source>, Range<usize>)>,
    is_note: bool,
}

impl Problem {
    pub(super) fn new(
        severity: Severity,
        code: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code: code.into(),
            path: path.into(),
            message: message.into(),
            help: None,
            place: None,
            is_note: false,
        }
    }

    pub(super) fn error(
        code: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, code, path, message)
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }

    pub(super) fn at(mut self, source: Arc<Source>, span: Range<usize>) -> Self {
        self.place = Some((source, span));
        self
    }

    /// Marks what does not keep the file from being used, however upstream
    /// judges it.
    pub(super) fn into_note(mut self) -> Self {
        self.is_note = true;
        self
    }

    pub(super) fn is_note(&self) -> bool {
        self.is_note
    }

    /// Where in its file it begins.
    pub(super) fn offset(&self) -> usize {
        self.place.as_ref().map_or(0, |(_, span)| span.start)
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Stable, such as `unknown_key`; upstream's checks keep their own, such as
    /// `action_triggers.E002`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Where in the file, such as `$.clusters["kafka:9092"].api`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether the configuration is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place
            .as_ref()
            .map(|(source, _)| &**source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.place.as_ref()?;
        let label = LabeledSpan::new(Some(self.path.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// A configuration that is refused: every problem, warnings too.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the configuration has {}", count(.0))]
pub struct ConfigError(pub Vec<Problem>);

impl ConfigError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        "invalid_config"
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

fn count(problems: &[Problem]) -> String {
    match problems.iter().filter(|problem| problem.is_error()).count() {
        1 => "1 error".to_owned(),
        errors => format!("{errors} errors"),
    }
}
