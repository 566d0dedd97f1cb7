//! What the commands that read events start with.

use std::{io::IsTerminal as _, path::PathBuf, time::Duration};

use action_triggers_host::{Config, Runtime};
use futures_util::{Stream, StreamExt as _};

use super::{
    args::Input,
    code_cache,
    console::Console,
    error::CliError,
    events::{EventSource, Foreign, Piece},
    lines::Names,
    progress::Progress,
};

/// What the commands that read events start with.
pub(crate) struct Started<P> {
    pub(crate) runtime: Runtime,
    pub(crate) console: Console,
    pub(crate) pieces: P,
    /// How long to go on when asked to stop.
    pub(crate) grace: Duration,
    /// The outbox's file; none where it is in memory.
    pub(crate) outbox: Option<PathBuf>,
}

/// What is done with the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Their records are published.
    Publish,
    /// What they come to is shown; the outbox's file may be another's.
    Show,
}

/// `counts` says what is counted, such as (`record`, `delivered`).
pub(crate) async fn start(
    input: &Input,
    purpose: Purpose,
    counts: (&'static str, &'static str),
) -> Result<Started<impl Stream<Item = Result<Piece, CliError>>>, CliError> {
    let events = EventSource::open(&input.events)?;
    let config = Config::read(&input.files.config, input.files.triggers.as_deref())?;
    let builder = code_cache::keep(input.files.with_component(config.builder()));
    let builder = match purpose {
        Purpose::Publish => builder,
        Purpose::Show => builder.outbox_in_memory(),
    };
    let runtime = builder.build().await;
    let runtime = runtime.map_err(|error| CliError::building(error, &config))?;
    let names = Names::new(&runtime.loaded());
    let progress = Progress::new(counts, std::io::stderr().is_terminal());
    let event_bytes = config.limits().event_bytes;
    let foreign = input.format.clone().map(|format| Foreign {
        decoder: config.decoder(),
        format,
        event_bytes,
    });
    let decoded = move |piece| match &foreign {
        Some(foreign) => foreign.decoded(piece),
        None => piece,
    };
    let console = Console::new(names, progress, events.name());
    let pieces = events.pieces(event_bytes)?;
    Ok(Started {
        runtime,
        console,
        pieces: pieces.map(move |piece| piece.map(&decoded)),
        grace: config.shutdown_grace(),
        outbox: config.outbox().map(|file| file.path.clone()),
    })
}
