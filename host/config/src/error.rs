//! A configuration that is refused.

use crate::problem::Problem;

/// A configuration that is refused: every problem, warnings too.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the configuration has {}", count(.0))]
pub struct ConfigError(pub(super) Vec<Problem>);

impl ConfigError {
    /// A configuration that is refused for these.
    pub fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// Every problem, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

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
