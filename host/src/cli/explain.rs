//! `explain`: why triggers fire, or do not.

use action_triggers_host::{engine::Failure, event::Event};
use futures_util::TryStreamExt as _;

use super::{
    Outcome, Started, args::Input, error::CliError, events, lines::Lines, output::Output, start,
};

pub(crate) async fn run(input: Input) -> Result<Outcome, CliError> {
    let pieces = events::read(&input.events)?;
    let Started { runtime, names, .. } = start(&input).await?;
    let output = Output::new();
    let mut outcome = Outcome::Well;
    let mut pieces = Box::pin(pieces);
    while let Some(piece) = pieces.try_next().await? {
        let mut lines = Lines::default();
        for (number, line) in (piece.first_line..).zip(piece.lines.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let name = format!("line {number}");
            let event =
                Event::from_bytes(line, usize::MAX, || name.clone()).map_err(|error| Failure {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                });
            let (name, explained) = match event {
                Ok(event) => (event.id.clone(), runtime.explain(event).await),
                Err(failure) => (name, Err(failure)),
            };
            match explained {
                Ok(explanations) => lines.explained(&name, &explanations, &names),
                Err(failure) => lines.failed(&name, &failure),
            }
        }
        if lines.failures > 0 {
            outcome = Outcome::SomeFailed;
        }
        if !output.write(&lines.text)? {
            break;
        }
    }
    Ok(outcome)
}
