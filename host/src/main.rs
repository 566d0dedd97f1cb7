//! The `action-triggers` binary.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
