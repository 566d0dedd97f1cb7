//! Gathers what a [`Runtime`] needs.

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use super::{Runtime, component::Component, error::BuildError, plan::Plan, workers::Workers};
use crate::{
    broker::{Broker, Policy, Registry, TextEncoding},
    cluster::Cluster,
    delivery::Delivery,
    limits::{Limits, MOST_WORKERS, OutboxFile, OutboxLimits},
    observe::Observed,
    process::Process,
    publisher::Publisher,
    rest::RestPublisher,
    sandbox::StartError,
    settings::Settings,
};

/// Gathers what a [`Runtime`] needs. Everything has a default.
#[derive(Default)]
pub struct Builder {
    component: Component,
    triggers: Option<Arc<str>>,
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
    outbox: Option<OutboxFile>,
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

    /// The set of triggers, as JSON text. By default those that the component was baked
    /// with, and none where it was not.
    pub fn triggers(self, json: impl Into<String>) -> Self {
        self.shared_triggers(json.into().into())
    }

    /// The same, of which somebody else keeps the text too.
    pub(crate) fn shared_triggers(mut self, json: Arc<str>) -> Self {
        self.triggers = Some(json);
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
        self.limits = limits.within_reach();
        self
    }

    /// How many workers decide events at once, 1,024 at most; one per processor by
    /// default.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers.clamp(1, MOST_WORKERS));
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

    /// Keeps accepted records in a file, so that they outlive the process. What an
    /// earlier one left there is delivered first. In memory by default.
    pub fn outbox(mut self, file: OutboxFile) -> Self {
        self.outbox = Some(file);
        self
    }

    /// Keeps accepted records in memory, whatever was said before: for whoever decides or
    /// renders events while another process has the file.
    pub fn outbox_in_memory(mut self) -> Self {
        self.outbox = None;
        self
    }

    /// How much may wait in an outbox in memory.
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
    pub async fn build(mut self) -> Result<Runtime, BuildError> {
        let (given, outbox_limits) = (self.publisher.take(), self.outbox_limits);
        let outbox = self.outbox.take();
        let count = self
            .workers
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, Into::into))
            .max(1);
        let plan = self.plan()?;
        let (publisher, rest): (Arc<dyn Publisher>, _) = if let Some(publisher) = given {
            (publisher, None)
        } else {
            let rest = Arc::new(RestPublisher::new(plan.clusters.clone())?);
            (rest.clone(), Some(rest))
        };
        let observed = Arc::new(Observed::new(publisher));
        let publisher: Arc<dyn Publisher> = observed.clone();
        let stack_bytes = plan.limits.stack_bytes;
        let generation = plan.load(&publisher, None, count).await?;
        let workers = Workers::start(count, stack_bytes).map_err(StartError::Thread)?;
        let delivery = match outbox {
            None => Delivery::start(publisher, outbox_limits),
            Some(file) => Delivery::start_in(file, publisher).await?,
        };
        Ok(Runtime::start(
            generation,
            workers,
            (delivery, observed),
            rest,
        ))
    }

    /// What is to be loaded, with its brokers and clusters checked.
    pub(super) fn plan(self) -> Result<Plan, BuildError> {
        let clusters: Vec<_> = self.clusters.into_iter().map(Arc::new).collect();
        let settings = Arc::new(self.settings.or_environment(Arc::new(Process)));
        let registry = Registry::new(
            self.brokers,
            clusters.clone(),
            settings.clone(),
            self.policy,
        )
        .map_err(BuildError::Registry)?;
        Ok(Plan {
            triggers: self.triggers,
            settings,
            registry,
            whitelist: self.whitelist,
            limits: self.limits,
            clusters,
            component: self.component,
            code_cache: self.code_cache,
        })
    }
}
