//! The library as the binary's commands use it, in this process.

use std::path::Path;

use action_triggers_host::{BuildError, Builder, Config, Problem, Refusal, Runtime, StartError};

/// Keeps the compiled component, and decides in one worker.
pub(crate) fn quick(builder: Builder) -> Builder {
    const CODE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/code");
    builder.code_cache(CODE).workers(1)
}

/// The runtime that a configuration gives, if it gives one; and what `check` says
/// of it, put together as its command does.
pub(crate) async fn examined(file: &Path) -> (Option<Runtime>, Vec<Problem>) {
    let (config, mut problems) = match Config::examine(file, None) {
        Ok(examined) => examined,
        Err(error) => return (None, error.problems().to_vec()),
    };
    let built = match Config::read(file, None) {
        Ok(config) => quick(config.builder()).build().await.ok(),
        Err(_) => None,
    };
    let told = match &built {
        Some(runtime) => Refusal::new(
            runtime.loaded().diagnostics.clone(),
            runtime.loaded().triggers.clone(),
        ),
        None => sandbox(&config).await,
    };
    problems.extend(config.examine_triggers(&told.diagnostics, &told.triggers));
    (built, problems)
}

/// What the sandbox says of triggers whose configuration cannot be used.
async fn sandbox(config: &Config) -> Refusal {
    match quick(config.examiner()).build().await {
        Ok(runtime) => Refusal::new(
            runtime.loaded().diagnostics.clone(),
            runtime.loaded().triggers.clone(),
        ),
        Err(BuildError::Start(StartError::Triggers(refusal))) => *refusal,
        Err(error) => panic!("{error}"),
    }
}
