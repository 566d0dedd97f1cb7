//! How what is wrong with a queue is said.

use crate::outcome::{Diagnostic, LoadedQueue};

/// Where the queue names its broker.
pub(super) fn name_of(queue: &LoadedQueue) -> String {
    format!("{}.name", queue.path)
}

pub(super) fn error(code: &str, path: &str, message: String, help: String) -> Diagnostic {
    let mut error = Diagnostic::error(code, path, message);
    error.help = Some(help);
    error
}
