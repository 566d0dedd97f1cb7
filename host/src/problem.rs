//! What is wrong with a text that somebody wrote (a configuration, a set of
//! triggers, an event), where, and what to do about it.

mod excerpt;
pub(crate) mod mask;

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

pub use self::excerpt::Excerpt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The text is refused.
    Error,
    /// It is taken, but this is hardly what was meant.
    Warning,
}

/// One thing that is wrong. Never shows a secret.
///
/// It is a [`miette::Diagnostic`]: rendered by miette it points into the text.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    severity: Severity,
    code: String,
    path: String,
    message: String,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    is_note: bool,
}

impl Problem {
    /// Something at a path of a text, such as `$.clusters`; the code is stable.
    pub fn new(
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
            excerpt: None,
            is_note: false,
        }
    }

    /// The same for what is refused.
    pub fn error(
        code: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, code, path, message)
    }

    /// Says what to do about it.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }

    /// Says where it is.
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(excerpt);
        self
    }

    /// Marks what does not keep the file from being used, however upstream
    /// judges it.
    pub(crate) fn into_note(mut self) -> Self {
        self.is_note = true;
        self
    }

    pub(crate) fn is_note(&self) -> bool {
        self.is_note
    }

    /// Where in its text it begins.
    pub(crate) fn offset(&self) -> usize {
        self.excerpt.as_ref().map_or(0, Excerpt::offset)
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

    /// Where in the text, such as `$.clusters["kafka:9092"].api`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether the text is refused for it.
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
        self.excerpt
            .as_ref()
            .map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let mark = self.excerpt.as_ref()?.mark();
        let path = Some(self.path.clone()).filter(|path| !path.is_empty());
        let label = LabeledSpan::new(path, mark.offset(), mark.len());
        Some(Box::new(std::iter::once(label)))
    }
}
