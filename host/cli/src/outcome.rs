//! How a command ended.

use std::process::ExitCode;

/// All went well, or some event or record failed, each of which has its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Well,
    SomeFailed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Well => Self::SUCCESS,
            Outcome::SomeFailed => Self::from(1),
        }
    }
}
