//! `explain`: why triggers fire, or do not.

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
    } = start(input, "due").await?;
    let explain = async |piece: Piece| {
        let explained = runtime.explain_lines(piece.lines, piece.first_line);
        Ok(Lines::of_explanations(&explained.await?, &console.names))
    };
    console.print_until_told(pieces, explain).await?;
    Ok(console.progress.finish())
}
