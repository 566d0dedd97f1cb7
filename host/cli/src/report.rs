//! Errors and problems for a person, on standard error.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use action_triggers_host::{OutboxFile, Problem};
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{error::CliError, print::Printed, shown::shown};

/// Prints an error; its exit code says that the configuration or the call is wrong.
pub(crate) fn error(error: &CliError) -> ExitCode {
    problems(error.problems());
    // Nobody is left to be told when this fails.
    let text = format!("error[{}]: {error}", error.code());
    writeln!(std::io::stderr(), "{}", shown(&text)).ok();
    ExitCode::from(2)
}

/// A number of things, for a sentence.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Prints a remark.
pub(crate) fn note(text: &str) {
    remark(&format!("note: {text}"));
}

/// Says what an outbox in memory does not do, where this is one.
pub(crate) fn outbox(file: Option<&OutboxFile>) {
    if file.is_none() {
        note(
            "the outbox is in memory: what is not delivered when the process ends is lost; with \
             {\"outbox\": {\"path\": \"outbox.db\"}} it is kept",
        );
    }
}

/// Prints a line for a person.
pub(crate) fn remark(text: &str) {
    // Nobody is left to be told when this fails.
    writeln!(std::io::stderr(), "{}", shown(text)).ok();
}

/// Prints problems, each with a mark in the file it is about.
pub(crate) fn problems(problems: &[Problem]) {
    let handler = if std::io::stderr().is_terminal() {
        GraphicalReportHandler::new()
    } else {
        // On a pipe a message stays on its line, for whoever searches there.
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_wrap_lines(false)
    };
    for problem in problems {
        let mut text = String::new();
        if handler
            .render_report(&mut text, &Printed::new(problem))
            .is_err()
        {
            text = shown(&format!("{}: {problem}", problem.code())).into_owned();
        }
        writeln!(std::io::stderr(), "{text}").ok();
    }
}
