//! Gathers what a [`Runtime`] needs.

use std::{borrow::Cow, path::PathBuf, sync::Arc, thread, time::Duration};

use super::{Runtime, input::Rules};
use crate::{
    broker::{Broker, Policy, Registry, RegistryError, TextEncoding},
    cluster::Cluster,
    delivery::Delivery,
    file,
    outbox::OutboxLimits,
    process::Process,
    publisher::Publisher,
    rest::{RestError, RestPublisher},
    sandbox::{self, Code, Engine, Limits, MAX_BYTES, Services, StartError},
    settings::Settings,
};

/// The component that this library was built with.
pub static EMBEDDED: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_COMPONENT"));

/// Where the component comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Component {
    /// The one this library was built with.
    #[default]
    Embedded,
    /// A component's bytes.
    Bytes(Vec<u8>),
    /// A component's file.
    File(PathBuf),
}

impl Component {
    fn read(self) -> Result<Cow<'static, [u8]>, BuildError> {
        let bytes = match self {
            Self::Embedded => return Ok(EMBEDDED.into()),
            Self::Bytes(bytes) => bytes,
            Self::File(path) => {
                let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
                let read = file::read(&path, most);
                read.map_err(|error| BuildError::ComponentFile { path, error })?
            }
        };
        // It may be anybody's: what it costs to compile it is bounded first.
        sandbox::admit(&bytes).map_err(|message| StartError::Component { message })?;
        Ok(bytes.into())
    }
}

/// Why a runtime could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The component's file cannot be read.
    #[error("the component `{}` cannot be read: {error}", .path.display())]
    ComponentFile {
        /// Its path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Brokers or clusters have faults.
    #[error("{}", joined(.0))]
    Registry(Vec<RegistryError>),
    /// The REST client cannot be made.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The sandbox cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The runtime that should build this one is shutting down.
    #[error("the runtime that should build this one is shutting down")]
    Stopped,
}

impl BuildError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ComponentFile { .. } => "component_unreadable",
            Self::Registry(errors) => errors
                .first()
                .map_or("invalid_brokers", RegistryError::code),
            Self::Rest(error) => error.code(),
            Self::Start(error) => error.code(),
            Self::Stopped => "engine_stopped",
        }
    }
}

fn joined(errors: &[RegistryError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Gathers what a [`Runtime`] needs. Everything has a default.
#[derive(Default)]
pub struct Builder {
    component: Component,
    triggers: Option<String>,
    settings: Settings,
    brokers: Vec<Broker>,
    clusters: Vec<Cluster>,
    limits: Limits,
    workers: Option<usize>,
    policy: Policy,
    whitelist: Vec<String>,
    publisher: Option<Arc<dyn Publisher>>,
    code_cache: Option<PathBuf>,
    outbox_limits: OutboxLimits,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("settings", &self.settings)
            .field("brokers", &self.brokers)
            .field("clusters", &self.clusters)
            .field("limits", &self.limits)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Starts with the embedded component, no triggers and nothing allowed.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Where the component comes from; embedded by default.
    pub fn component(mut self, component: Component) -> Self {
        self.component = component;
        self
    }

    /// Keeps the compiled component in this folder, which only this user can
    /// enter, so that the next start need not compile it. Kept nowhere by
    /// default. Works on Linux; elsewhere it changes nothing.
    pub fn code_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.code_cache = Some(folder.into());
        self
    }

    /// The set of triggers, as JSON text; none by default.
    pub fn triggers(mut self, json: impl Into<String>) -> Self {
        self.triggers = Some(json.into());
        self
    }

    /// The values that placeholders may name; none by default.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The brokers that queues may name.
    pub fn brokers(mut self, brokers: impl IntoIterator<Item = Broker>) -> Self {
        self.brokers.extend(brokers);
        self
    }

    /// The clusters that may be reached.
    pub fn clusters(mut self, clusters: impl IntoIterator<Item = Cluster>) -> Self {
        self.clusters.extend(clusters);
        self
    }

    /// Bounds on the sandbox.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many workers decide events at once; one per processor by default.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// How plain text is published; as its bytes by default.
    pub fn text_encoding(mut self, encoding: TextEncoding) -> Self {
        self.policy.text_encoding = encoding;
        self
    }

    /// Upstream's `whitelisted_content_types`: which content types may fire
    /// anything; all when there are none. The model is compared in lower case.
    pub fn whitelist(mut self, content_types: impl IntoIterator<Item = String>) -> Self {
        self.whitelist.extend(content_types);
        self
    }

    /// Upstream's `MAX_BROKER_TIMEOUT`: bounds each attempt to publish.
    pub fn max_broker_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.policy.max_broker_timeout = timeout;
        self
    }

    /// Who writes the records; the REST client by default.
    pub fn publisher(mut self, publisher: Arc<dyn Publisher>) -> Self {
        self.publisher = Some(publisher);
        self
    }

    /// How much may wait in the outbox.
    pub fn outbox_limits(mut self, limits: OutboxLimits) -> Self {
        self.outbox_limits = limits;
        self
    }

    /// Compiles the component, loads the triggers, and starts workers and
    /// delivery. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Something given is wrong; triggers, brokers and clusters with every fault.
    pub async fn build(self) -> Result<Runtime, BuildError> {
        let clusters: Vec<_> = self.clusters.into_iter().map(Arc::new).collect();
        let settings = Arc::new(self.settings.or_environment(Arc::new(Process)));
        let registry = Registry::new(
            self.brokers,
            clusters.clone(),
            settings.clone(),
            self.policy,
        )
        .map_err(BuildError::Registry)?;
        let publisher = match self.publisher {
            Some(publisher) => publisher,
            None => Arc::new(RestPublisher::new(clusters)?),
        };
        let workers = self
            .workers
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, Into::into));
        let rules = Rules {
            event_bytes: self.limits.event_bytes,
            events_per_call: self.limits.events_per_call.max(1),
        };
        let services = Services {
            settings,
            registry: Arc::new(registry),
            whitelist: self.whitelist,
        };
        let (component, limits, cache) = (self.component, self.limits, self.code_cache);
        let triggers = self.triggers.unwrap_or_else(|| "[]".into());
        let start = move || {
            let component = component.read()?;
            let code = Code {
                component: &component,
                cache: cache.as_deref(),
            };
            let engine = Engine::start(code, &triggers, workers, limits, services)?;
            Ok::<_, BuildError>(engine)
        };
        let engine = tokio::task::spawn_blocking(start)
            .await
            .map_err(|_| BuildError::Stopped)??;
        let delivery = Delivery::start(publisher, self.outbox_limits);
        // Every worker busy, and as much again decided and waiting for its turn.
        Ok(Runtime::start(engine, rules, delivery, workers * 4))
    }
}
