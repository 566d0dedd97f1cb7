//! `run`: publishes, and says what became of each record.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use action_triggers_host::{Reports, Retries};
use futures_util::stream;
use tokio::sync::oneshot;

use super::{
    args::Input,
    console::Console,
    error::CliError,
    events::Piece,
    interrupt,
    lines::{Lines, OutboxCounts},
    outcome::Outcome,
    report::{self, counted},
    start::{Purpose, Started, start},
};

/// Most reports that are written in one go.
const REPORTS_AT_ONCE: usize = 1024;

pub(crate) async fn run(input: &Input) -> Result<Outcome, CliError> {
    let Started {
        runtime,
        console,
        pieces,
        grace,
        outbox,
    } = start(input, Purpose::Publish, ("record", "delivered")).await?;
    let console = Arc::new(console);
    let (broke, broken) = oneshot::channel();
    let printer = print_reports(runtime.reports(), Arc::clone(&console), broke);
    let printer = tokio::spawn(printer);
    let teller = tokio::spawn(tell_retries(runtime.retries(), Arc::clone(&console)));
    let publish = async |piece: Piece| {
        let outcomes = runtime.process(piece).await;
        Ok(Lines::of_outcomes(&outcomes, &console.names))
    };
    let publish = |piece| Box::pin(stream::once(publish(piece)));
    let all = async {
        let published = console.print_all(pieces, publish).await;
        // What was accepted is delivered even when reading failed.
        runtime.flush().await;
        published
    };
    let stopping = || console.progress.above(|| report::note(&stopping(grace)));
    let (published, grace) = tokio::select! {
        published = all => (published, Duration::ZERO),
        Ok(error) = broken => {
            let note = "no more events are taken, since standard output cannot be written: \
                        what was accepted is still delivered and printed here";
            console.progress.above(|| report::note(note));
            (Err(CliError::Output(error)), grace)
        }
        () = interrupt::stopping(grace, stopping) => (Ok(()), Duration::ZERO),
    };
    let left = runtime.shutdown(grace).await;
    teller.abort();
    let unsaid = printer.await;
    console
        .progress
        .above(|| tell_outbox(&console, outbox.as_deref(), left.as_ref().ok().copied()));
    let outcome = console.progress.finish();
    published?;
    left?;
    match unsaid {
        Ok(Some(error)) => Err(CliError::Output(error)),
        _ => Ok(outcome),
    }
}

/// Says what the outbox has come to; `left` is none where it does not say itself.
fn tell_outbox(console: &Console, outbox: Option<&Path>, left: Option<u64>) {
    let OutboxCounts {
        accepted,
        duplicates,
        delivered,
        maybe_twice,
        dead,
        kept,
    } = console.progress.outbox();
    let some = |count: u64, text: String| if count == 0 { String::new() } else { text };
    let duplicates = some(duplicates, format!("{duplicates} sent twice, "));
    let maybe_twice = some(maybe_twice, format!(" ({maybe_twice} perhaps twice)"));
    let (outbox, kept) = match outbox {
        Some(path) => {
            let kept = some(kept, format!("{} kept, ", counted(kept, "failed event")));
            (format!("outbox `{}`", path.display()), kept)
        }
        None => ("outbox in memory".to_owned(), String::new()),
    };
    let left = match left {
        Some(left) => format!("{left} left waiting"),
        None => "how many are left waiting is not known".to_owned(),
    };
    report::remark(&format!(
        "{outbox}: {accepted} accepted, {duplicates}{delivered} delivered{maybe_twice}, {dead} \
         dead, {kept}{left}"
    ));
}

fn stopping(grace: Duration) -> String {
    format!(
        "stopping: what was accepted is delivered for {} s at most; ask again to give it up",
        grace.as_secs_f64()
    )
}

/// Prints reports. When standard output breaks, says so once and prints the rest
/// on standard error; gives what went wrong, unless it was said.
async fn print_reports(
    mut reports: Reports,
    console: Arc<Console>,
    broke: oneshot::Sender<io::Error>,
) -> Option<io::Error> {
    let mut broke = Some(broke);
    let mut unsaid = None;
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, REPORTS_AT_ONCE).await > 0 {
        let lines = Lines::of_reports(&batch, &console.names);
        batch.clear();
        let text = lines.text.clone();
        let error = match console.print(lines).await {
            Ok(true) => continue,
            Ok(false) => io::ErrorKind::BrokenPipe.into(),
            Err(CliError::Output(error)) => error,
            Err(error) => io::Error::other(error.to_string()),
        };
        if let Some(broke) = broke.take() {
            unsaid = broke.send(error).err();
        }
        // Nobody is left to be told when this fails.
        console
            .progress
            .above(|| drop(io::stderr().write_all(&text)));
    }
    unsaid
}

/// Says when records have to be sent again.
async fn tell_retries(mut retries: Retries, console: Arc<Console>) {
    while let Some(retry) = retries.recv().await {
        let note = format!(
            "records to `{}` of `{}` are sent again, next in {:.1} s: {}",
            retry.topic,
            retry.cluster,
            retry.next_attempt.as_secs_f64(),
            retry.reason.message
        );
        console.progress.above(|| report::note(&note));
    }
}
