//! `check`: every fault at once.

use action_triggers_host::{
    config::Config,
    engine::{Diagnostic, Loaded, Severity, StartError},
    problem::Problem,
    runtime::{BuildError, Runtime},
};

use super::{Outcome, args::Files, error::CliError, output::Output, report};

pub(crate) async fn run(files: &Files) -> Result<Outcome, CliError> {
    let examined = Config::examine(&files.config, files.triggers.as_deref());
    let (problems, triggers) = match examined {
        Ok((config, problems)) => with_triggers(&config, problems).await?,
        // Not even a file: the call is wrong.
        Err(error) if error.0.iter().any(is_unreadable) => return Err(error.into()),
        Err(error) => (error.0, 0),
    };
    report::problems(&problems);
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    let summary = format!("{triggers} triggers, {errors} errors, {warnings} warnings\n");
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

/// Adds what the sandbox says of the triggers, even when the rest is wrong.
async fn with_triggers(
    config: &Config,
    mut problems: Vec<Problem>,
) -> Result<(Vec<Problem>, usize), CliError> {
    let Some(triggers) = config.triggers_json() else {
        return Ok((problems, 0));
    };
    let built = Runtime::builder()
        .triggers(triggers)
        .workers(1)
        .build()
        .await;
    let (diagnostics, count) = match &built {
        Ok(runtime) => {
            let loaded = runtime.loaded();
            let unknown = unknown_brokers(config, loaded);
            (
                loaded.diagnostics.iter().cloned().chain(unknown).collect(),
                loaded.triggers.len(),
            )
        }
        Err(BuildError::Start(StartError::Triggers(diagnostics))) => (diagnostics.clone(), 0),
        Err(_) => (Vec::new(), 0),
    };
    if let Err(error) = built
        && !matches!(error, BuildError::Start(StartError::Triggers(_)))
    {
        return Err(error.into());
    }
    problems.extend(
        diagnostics
            .iter()
            .filter_map(|diagnostic| config.locate(diagnostic)),
    );
    Ok((problems, count))
}

/// Queues whose broker the host does not have.
fn unknown_brokers(config: &Config, loaded: &Loaded) -> Vec<Diagnostic> {
    let known: Vec<&str> = config.broker_names().collect();
    let mut unknown = Vec::new();
    for (place, trigger) in loaded.triggers.iter().enumerate() {
        for (queue, broker) in trigger.queues.iter().enumerate() {
            if !known.contains(&broker.as_str()) {
                unknown.push(Diagnostic {
                    severity: Severity::Error,
                    code: "unknown_broker".to_owned(),
                    path: format!("$[{place}].msg_broker_queues[{queue}].name"),
                    message: format!("the host has no broker `{broker}`"),
                    help: Some(format!("known are: {}", known.join(", "))),
                    span: None,
                });
            }
        }
    }
    unknown
}
