//! Standard output, shared by whoever has lines to print.

use std::{
    io::{self, Stdout, Write as _},
    sync::{Mutex, PoisonError},
};

use super::error::CliError;

/// Writes whole batches of lines. A reader that went away is no error: the rest
/// is thrown away.
#[derive(Debug)]
pub(crate) struct Output(Mutex<State>);

#[derive(Debug)]
struct State {
    stdout: Stdout,
    is_closed: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            stdout: io::stdout(),
            is_closed: false,
        }))
    }

    /// Writes lines in one go; false once nobody reads any more.
    pub(crate) fn write(&self, lines: &[u8]) -> Result<bool, CliError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed || lines.is_empty() {
            return Ok(!state.is_closed);
        }
        let mut stdout = state.stdout.lock();
        let written = stdout.write_all(lines).and_then(|()| stdout.flush());
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                state.is_closed = true;
                Ok(false)
            }
            Err(error) => Err(CliError::Output(error)),
        }
    }
}
