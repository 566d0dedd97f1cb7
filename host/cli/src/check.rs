//! `check`: every fault at once.

use action_triggers_host::{BuildError, Config, Problem, Refusal, StartError};

use super::{args::Files, code_cache, error::CliError, outcome::Outcome, output::Output, report};

pub(crate) async fn run(files: &Files) -> Result<Outcome, CliError> {
    let examined = Config::examine(&files.config, files.triggers.as_deref());
    let (problems, triggers, outbox) = match examined {
        Ok((config, mut problems)) => {
            let told = examined_by_the_sandbox(files, &config).await?;
            problems.extend(config.examine_triggers(&told.diagnostics, &told.triggers));
            (problems, config.trigger_count(), config.outbox().cloned())
        }
        // Not even a file: the call is wrong.
        Err(error) if error.problems().iter().any(is_unreadable) => return Err(error.into()),
        Err(error) => (error.problems().to_vec(), 0, None),
    };
    report::problems(&problems);
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    if errors == 0 {
        report::outbox(outbox.as_ref());
    }
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
async fn examined_by_the_sandbox(files: &Files, config: &Config) -> Result<Refusal, CliError> {
    if config.triggers_json().is_none() {
        return Ok(Refusal::default());
    }
    let builder = files.with_component(config.examiner());
    match code_cache::keep(builder).build().await {
        Ok(runtime) => {
            let loaded = runtime.loaded();
            Ok(Refusal::new(
                loaded.diagnostics.clone(),
                loaded.triggers.clone(),
            ))
        }
        Err(BuildError::Start(StartError::Triggers(refusal))) => Ok(*refusal),
        Err(error) => Err(error.into()),
    }
}
