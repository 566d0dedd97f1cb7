//! `render`: what would be published.

use std::{sync::Arc, thread};

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{
    Outcome, Started, args::Input, error::CliError, events, lines::Lines, output::Output,
    progress::Progress, start,
};

pub(crate) async fn run(input: Input) -> Result<Outcome, CliError> {
    let pieces = events::read(&input.events)?;
    let Started {
        runtime,
        names,
        is_terminal,
    } = start(&input).await?;
    let names = Arc::new(names);
    let (output, progress) = (Output::new(), Progress::new("rendered", is_terminal));
    let rendered = pieces.map(|piece| {
        let (runtime, names) = (&runtime, Arc::clone(&names));
        async move {
            let piece = piece?;
            let finish = move |renderings: Vec<_>| Lines::of_renderings(&renderings, &names);
            Ok::<_, CliError>(
                runtime
                    .render_lines(piece.lines, piece.first_line, finish)
                    .await?,
            )
        }
    });
    let mut rendered = Box::pin(rendered.buffered(at_once()));
    while let Some(lines) = rendered.try_next().await? {
        progress.add(lines.events, lines.records, lines.failures);
        if !output.write(&lines.text)? {
            break;
        }
    }
    progress.finish();
    Ok(if progress.any_failed() {
        Outcome::SomeFailed
    } else {
        Outcome::Well
    })
}

/// Pieces under way at once: every worker has one, and one more waits.
pub(crate) fn at_once() -> usize {
    2 * thread::available_parallelism().map_or(1, Into::into)
}
