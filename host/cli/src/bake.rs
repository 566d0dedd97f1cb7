//! `bake`: components with a configuration and its triggers loaded.

use std::path::Path;

use super::{component, error::CliError, outcome::Outcome, report};

pub(crate) async fn run(config: &Path, folder: &Path) -> Result<Outcome, CliError> {
    let baked = action_triggers_edge::bake(config).await?;
    report::problems(&baked.warnings);
    component::write_all(folder, baked.artefacts())
}
