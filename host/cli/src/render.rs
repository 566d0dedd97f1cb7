//! `render`: what would be published.

use super::{
    args::Input,
    error::CliError,
    events::Piece,
    lines::Lines,
    outcome::Outcome,
    start::{Started, start},
};

pub(crate) async fn run(input: &Input) -> Result<Outcome, CliError> {
    let Started {
        runtime,
        console,
        pieces,
        ..
    } = start(input, "rendered").await?;
    let render = |piece: Piece| {
        let names = console.names.clone();
        let finish = move |renderings: Vec<_>| Lines::of_renderings(&renderings, &names);
        runtime.render_lines(piece.lines, piece.first_line, finish)
    };
    console.print_until_told(pieces, render).await?;
    Ok(console.progress.finish())
}
