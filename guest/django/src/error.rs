//! What can be wrong with a template: at load, and while it renders.

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
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.get(line_start..).unwrap_or_default();
        Self {
            offset,
            length,
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

/// A fault of a template, found at load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {}, column {}", span.line, span.column)]
pub struct TemplateError {
    /// What kind of fault it is; stable: `template_syntax`, `template_unknown_filter`,
    /// `template_filter_argument`, `template_private_name`, `template_unknown_tag`,
    /// `template_web_tag`, `template_tag_arguments`, `template_unclosed_tag`,
    /// `template_too_deep` or `template_too_complex`.
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
        "the template took more than {0} steps; make its loops shorter or raise the fuel limit"
    )]
    OutOfFuel(u64),
    /// It made more text than a template may.
    #[error("the template made more than {0} bytes; shorten it or raise the output limit")]
    OutputTooLarge(usize),
}

impl RenderError {
    /// The error's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "template_failed",
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
