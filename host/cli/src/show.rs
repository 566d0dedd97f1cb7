//! `render` and `explain`: what events come to, without publishing anything.

use action_triggers_host::Runtime;
use tokio::task::spawn_blocking;

use super::{
    args::Input,
    error::CliError,
    events::Piece,
    lines::{Lines, Names},
    outcome::Outcome,
    start::{Started, start},
};

pub(crate) async fn render(input: &Input) -> Result<Outcome, CliError> {
    let render = async |runtime: &Runtime, piece: Piece| runtime.render(piece).await;
    show(input, "rendered", render, Lines::of_renderings).await
}

pub(crate) async fn explain(input: &Input) -> Result<Outcome, CliError> {
    let explain = async |runtime: &Runtime, piece: Piece| runtime.explain(piece).await;
    show(input, "due", explain, Lines::of_explanations).await
}

/// Asks for each piece of events and prints the lines made of the answers.
async fn show<T: Send + 'static>(
    input: &Input,
    verb: &'static str,
    ask: impl AsyncFn(&Runtime, Piece) -> Vec<T>,
    lines: fn(&[T], &Names) -> Lines,
) -> Result<Outcome, CliError> {
    let Started {
        runtime,
        console,
        pieces,
        ..
    } = start(input, verb).await?;
    let work = async |piece: Piece| {
        let answers = ask(&runtime, piece).await;
        let names = console.names.clone();
        // Writing lines is much of the work, so several pieces share all processors.
        let written = spawn_blocking(move || lines(&answers, &names));
        written.await.map_err(|_| CliError::Stopped)
    };
    console.print_until_told(pieces, work).await?;
    Ok(console.progress.finish())
}
