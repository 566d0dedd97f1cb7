//! What is wrong with a text that somebody wrote (a configuration, a set of
//! triggers, an event), where, and what to do about it.

mod excerpt;
mod lines;
pub(crate) mod mask;
mod steering;
pub(crate) mod steps;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use self::lines::Lines;
pub use self::{excerpt::Excerpt, steering::is_steering};
use crate::event::EventError;
pub(crate) use crate::outcome::Severity;

/// One thing that is wrong. Never shows a secret.
///
/// Printed with `{}` it is its message alone; with `{:#}` it is several lines,
/// which point into the text and say what to do.
#[derive(Clone, Debug)]
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

    /// What is wrong with one line of a file of events; its number counts from 1.
    pub fn of_event(error: &EventError, file: &str, number: u64, line: &[u8]) -> Self {
        let message = error.to_string();
        let text = String::from_utf8_lossy(line);
        let span = error.span().unwrap_or(0..0);
        let excerpt = Excerpt::new(file, &mask::lines(&text, &[]), span);
        Self::error(error.code(), "", message).at(excerpt.on_line(number))
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

    /// Whether the text can be used however bad this is, as with upstream's own checks.
    pub fn is_note(&self) -> bool {
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

    /// The lines of the text that it is about.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_ref()
    }

    /// Whether the text is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !formatter.alternate() {
            return formatter.write_str(&self.message);
        }
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(formatter, "{severity}[{}]: {}", self.code, self.message)?;
        if let Some(excerpt) = &self.excerpt {
            write!(formatter, "\n  --> {excerpt}")?;
        }
        if !self.path.is_empty() {
            write!(formatter, "\n  in: {}", self.path)?;
        }
        match &self.help {
            Some(help) => write!(formatter, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}
