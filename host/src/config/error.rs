//! A configuration that is refused.

use crate::problem::Problem;

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
