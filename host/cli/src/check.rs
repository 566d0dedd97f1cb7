//! `check`: every fault at once.

use action_triggers_host::{
    config::Config,
    outcome::Diagnostic,
    problem::Problem,
    runtime::{BuildError, Runtime},
    sandbox::StartError,
};

use super::{Outcome, args::Files, error::CliError, output::Output, report};

pub(crate) async fn run(files: &Files) -> Result<Outcome, CliError> {
    let examined = Config::examine(&files.config, files.triggers.as_deref());
    let (problems, triggers) = match examined {
        Ok((config, mut problems)) => {
            let diagnostics = diagnostics(&config).await?;
            problems.extend(config.examine_triggers(&diagnostics));
            (problems, config.trigger_count())
        }
        // Not even a file: the call is wrong.
        Err(error) if error.0.iter().any(is_unreadable) => return Err(error.into()),
        Err(error) => (error.0, 0),
    };
    report::problems(&problems);
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let [triggers, found, warnings] = [
        (triggers, "trigger"),
        (errors, "error"),
        (problems.len() - errors, "warning"),
    ]
    .map(|(count, noun)| report::counted(count as u64, noun));
    let summary = format!("{triggers}, {found}, {warnings}\n");
    Output::new().write(summary.as_bytes())?;
    Ok(if errors > 0 {
        Outcome::SomeFailed
    } else {
        Outcome::Well
    })
}

fn is_unreadable(problem: &Problem) -> bool {
    matches!(problem.code(), "file_unreadable" | "unknown_file_type")
}

/// What the sandbox says of the triggers, even when the rest is wrong.
async fn diagnostics(config: &Config) -> Result<Vec<Diagnostic>, CliError> {
    let Some(triggers) = config.triggers_json() else {
        return Ok(Vec::new());
    };
    let builder = Runtime::builder().triggers(triggers).workers(1);
    match builder.build().await {
        Ok(runtime) => Ok(runtime.loaded().diagnostics.clone()),
        Err(BuildError::Start(StartError::Triggers(diagnostics))) => Ok(diagnostics),
        Err(error) => Err(error.into()),
    }
}
