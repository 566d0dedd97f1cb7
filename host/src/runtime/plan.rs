//! What a [`Builder`](super::Builder) comes to: a generation to be loaded.

use std::{path::PathBuf, sync::Arc};

use super::{component::Component, error::BuildError};
use crate::{
    cluster::Cluster,
    sandbox::{Code, Generation, Sandbox, Source},
};

/// A generation to be loaded, and the clusters that it reaches.
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) clusters: Vec<Arc<Cluster>>,
    pub(super) component: Component,
    pub(super) code_cache: Option<PathBuf>,
}

impl Plan {
    /// Loads it, for so many workers: with the component that is compiled already
    /// where that is the same one.
    pub(super) async fn load(
        self,
        running: Option<Arc<Sandbox>>,
        workers: usize,
    ) -> Result<Arc<Generation>, BuildError> {
        let load = move || {
            let limits = &self.source.limits;
            let component = self.component.read()?;
            let running = running.filter(|one| one.serves(&component, limits));
            let sandbox = if let Some(sandbox) = running {
                sandbox
            } else {
                let cache = self.code_cache.as_deref();
                Sandbox::start(Code { component, cache }, workers, limits)?
            };
            Ok(Generation::load(sandbox, self.source)?)
        };
        let loaded = tokio::task::spawn_blocking(load).await;
        loaded.map_err(|_| BuildError::Stopped)?
    }
}
