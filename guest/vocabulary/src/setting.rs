//! Settings as parts of texts, and why there is none.

use std::fmt;

/// The value of a setting, as far as a text can take it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// A string.
    Text(&'a str),
    /// A number, as its JSON text.
    Number(&'a str),
    /// True or false.
    Bool(bool),
    /// Anything else; its kind in words, such as `a list`.
    Other(&'static str),
}

/// How a setting reads inside a text: a string as it is, a number as its JSON
/// text, a boolean as Python writes it.
///
/// # Errors
///
/// [`SettingError::NotText`] for null, a list or an object.
pub fn as_text(value: Scalar<'_>) -> Result<&str, SettingError> {
    match value {
        Scalar::Text(text) | Scalar::Number(text) => Ok(text),
        Scalar::Bool(true) => Ok("True"),
        Scalar::Bool(false) => Ok("False"),
        Scalar::Other(kind) => Err(SettingError::NotText(kind)),
    }
}

/// Why a placeholder has no value. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingError {
    /// The path is not on the allow-list. Says nothing of its existence.
    NotAllowed,
    /// The path is allowed but has no value.
    NotFound,
    /// The value could not be read; the text says why.
    Failed(String),
    /// The value is null, a list or an object, and stands inside a text.
    NotText(&'static str),
}

impl SettingError {
    /// What is said of a value that is not JSON.
    pub fn not_json() -> Self {
        Self::Failed("the value is not JSON".into())
    }

    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "setting_not_allowed",
            Self::NotFound => "setting_not_found",
            Self::Failed(_) => "setting_failed",
            Self::NotText(_) => "setting_not_text",
        }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => formatter.write_str(
                "the path is not on the allow-list: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`",
            ),
            Self::NotFound => {
                formatter.write_str("the path is allowed but has no value: add it to `values`")
            }
            Self::Failed(reason) => formatter.write_str(reason),
            Self::NotText(kind) => {
                write!(formatter, "it stands in a text, but its value is {kind}")
            }
        }
    }
}

impl std::error::Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_python_writes_them() {
        assert_eq!(as_text(Scalar::Text("a")), Ok("a"));
        assert_eq!(as_text(Scalar::Number("1.50")), Ok("1.50"));
        assert_eq!(as_text(Scalar::Bool(true)), Ok("True"));
        assert_eq!(as_text(Scalar::Bool(false)), Ok("False"));
        assert_eq!(
            as_text(Scalar::Other("a list")),
            Err(SettingError::NotText("a list"))
        );
    }
}
