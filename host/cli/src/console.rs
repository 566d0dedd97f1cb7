//! What the commands that read events print, in the order of the events.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use action_triggers_host::{EventError, Problem};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::task::spawn_blocking;

use super::{
    error::CliError,
    events::Piece,
    interrupt,
    lines::{Lines, Names},
    output::Output,
    progress::Progress,
    report,
};

const STOPPING: &str = "stopping: what was read is still shown; ask again to end at once";
/// Most lines without an event that are shown to a person.
const MOST_EXCERPTS: usize = 10;

/// Standard output and what a person sees beside it.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) names: Names,
    pub(crate) progress: Progress,
    output: Arc<Output>,
    /// What a person calls the events.
    source: String,
    excerpts: AtomicUsize,
}

impl Console {
    pub(crate) fn new(names: Names, progress: Progress, source: String) -> Self {
        Self {
            names,
            progress,
            output: Arc::new(Output::new()),
            source,
            excerpts: AtomicUsize::new(0),
        }
    }

    /// Prints lines; false once nobody reads any more. Who reads may be slow, so
    /// this waits on a thread that nobody waits for in the end.
    pub(crate) async fn print(&self, lines: Lines) -> Result<bool, CliError> {
        self.progress
            .add(lines.events, lines.records, lines.failures);
        self.progress.add_outbox(lines.outbox);
        let output = self.output.clone();
        let written = spawn_blocking(move || output.write(&lines.text));
        written.await.map_err(|_| CliError::Stopped)?
    }

    /// Prints all as [`Console::print_all`] does, until the process is asked a
    /// second time to stop: then it ends whatever is under way.
    pub(crate) async fn print_until_told<W>(
        &self,
        pieces: impl Stream<Item = Result<Piece, CliError>>,
        work: impl Fn(Piece) -> W,
    ) -> Result<(), CliError>
    where
        W: Stream<Item = Result<Lines, CliError>> + Unpin,
    {
        tokio::select! {
            printed = self.print_all(pieces, work) => printed,
            () = interrupt::twice(|| self.progress.above(|| report::note(STOPPING))) => Ok(()),
        }
    }

    /// Works on several pieces at once and prints what comes of each, in order and
    /// as it comes, until their end or until nobody reads any more.
    pub(crate) async fn print_all<W>(
        &self,
        pieces: impl Stream<Item = Result<Piece, CliError>>,
        work: impl Fn(Piece) -> W,
    ) -> Result<(), CliError>
    where
        W: Stream<Item = Result<Lines, CliError>> + Unpin,
    {
        let begun = pieces.map(|piece| {
            let begun = piece.map(|piece| (piece.clone(), work(piece)));
            async move {
                let (piece, mut lines) = begun?;
                let first = lines.try_next().await?;
                Ok::<_, CliError>((piece, first, lines))
            }
        });
        let mut begun = Box::pin(begun.buffered(at_once()));
        while let Some((piece, mut next, mut rest)) = begun.try_next().await? {
            if !piece.refused.is_empty() && !self.print(Lines::of_refused(&piece.refused)).await? {
                return Ok(());
            }
            while let Some(lines) = next {
                self.point_out(&piece, &lines);
                if !self.print(lines).await? {
                    return Ok(());
                }
                next = rest.try_next().await?;
            }
        }
        Ok(())
    }

    /// Shows where lines are no events, as far as a person wants to read.
    fn point_out(&self, piece: &Piece, lines: &Lines) {
        for (number, error) in &lines.unread {
            match self.excerpts.fetch_add(1, Ordering::Relaxed) {
                before if before < MOST_EXCERPTS => self.excerpt(piece, *number, error),
                MOST_EXCERPTS => {
                    let more = "more lines are no events: standard output names them all";
                    self.progress.above(|| report::note(more));
                }
                _ => return,
            }
        }
    }

    fn excerpt(&self, piece: &Piece, number: u64, error: &EventError) {
        let line = piece.line(number).unwrap_or_default();
        let problem = Problem::of_event(error, &self.source, number, line);
        self.progress.above(|| report::problems(&[problem]));
    }
}

/// Pieces under way at once: every worker has one, and one more waits.
fn at_once() -> usize {
    2 * thread::available_parallelism().map_or(1, Into::into)
}
