//! What a [`Builder`](super::Builder) comes to: a generation to be loaded.

use std::{path::PathBuf, sync::Arc};

use super::{component::Component, error::BuildError};
use crate::{
    broker::Registry,
    cluster::Cluster,
    limits::Limits,
    publisher::Publisher,
    sandbox::{Code, Generation, Sandbox, Services, Source},
    settings::Settings,
};

/// A generation to be loaded, and the clusters that it reaches.
pub(super) struct Plan {
    /// The set of triggers, as JSON text; none means those that the component came with.
    pub(super) triggers: Option<Arc<str>>,
    pub(super) settings: Arc<Settings>,
    pub(super) registry: Registry,
    /// The content types that may fire at all; none allows all.
    pub(super) whitelist: Vec<String>,
    pub(super) limits: Limits,
    pub(super) clusters: Vec<Arc<Cluster>>,
    pub(super) component: Component,
    pub(super) code_cache: Option<PathBuf>,
}

impl Plan {
    /// Loads it, for so many workers: with the component that is compiled already
    /// where that is the same one. Records are accepted by the publisher's rules.
    pub(super) async fn load(
        self,
        publisher: &Arc<dyn Publisher>,
        running: Option<Arc<Sandbox>>,
        workers: usize,
    ) -> Result<Arc<Generation>, BuildError> {
        let publisher = Arc::clone(publisher);
        let registry = self
            .registry
            .with_rule(Arc::new(move |cluster, topic, record| {
                publisher.check(cluster, topic, record)
            }));
        let source = Source {
            triggers: self.triggers,
            services: Services {
                settings: self.settings,
                registry: Arc::new(registry),
                whitelist: self.whitelist,
            },
            limits: self.limits,
        };
        let (component, code_cache) = (self.component, self.code_cache);
        let load = move || {
            let component = component.read()?;
            let running = running.filter(|one| one.serves(&component, &source.limits));
            let sandbox = if let Some(sandbox) = running {
                sandbox
            } else {
                let cache = code_cache.as_deref();
                Sandbox::start(Code { component, cache }, workers, &source.limits)?
            };
            Ok(Generation::load(sandbox, source)?)
        };
        let loaded = tokio::task::spawn_blocking(load).await;
        loaded.map_err(|_| BuildError::Stopped)?
    }
}
