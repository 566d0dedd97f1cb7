//! A configuration file in, components out.

use std::{collections::BTreeSet, path::Path};

use action_triggers_config::{ConfigError, Problem};
use action_triggers_core::cluster::Origin;
use action_triggers_host::{
    BuildError, Config, Runtime, Severity, StartError, artefacts::Artefact,
};

use super::{
    bindings::types,
    error::BakeError,
    sources::Sources,
    workshop::{Held, Workshop},
};
use crate::compose::{Parts, compose};

/// Components that hold a configuration and its triggers.
#[derive(Clone, Debug)]
pub struct Baked {
    /// The engine with its triggers loaded.
    pub engine: Vec<u8>,
    /// The publisher, configured: to be started with its secrets.
    pub edge: Vec<u8>,
    /// What of the configuration is hardly meant.
    pub warnings: Vec<Problem>,
    /// The rules with their configuration.
    pub(super) rules: Vec<u8>,
}

impl Baked {
    fn of(held: Held) -> Result<Self, BakeError> {
        let edge = compose(Parts {
            rules: &held.rules,
            engine: &held.engine,
            ..Parts::embedded()
        })?;
        Ok(Self {
            engine: held.engine,
            edge,
            warnings: held.warnings.iter().map(problem).collect(),
            rules: held.rules,
        })
    }

    /// As files.
    pub fn artefacts(self) -> [Artefact; 2] {
        [
            Artefact::new("engine.wasm", self.engine),
            Artefact::new("edge.wasm", self.edge),
        ]
    }
}

/// Loads a configuration file and its triggers ahead. Secrets are not asked for and not
/// in what comes out. Takes seconds; must be called within a tokio runtime.
///
/// # Errors
///
/// The configuration or its triggers have faults, all of which are told; or the
/// components cannot be run.
pub async fn bake(config: &Path) -> Result<Baked, BakeError> {
    baked(config).await.map(|(baked, _)| baked)
}

/// The same, and where the secrets of the configuration come from.
pub(super) async fn baked(config: &Path) -> Result<(Baked, BTreeSet<Origin>), BakeError> {
    let (configuration, sources) = Sources::read(config)?;
    let given = sources.for_the_publisher();
    let held = tokio::task::spawn_blocking(move || Workshop::of_this_process()?.configured(&given));
    match held.await.map_err(BakeError::failed)?? {
        Ok(held) => Ok((Baked::of(held)?, configuration.origins())),
        Err(told) => Err(refused(&configuration.into(), &told).await.into()),
    }
}

/// What a refused configuration has: the problems of its triggers with their places in
/// the file, as `check` shows them.
async fn refused(config: &Config, told: &[types::Problem]) -> ConfigError {
    let examined = config.examiner().build().await.map(drop::<Runtime>);
    ConfigError::new(match examined {
        Err(BuildError::Start(StartError::Triggers(refusal))) => {
            config.locate(&refusal.diagnostics)
        }
        _ => told.iter().map(problem).collect(),
    })
}

fn problem(told: &types::Problem) -> Problem {
    let severity = if told.is_error {
        Severity::Error
    } else {
        Severity::Warning
    };
    let problem = Problem::new(severity, &told.code, &told.path, &told.message);
    problem.with_help(told.help.clone().unwrap_or_default())
}
