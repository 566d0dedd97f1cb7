//! The `action-triggers` command.

mod args;
mod check;
mod code_cache;
mod codes;
mod console;
mod demo;
mod dev_proxy;
mod error;
mod events;
mod explain;
mod interrupt;
mod lines;
mod output;
mod print;
mod progress;
mod publish;
mod render;
mod report;
mod shown;

use std::{io::IsTerminal as _, process::ExitCode, time::Duration};

use action_triggers_host::{
    config::{Config, schema},
    runtime::Runtime,
};
use clap::Parser as _;
use futures_util::Stream;

use self::{
    args::{Args, Command, Document, Input},
    console::Console,
    error::CliError,
    events::{Events, Piece},
    lines::Names,
    output::Output,
    progress::Progress,
};

/// All went well, or some event or record failed, each of which has its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Well,
    SomeFailed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Well => Self::SUCCESS,
            Outcome::SomeFailed => Self::from(1),
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report::error(&CliError::Threads(error)),
    };
    let done = runtime.block_on(execute(args.command));
    // A thread that waits for standard input would wait for ever.
    runtime.shutdown_background();
    done.map_or_else(|error| report::error(&error), ExitCode::from)
}

async fn execute(command: Command) -> Result<Outcome, CliError> {
    match command {
        Command::Demo => demo::run().await,
        Command::Run(input) => publish::run(&input).await,
        Command::Render(input) => render::run(&input).await,
        Command::Explain(input) => explain::run(&input).await,
        Command::Check(files) => check::run(&files).await,
        Command::Codes { json } => codes::run(json),
        Command::Schema { of } => schema(of),
        Command::DevProxy(options) => dev_proxy::run(options).await,
    }
}

/// `schema`: what may be written, as a JSON Schema.
fn schema(of: Document) -> Result<Outcome, CliError> {
    let text = match of {
        Document::Config => schema::configuration(),
        Document::Triggers => schema::triggers(),
    };
    Output::new().write(text.as_bytes())?;
    Ok(Outcome::Well)
}

/// What the commands that read events start with.
struct Started<P> {
    runtime: Runtime,
    console: Console,
    pieces: P,
    /// How long to go on when asked to stop.
    grace: Duration,
}

/// `verb` says what happens to records, such as `delivered`.
async fn start(
    input: &Input,
    verb: &'static str,
) -> Result<Started<impl Stream<Item = Result<Piece, CliError>>>, CliError> {
    let events = Events::open(&input.events)?;
    let config = Config::read(&input.files.config, input.files.triggers.as_deref())?;
    let runtime = code_cache::keep(config.builder()).build().await;
    let runtime = runtime.map_err(|error| CliError::building(error, &config))?;
    let names = Names::new(runtime.loaded());
    let progress = Progress::new(verb, std::io::stderr().is_terminal());
    let event_bytes = config.limits().event_bytes;
    Ok(Started {
        runtime,
        console: Console::new(names, progress, events.name()),
        pieces: events.pieces(event_bytes)?,
        grace: config.shutdown_grace(),
    })
}
