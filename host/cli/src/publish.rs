//! `run`: publishes, and says what became of each record.

use std::{sync::Arc, time::Duration};

use action_triggers_host::delivery::Report;
use tokio::sync::mpsc;

use super::{
    Outcome, Started, args::Input, console::Console, error::CliError, events::Piece, interrupt,
    lines::Lines, report, start,
};

const STOPPING: &str = "stopping: what was accepted is still delivered; ask again to give it up";
/// Most reports that are written in one go.
const REPORTS_AT_ONCE: usize = 1024;

pub(crate) async fn run(input: &Input) -> Result<Outcome, CliError> {
    let Started {
        runtime,
        console,
        pieces,
    } = start(input, "delivered").await?;
    let console = Arc::new(console);
    let reports = runtime.reports();
    let printer = reports.map(|reports| tokio::spawn(print_reports(reports, Arc::clone(&console))));
    let publish = async |piece: Piece| {
        let outcomes = runtime.process_lines(piece.lines, piece.first_line);
        Ok(Lines::of_outcomes(&outcomes.await?, &console.names))
    };
    let all = async {
        let published = console.print_all(pieces, publish).await;
        // What was accepted is delivered even when reading failed.
        runtime.flush().await;
        published
    };
    let published = tokio::select! {
        published = all => published,
        () = interrupt::twice(|| console.progress.above(|| report::note(STOPPING))) => Ok(()),
    };
    runtime.shutdown(Duration::ZERO).await;
    if let Some(printer) = printer
        && let Ok(printed) = printer.await
    {
        printed?;
    }
    let outcome = console.progress.finish();
    published.map(|()| outcome)
}

async fn print_reports(
    mut reports: mpsc::Receiver<Report>,
    console: Arc<Console>,
) -> Result<(), CliError> {
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, REPORTS_AT_ONCE).await > 0 {
        console
            .print(Lines::of_reports(&batch, &console.names))
            .await?;
        batch.clear();
    }
    Ok(())
}
