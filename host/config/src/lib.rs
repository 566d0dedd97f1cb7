//! The host's configuration file: JSON or TOML, by its ending.
//!
//! Nothing here opens a file or reads a variable: [`Surroundings`] does, so that hosts
//! without either read the same format. It builds for `wasm32-unknown-unknown`.
//!
//! It may be upstream's settings as they are (`ACTION_TRIGGERS`, its alias
//! `ACTION_BROKERS`, and `ACTION_TRIGGER_SETTINGS`), beside the host's own keys:
//!
//! | key | meaning |
//! |---|---|
//! | `clusters` | by bootstrap string, as brokers write it: `rest_url`, `api`, `flavor`, `format`, `cluster_id`, `auth`, `tls` and bounds, see [`Cluster`] |
//! | `values` | by dotted path: a literal, `{"env": NAME}` or `{"file": PATH}` |
//! | `triggers` | the set of triggers, or the path of its file |
//! | `limits` | bounds on the sandbox, see [`Limits`], and `workers` |
//! | `outbox` | `memory`, or the `path` of a file; and what bounds it |
//! | `sources` | the tools that events come from, see [`Sources`] |
//! | `serve` | how `action-triggers serve` takes events over HTTP, see [`Service`] |
//! | `text_encoding` | `raw` or `json`, see [`TextEncoding`] |
//!
//! Paths are relative to the file. Every problem is found at once, and each
//! points into the file it is about. Secrets stand in variables or files of
//! their own, and are never shown.
//!
//! [`Cluster`]: action_triggers_core::cluster::Cluster
//! [`Sources`]: action_triggers_core::event::decode::Sources
//! [`TextEncoding`]: action_triggers_core::broker::TextEncoding

mod checks;
mod clusters;
mod destinations;
mod document;
mod error;
mod finding;
mod host;
mod keys;
mod locate;
mod mask;
mod node;
mod outbox;
mod problem;
mod reading;
mod room;
pub mod schema;
mod secret;
mod serve;
mod sources;
mod surroundings;
#[cfg(test)]
mod tests;
mod trial;
mod upstream;

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc, time::Duration};

// The core's modules, under the names that this crate's own modules use.
use action_triggers_core::{broker, cluster, event, limits, outcome, settings};
use action_triggers_vocabulary::codes;

use self::{
    broker::{Broker, Policy, TextEncoding},
    cluster::{Cluster, Origin},
    document::{Document, Syntax, excerpt_of_unread},
    event::decode::Sources,
    limits::{Limits, OutboxFile, OutboxLimits},
    locate::Locator,
    outcome::{Diagnostic, LoadedTrigger, Severity},
    reading::Reading,
    settings::{Environment, Settings},
};
pub use self::{
    error::ConfigError,
    problem::{Excerpt, Problem, is_steering},
    serve::{Service, ServiceTls},
    surroundings::{ClusterFault, MOST_SECRET_BYTES, Surroundings},
};

/// Largest configuration or set of triggers, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What a configuration file says.
pub struct Configuration {
    brokers: Vec<Broker>,
    clusters: Vec<Cluster>,
    settings: Settings,
    whitelist: Vec<String>,
    max_broker_timeout: Option<Duration>,
    limits: Limits,
    outbox: outbox::Outbox,
    sources: Sources,
    service: Service,
    workers: Option<usize>,
    text_encoding: TextEncoding,
    /// None where they could not be found.
    triggers: Option<Triggers>,
    document: Document,
}

/// Where the set of triggers stands.
enum Triggers {
    /// In a file of its own.
    File(Box<Document>),
    /// In the configuration, under `triggers`.
    Inline,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Configuration")
            .field("brokers", &self.brokers)
            .field("clusters", &self.clusters)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Configuration {
    /// Reads a configuration file. Triggers come from the file given here, else
    /// from where the configuration has them.
    ///
    /// # Errors
    ///
    /// Every problem that keeps it from being used.
    pub fn read(
        file: &Path,
        triggers: Option<&Path>,
        around: &dyn Surroundings,
    ) -> Result<Self, ConfigError> {
        let (config, mut problems) = Self::examine(file, triggers, around)?;
        problems.retain(|problem| !problem.is_note());
        if problems.iter().any(Problem::is_error) {
            return Err(ConfigError(problems));
        }
        Ok(config)
    }

    /// Reads as [`Configuration::read`] does and goes on whatever is wrong. The
    /// problems are in the order of the file; among them are upstream's own checks and
    /// what is hardly meant, which do not keep the file from being used.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or breaks the syntax.
    pub fn examine(
        file: &Path,
        triggers: Option<&Path>,
        around: &dyn Surroundings,
    ) -> Result<(Self, Vec<Problem>), ConfigError> {
        let document = load(file, around).map_err(|problem| *problem)?;
        let mut reading = Reading {
            document: &document,
            directory: file.parent().unwrap_or(Path::new("")),
            around,
            problems: Vec::new(),
        };
        let parts = reading.parts(triggers);
        let mut problems = reading.problems;
        problems.sort_by_key(Problem::offset);
        match parts {
            Some(parts) => Ok((parts.config(document), problems)),
            None => Err(ConfigError(problems)),
        }
    }

    /// The brokers.
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// How clusters are reached.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// The values of settings, and which of them are allowed.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where secrets come from, and settings that are not written in the file. Those of
    /// TLS and of HTTP proxies are not among them.
    pub fn origins(&self) -> BTreeSet<Origin> {
        let secrets = self.clusters.iter().flat_map(Cluster::origins).cloned();
        let variables = self
            .settings
            .variables()
            .map(|name| Origin::Env(name.to_owned()));
        let files = self
            .settings
            .files()
            .map(|path| Origin::File(path.to_owned()));
        secrets.chain(variables).chain(files).collect()
    }

    /// The content types that may fire at all; none allows all.
    pub fn whitelist(&self) -> &[String] {
        &self.whitelist
    }

    /// What holds for every broker.
    pub fn policy(&self) -> Policy {
        Policy {
            text_encoding: self.text_encoding,
            max_broker_timeout: self.max_broker_timeout,
        }
    }

    /// Bounds on the sandbox.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many workers there are; none where the file does not say.
    pub fn workers(&self) -> Option<usize> {
        self.workers
    }

    /// How much an outbox in memory holds.
    pub fn outbox_limits(&self) -> OutboxLimits {
        self.outbox.limits
    }

    /// The outbox's file; none where it is in memory.
    pub fn outbox(&self) -> Option<&OutboxFile> {
        self.outbox.file.as_ref()
    }

    /// How events are taken over HTTP.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// How long to go on delivering when asked to stop.
    pub fn shutdown_grace(&self) -> Duration {
        self.outbox.shutdown_grace
    }

    /// The tools that events come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What the sandbox says of the triggers, with its places in their file and
    /// in its order.
    pub fn locate(&self, diagnostics: &[Diagnostic]) -> Vec<Problem> {
        let Some(triggers) = self.place_of_triggers() else {
            return Vec::new();
        };
        let mut locator = Locator::new(triggers);
        let mut problems: Vec<_> = diagnostics.iter().map(|one| locator.problem(one)).collect();
        problems.sort_by_key(Problem::offset);
        problems
    }

    /// The same, with what keeps every record of some queue from being
    /// published: a broker that there is not, a setting that is not allowed.
    /// Settings are read from this environment, as a run would read them.
    pub fn examine_triggers(
        &self,
        diagnostics: &[Diagnostic],
        triggers: &[LoadedTrigger],
        environment: Arc<dyn Environment>,
    ) -> Vec<Problem> {
        let mut found = diagnostics.to_vec();
        for one in &mut found {
            // What fails for every event. `load` takes the other triggers, so it only warns.
            if codes::all().any(|code| code.area == codes::NOT_MADE && code.name == one.code) {
                one.severity = Severity::Error;
            }
        }
        let settings = self.settings.clone().or_environment(environment);
        let host = destinations::Host {
            brokers: &self.brokers,
            clusters: &self.clusters,
            settings: &settings,
            whitelist: &self.whitelist,
            limits: &self.limits,
            policy: self.policy(),
        };
        let more = destinations::examine(&host, triggers, &found);
        found.extend(more);
        self.locate(&found)
    }

    /// How many triggers there are, right or wrong.
    pub fn trigger_count(&self) -> usize {
        self.place_of_triggers().map_or(0, |set| set.all().len())
    }

    /// The set of triggers as JSON, if there is one.
    pub fn triggers_json(&self) -> Option<Arc<str>> {
        let set = self.place_of_triggers()?;
        Some(set.document.json_of(set.node))
    }

    fn place_of_triggers(&self) -> Option<locate::Triggers<'_>> {
        let (document, node, path) = match self.triggers.as_ref()? {
            Triggers::File(document) => (&**document, &document.root, "$"),
            Triggers::Inline => {
                let node = self.document.root.member("triggers")?;
                (&self.document, node, "$.triggers")
            }
        };
        Some(locate::Triggers {
            document,
            node,
            path,
        })
    }
}

/// Reads a file of either syntax.
fn load(path: &Path, around: &dyn Surroundings) -> Result<Document, Box<Problem>> {
    let name = path.display().to_string();
    let syntax = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Syntax::Json,
        Some("toml") => Syntax::Toml,
        _ => {
            let message = format!("`{name}` ends in neither `.json` nor `.toml`");
            let help = "the ending says how the file is written: rename it";
            let problem = Problem::error("unknown_file_type", "$", message);
            return Err(Box::new(problem.with_help(help)));
        }
    };
    let text = read_text(path, &name, around)?;
    Document::parse(&name, text, syntax)
}

fn read_text(path: &Path, name: &str, around: &dyn Surroundings) -> Result<String, Box<Problem>> {
    let unreadable = |what: &dyn fmt::Display| {
        let message = format!("`{name}` cannot be read: {what}");
        Box::new(Problem::error("file_unreadable", "$", message))
    };
    let bytes = around.read(path, MAX_FILE);
    let bytes = bytes.map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map_err(|error| Box::new(not_utf8(name, &error)))
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> Problem {
    let offset = error.utf8_error().valid_up_to();
    // What is valid stays where it is.
    let text = String::from_utf8_lossy(error.as_bytes());
    let excerpt = excerpt_of_unread(name, &text, offset..offset + 1);
    let message = format!("`{name}` is not UTF-8 from byte {offset} on");
    Problem::error("file_not_utf8", "$", message)
        .with_help("save the file as UTF-8")
        .at(excerpt)
}
