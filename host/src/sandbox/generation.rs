//! A generation: one version of a tenant's triggers, settings and limits. It never
//! changes; a reload puts another one in its place.

use std::sync::Arc;

use super::{
    CallError,
    compiled::Sandbox,
    data::Source,
    error::StartError,
    instance::{Instance, LoadError},
};
use crate::{broker::Routes, limits::Limits, outcome::Loaded};

/// Triggers that were loaded, with all that deciding events by them takes. Work
/// holds the generation that it began with, so it ends when the last work has ended.
pub(crate) struct Generation {
    number: u64,
    sandbox: Arc<Sandbox>,
    source: Source,
    loaded: Arc<Loaded>,
    routes: Arc<Routes>,
}

impl Generation {
    /// Loads the triggers into a first instance, which checks them. Takes a while:
    /// not for an async thread.
    pub(crate) fn load(sandbox: Arc<Sandbox>, source: Source) -> Result<Arc<Self>, StartError> {
        let (mut first, loaded) = sandbox.load(&source).map_err(|error| match error {
            LoadError::Refused(refusal) => StartError::Triggers(Box::new(refusal)),
            LoadError::Baked(what) => StartError::Baked { what },
            LoadError::Call(error) => StartError::Load(error),
        })?;
        let registry = source.services.registry.clone();
        let routes = Arc::new(Routes::new(registry, &loaded));
        first.know(routes.clone());
        let number = sandbox.next_generation();
        sandbox.instances().keep(number, first);
        Ok(Arc::new(Self {
            number,
            sandbox,
            source,
            loaded: Arc::new(loaded),
            routes,
        }))
    }

    /// What the component said of the triggers.
    pub(crate) fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.source.limits
    }

    pub(crate) fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// An instance that waits for work.
    pub(super) fn idle_instance(&self) -> Option<Instance> {
        self.sandbox.instances().take(self.number)
    }

    /// Another instance with the same triggers.
    pub(super) fn new_instance(&self) -> Result<Instance, CallError> {
        let loaded = self.sandbox.load(&self.source);
        let (mut instance, loaded) = loaded.map_err(|error| match error {
            LoadError::Call(error) => error,
            LoadError::Refused(_) | LoadError::Baked(_) => {
                CallError::misbehaved("it refused triggers it had taken")
            }
        })?;
        if loaded != *self.loaded {
            let message = "it tells of other triggers than an earlier instance";
            return Err(CallError::misbehaved(message));
        }
        instance.know(self.routes.clone());
        Ok(instance)
    }

    /// Keeps an instance for the next work.
    pub(super) fn keep(&self, instance: Instance) {
        self.sandbox.instances().keep(self.number, instance);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.sandbox.instances().forget(self.number);
    }
}
