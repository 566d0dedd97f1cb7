//! `render` and `explain`: what events come to, without publishing anything.

use std::pin::Pin;

use action_triggers_host::Runtime;
use futures_util::{Stream, stream};
use tokio::task::spawn_blocking;

use super::{
    args::Input,
    error::CliError,
    events::Piece,
    lines::{Lines, Names},
    outcome::Outcome,
    start::{Purpose, Started, start},
};

/// The lines of one piece of events, as they come.
type Written<'a> = Pin<Box<dyn Stream<Item = Result<Lines, CliError>> + 'a>>;

pub(crate) async fn render(input: &Input) -> Result<Outcome, CliError> {
    show(input, ("record", "rendered"), rendered).await
}

pub(crate) async fn explain(input: &Input) -> Result<Outcome, CliError> {
    show(input, ("trigger", "fired"), explained).await
}

/// Prints the lines of each piece of events.
async fn show(
    input: &Input,
    counts: (&'static str, &'static str),
    lines: for<'a> fn(&'a Runtime, Piece, Names) -> Written<'a>,
) -> Result<Outcome, CliError> {
    let Started {
        runtime,
        console,
        pieces,
        ..
    } = start(input, Purpose::Show, counts).await?;
    let work = |piece| lines(&runtime, piece, console.names.clone());
    console.print_until_told(pieces, work).await?;
    Ok(console.progress.finish())
}

/// Records may be large, so only a part of them is held at once.
fn rendered(runtime: &Runtime, piece: Piece, names: Names) -> Written<'_> {
    let parts = runtime.render_in_parts(piece);
    Box::pin(stream::unfold(parts, move |mut parts| {
        let names = names.clone();
        async move {
            let part = parts.next().await?;
            let lines = write(move || Lines::of_renderings(&part, &names)).await;
            Some((lines, parts))
        }
    }))
}

fn explained(runtime: &Runtime, piece: Piece, names: Names) -> Written<'_> {
    Box::pin(stream::once(async move {
        let explained = runtime.explain(piece).await;
        write(move || Lines::of_explanations(&explained, &names)).await
    }))
}

/// Writing lines is much of the work, so several pieces share all processors.
async fn write(lines: impl FnOnce() -> Lines + Send + 'static) -> Result<Lines, CliError> {
    spawn_blocking(lines).await.map_err(|_| CliError::Stopped)
}
