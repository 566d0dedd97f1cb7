//! The configuration file, as this host reads it: with the files and variables of its
//! process, and the HTTP client's opinion of each cluster.

mod files;
#[cfg(test)]
mod tests;

use std::{fmt, io, path::Path, sync::Arc, time::Duration};

use action_triggers_config::{
    ClusterFault, ConfigError, Configuration, Problem, Service, Surroundings,
};

pub use self::files::ConfigFiles;
use crate::{
    cluster::Cluster,
    event::decode::{Decoder, Models},
    file,
    limits::{Limits, OutboxFile},
    outcome::{Diagnostic, LoadedTrigger},
    process::Process,
    rest::RestPublisher,
    runtime::{Builder, Runtime},
    settings::Environment,
};

/// What a configuration file says: JSON or TOML, by its ending.
pub struct Config(Configuration);

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Configuration> for Config {
    /// A configuration that was read with other surroundings than this process.
    fn from(configuration: Configuration) -> Self {
        Self(configuration)
    }
}

impl Config {
    /// Reads a configuration file. Triggers come from the file given here, else
    /// from where the configuration has them.
    ///
    /// # Errors
    ///
    /// Every problem that keeps it from being used.
    pub fn read(file: &Path, triggers: Option<&Path>) -> Result<Self, ConfigError> {
        Configuration::read(file, triggers, &Process).map(Self)
    }

    /// Reads as [`Config::read`] does and goes on whatever is wrong. The problems
    /// are in the order of the file; among them are upstream's own checks and
    /// what is hardly meant, which do not keep the file from being used.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or breaks the syntax.
    pub fn examine(
        file: &Path,
        triggers: Option<&Path>,
    ) -> Result<(Self, Vec<Problem>), ConfigError> {
        let (config, problems) = Configuration::examine(file, triggers, &Process)?;
        Ok((Self(config), problems))
    }

    /// The names of the brokers.
    pub fn broker_names(&self) -> impl Iterator<Item = &str> {
        self.0.brokers().iter().map(|broker| broker.name.as_str())
    }

    /// How clusters are reached.
    pub fn clusters(&self) -> &[Cluster] {
        self.0.clusters()
    }

    /// Bounds on the sandbox.
    pub fn limits(&self) -> &Limits {
        self.0.limits()
    }

    /// How long to go on delivering when asked to stop.
    pub fn shutdown_grace(&self) -> Duration {
        self.0.shutdown_grace()
    }

    /// How events are taken over HTTP.
    pub fn service(&self) -> &Service {
        self.0.service()
    }

    /// The outbox's file; none where it is in memory.
    pub fn outbox(&self) -> Option<&OutboxFile> {
        self.0.outbox()
    }

    /// What decodes the bodies of requests: as `sources` says, and as the set of triggers
    /// declares fields.
    pub fn decoder(&self) -> Decoder {
        let set = self.0.triggers_json().unwrap_or_default();
        Decoder::new(self.0.sources().clone()).models(&Models::of_set(&set))
    }

    /// A builder with everything the file says.
    pub fn builder(&self) -> Builder {
        let policy = self.0.policy();
        let builder = Runtime::builder()
            .shared_triggers(self.0.triggers_json().unwrap_or_else(|| "[]".into()))
            .settings(self.0.settings().clone())
            .brokers(self.0.brokers().iter().cloned())
            .clusters(self.0.clusters().iter().cloned())
            .limits(self.limits().clone())
            .outbox_limits(self.0.outbox_limits())
            .text_encoding(policy.text_encoding)
            .whitelist(self.0.whitelist().to_vec())
            .max_broker_timeout(policy.max_broker_timeout);
        let builder = match self.0.workers() {
            Some(workers) => builder.workers(workers),
            None => builder,
        };
        match self.outbox() {
            Some(file) => builder.outbox(file.clone()),
            None => builder,
        }
    }

    /// What the sandbox says of the triggers, with its places in their file and
    /// in its order.
    pub fn locate(&self, diagnostics: &[Diagnostic]) -> Vec<Problem> {
        self.0.locate(diagnostics)
    }

    /// The same, with what keeps every record of some queue from being
    /// published: a broker that there is not, a setting that is not allowed.
    pub fn examine_triggers(
        &self,
        diagnostics: &[Diagnostic],
        triggers: &[LoadedTrigger],
    ) -> Vec<Problem> {
        let environment = Process.environment();
        self.0.examine_triggers(diagnostics, triggers, environment)
    }

    /// A builder that knows of the triggers what the sandbox needs to examine
    /// them, and of the rest nothing that could be wrong.
    pub fn examiner(&self) -> Builder {
        Runtime::builder()
            .shared_triggers(self.0.triggers_json().unwrap_or_else(|| "[]".into()))
            .brokers(self.0.brokers().iter().cloned())
            .limits(self.limits().clone())
            .whitelist(self.0.whitelist().to_vec())
            .workers(1)
    }

    /// How many triggers there are, right or wrong.
    pub fn trigger_count(&self) -> usize {
        self.0.trigger_count()
    }

    /// The set of triggers as JSON, if there is one.
    pub fn triggers_json(&self) -> Option<String> {
        self.0.triggers_json().map(|set| set.as_ref().to_owned())
    }
}

impl Surroundings for Process {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        file::read(path, most)
    }

    fn has_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn secret_variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Arc::new(Self)
    }

    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault> {
        let error = RestPublisher::new([Arc::new(cluster.clone())]).err()?;
        Some(ClusterFault {
            code: error.code(),
            message: error.to_string(),
        })
    }
}
