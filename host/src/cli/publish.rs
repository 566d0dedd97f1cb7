//! `run`: publishes, and says what became of each record.

use std::{sync::Arc, time::Duration};

use action_triggers_host::{delivery::Report, runtime::Runtime};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;

use super::{
    Outcome, Started,
    args::Input,
    error::CliError,
    events,
    lines::{Lines, Names},
    output::Output,
    progress::Progress,
    render::at_once,
    start,
};

/// Most reports that are written in one go.
const REPORTS_AT_ONCE: usize = 1024;

/// What those who print share.
#[derive(Debug)]
struct Console {
    names: Names,
    output: Output,
    progress: Progress,
}

impl Console {
    /// False once nobody reads any more.
    fn print(&self, lines: &Lines) -> Result<bool, CliError> {
        self.progress
            .add(lines.events, lines.records, lines.failures);
        self.output.write(&lines.text)
    }
}

pub(crate) async fn run(input: Input) -> Result<Outcome, CliError> {
    let pieces = events::read(&input.events)?;
    let Started {
        runtime,
        names,
        is_terminal,
    } = start(&input).await?;
    let console = Arc::new(Console {
        names,
        output: Output::new(),
        progress: Progress::new("delivered", is_terminal),
    });
    let reports = runtime.reports();
    let printer = reports.map(|reports| tokio::spawn(print_reports(reports, Arc::clone(&console))));
    let read = publish(&runtime, pieces, &console).await;
    // What was accepted is delivered even when reading failed.
    flush(runtime).await;
    if let Some(printer) = printer
        && let Ok(printed) = printer.await
    {
        printed?;
    }
    console.progress.finish();
    read?;
    Ok(if console.progress.any_failed() {
        Outcome::SomeFailed
    } else {
        Outcome::Well
    })
}

async fn publish(
    runtime: &Runtime,
    pieces: impl futures_util::Stream<Item = Result<events::Piece, CliError>>,
    console: &Console,
) -> Result<(), CliError> {
    let decided = pieces.map(|piece| async move {
        let piece = piece?;
        Ok::<_, CliError>(runtime.process_lines(piece.lines, piece.first_line).await?)
    });
    let mut decided = Box::pin(decided.buffered(at_once()));
    while let Some(outcomes) = decided.try_next().await? {
        if !console.print(&Lines::of_outcomes(&outcomes, &console.names))? {
            break;
        }
    }
    Ok(())
}

async fn print_reports(
    mut reports: mpsc::Receiver<Report>,
    console: Arc<Console>,
) -> Result<(), CliError> {
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, REPORTS_AT_ONCE).await > 0 {
        console.print(&Lines::of_reports(&batch, &console.names))?;
        batch.clear();
    }
    Ok(())
}

/// Waits for everything accepted; who interrupts again does not want to wait.
async fn flush(runtime: Runtime) {
    tokio::select! {
        () = runtime.flush() => {}
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    runtime.shutdown(Duration::ZERO).await;
}
