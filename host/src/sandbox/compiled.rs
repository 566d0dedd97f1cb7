//! What every instance has in common: the compiled component and its linker.

use std::{
    borrow::Cow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{
    HOST_STACK,
    allowance::TICK,
    boundary::Linked,
    cache,
    data::Source,
    error::StartError,
    instance::{Instance, LoadError},
    instances::Instances,
};
use crate::{limits::Limits, outcome::Loaded};

/// A component to be compiled, and where compiled ones are kept.
#[derive(Clone, Debug)]
pub(crate) struct Code<'a> {
    pub(crate) component: Cow<'static, [u8]>,
    pub(crate) cache: Option<&'a Path>,
}

/// A compiled component and its instances. Generations share it as long as their
/// component and its bounds are the same.
pub(crate) struct Sandbox {
    linked: Linked,
    instances: Instances,
    generations: AtomicU64,
    component: Cow<'static, [u8]>,
    memory_bytes: usize,
    stack_bytes: usize,
}

impl Sandbox {
    /// Compiles the component and starts the ticker, which ends with the sandbox.
    /// Takes a while: not for an async thread.
    pub(crate) fn start(
        code: Code<'_>,
        workers: usize,
        limits: &Limits,
    ) -> Result<Arc<Self>, StartError> {
        let sandbox = Self::new(code, workers, limits);
        let sandbox = sandbox.map_err(|error| StartError::Component {
            message: format!("{error:#}"),
        })?;
        Ok(Arc::new(sandbox))
    }

    fn new(code: Code<'_>, workers: usize, limits: &Limits) -> wasmtime::Result<Self> {
        // Each worker has one at work, and as many of an older or newer generation may
        // wait. One more takes the triggers of a generation to come.
        let instances = workers.saturating_mul(2).saturating_add(1);
        let most = u32::try_from(instances).unwrap_or(u32::MAX);
        let engine = wasmtime::Engine::new(&config(most, limits))?;
        let component = cache::compile(&engine, &code.component, code.cache)?;
        let linked = Linked::new(&engine, &component)?;
        start_ticker(&engine)?;
        Ok(Self {
            linked,
            instances: Instances::new(instances),
            generations: AtomicU64::new(0),
            component: code.component,
            memory_bytes: limits.memory_bytes,
            stack_bytes: limits.stack_bytes,
        })
    }

    /// Whether it is made of this component for these bounds.
    pub(crate) fn serves(&self, component: &[u8], limits: &Limits) -> bool {
        self.memory_bytes == limits.memory_bytes
            && self.stack_bytes == limits.stack_bytes
            && *self.component == *component
    }

    pub(super) fn instances(&self) -> &Instances {
        &self.instances
    }

    /// A number that no generation has had.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes an instance and loads triggers into it. Says what it tells of them.
    pub(super) fn load(&self, source: &Source) -> Result<(Instance, Loaded), LoadError> {
        Instance::load(&self.linked, self.instances.place(), source)
    }
}

fn config(instances: u32, limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(8))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(4))
        .max_memories_per_component(1)
        .max_memory_size(limits.memory_bytes);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        // Never used, but it must not be the smaller one.
        .async_stack_size(limits.stack_bytes + HOST_STACK)
        .wasm_backtrace_max_frames(None);
    config
}

/// One thread advances the epoch for all instances.
fn start_ticker(engine: &wasmtime::Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("trigger-ticker".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })?;
    Ok(())
}
