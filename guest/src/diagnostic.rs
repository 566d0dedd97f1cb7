//! Faults of a trigger set: what is wrong, where, and what to do about it.

pub use crate::template::Span;

use crate::template::suggest;

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The set is refused.
    Error,
    /// The set is taken, but this is hardly what was meant.
    Warning,
}

/// A fault of a trigger set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable, such as `unknown_signal`.
    pub code: &'static str,
    /// Where in the set, such as `$[0].payload.customer`; with a `~` behind it,
    /// the name of that member.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Which part of the string at `path`, when that is a template.
    pub span: Option<Span>,
}

/// The path of a value in a JSON document, from `$`.
#[derive(Clone, Debug)]
pub(crate) struct Place(String);

impl Place {
    pub(crate) fn root() -> Self {
        Self("$".into())
    }

    /// The place of a member. Names that are no words are quoted as JSON.
    pub(crate) fn member(&self, name: &str) -> Self {
        let is_word = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut path = self.0.clone();
        if is_word {
            path.push('.');
            path.push_str(name);
        } else {
            path.push('[');
            crate::json::write::string(name, &mut path);
            path.push(']');
        }
        Self(path)
    }

    /// The place of the name of this member, instead of its value.
    pub(crate) fn name(&self) -> Self {
        Self(format!("{}~", self.0))
    }

    pub(crate) fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Collects the faults of one set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Diagnostic>,
}

impl Faults {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    pub(crate) fn error(&mut self, code: &'static str, place: &Place, message: String, help: &str) {
        self.add(Severity::Error, code, place, message, help);
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        place: &Place,
        message: String,
        help: &str,
    ) {
        self.add(Severity::Warning, code, place, message, help);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: &Place,
        message: String,
        help: &str,
    ) {
        self.found.push(Diagnostic {
            severity,
            code,
            path: place.as_str().into(),
            message,
            help: (!help.is_empty()).then(|| help.into()),
            span: None,
        });
    }

    /// A value of the wrong type.
    pub(crate) fn wrong_type(&mut self, place: &Place, expected: &str, found: &str) {
        self.error(
            "wrong_type",
            place,
            format!("{found} where {expected} is needed"),
            "",
        );
    }

    pub(crate) fn any_errors(&self) -> bool {
        self.found
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found
    }
}

/// Words a help text for a name that is none of the known ones.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> String {
    if let Some(meant) = suggest::closest(name, known.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("known are {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_named_and_a_far_one_gets_the_list() {
        assert_eq!(
            did_you_mean("post_svae", &["pre_save", "post_save"]),
            "did you mean `post_save`?"
        );
        assert_eq!(did_you_mean("xyz", &["a", "bc"]), "known are `a`, `bc`");
    }

    #[test]
    fn odd_names_are_quoted_in_a_path() {
        let place = Place::root().item(0).member("payload");
        assert_eq!(place.member("customer").as_str(), "$[0].payload.customer");
        assert_eq!(
            place.member("a \"b\"").as_str(),
            r#"$[0].payload["a \"b\""]"#
        );
    }
}
