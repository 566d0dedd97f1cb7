//! The `action-triggers` command.

mod args;
#[cfg(feature = "edge")]
mod bake;
mod check;
mod code_cache;
mod codes;
mod component;
mod console;
mod demo;
mod dev_proxy;
#[cfg(feature = "edge")]
mod edge;
mod error;
mod events;
mod interrupt;
mod letters;
mod lines;
mod outbox;
mod outcome;
mod output;
mod print;
mod progress;
mod publish;
mod report;
mod schema;
mod serve;
mod show;
mod shown;
mod start;
mod time;

use std::process::ExitCode;

use tracing_subscriber::fmt::format::FmtSpan;

use self::{
    args::{Args, Command},
    error::CliError,
    outcome::Outcome,
};

fn main() -> ExitCode {
    let args = Args::read();
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A line for each event and attempt, where they are asked for.
        .with_span_events(FmtSpan::CLOSE)
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
        Command::Serve(args) => serve::run(args).await,
        Command::Render(input) => show::render(&input).await,
        Command::Explain(input) => show::explain(&input).await,
        Command::Check(files) => check::run(&files).await,
        Command::Codes { json } => codes::run(json),
        Command::Schema { of } => schema::run(of),
        Command::Component { output } => component::run(&output),
        #[cfg(feature = "edge")]
        Command::Bake { config, output } => bake::run(&config.config, &output).await,
        #[cfg(feature = "edge")]
        Command::Edge {
            config,
            output,
            secrets,
            env_secrets,
            deadline_secs,
        } => {
            let mut options = action_triggers_edge::AppOptions::default();
            options.deadline = std::time::Duration::from_secs(deadline_secs);
            options.secrets = secrets;
            options.env_secrets = env_secrets;
            edge::run(&config.config, &output, &options).await
        }
        Command::Outbox(command) => outbox::run(&command).await,
        Command::DevProxy(options) => dev_proxy::run(options).await,
    }
}
