//! What every instance has in common: the compiled component and its linker.

use std::{path::Path, thread};

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use super::{
    Limits,
    allowance::{TICK, ticks},
    boundary::{Exports, Linked, TriggerLimits},
    cache,
    call::CallError,
    data::{Data, Services},
};

/// A component to be compiled, and where compiled ones are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code<'a> {
    pub(crate) component: &'a [u8],
    pub(crate) cache: Option<&'a Path>,
}

/// A compiled component, ready to make instances of.
pub(crate) struct Sandbox {
    linked: Linked,
    services: Services,
    limits: Limits,
}

impl Sandbox {
    /// Compiles the component and starts the ticker, which ends with the engine.
    pub(crate) fn new(
        code: Code<'_>,
        instances: u32,
        limits: Limits,
        services: Services,
    ) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::new(&config(instances, &limits))?;
        let component = cache::compile(&engine, code.component, code.cache)?;
        let linked = Linked::new(&engine, &component)?;
        start_ticker(&engine)?;
        Ok(Self {
            linked,
            services,
            limits,
        })
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the guest itself holds its triggers to.
    pub(super) fn trigger_limits(&self) -> TriggerLimits {
        let limits = &self.limits;
        TriggerLimits {
            fuel: limits.trigger_fuel,
            call_fuel: limits.call_fuel,
            output_bytes: limits.output_bytes,
            records: limits.records_per_call,
            depth: limits.event_depth,
            content_types: self.services.whitelist.clone(),
        }
    }

    /// Makes a fresh instance; its start code runs under the load deadline.
    pub(super) fn instantiate(&self) -> Result<(Store<Data>, Exports), CallError> {
        let data = Data::new(self.services.clone(), self.limits.clone());
        let mut store = Store::new(self.linked.engine(), data);
        store.limiter(|data| data);
        store.set_hostcall_fuel(self.limits.memory_bytes);
        store.set_epoch_deadline(ticks(self.limits.load_deadline));
        store.epoch_deadline_callback(|context| Ok(context.data().update()));
        let exports = self
            .linked
            .instantiate(&mut store)
            .map_err(|error| CallError::of(&error, self.limits.load_deadline))?;
        Ok((store, exports))
    }
}

fn config(instances: u32, limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * 8)
        .total_memories(instances)
        .total_tables(instances * 4)
        .max_memories_per_component(1)
        .max_memory_size(limits.memory_bytes);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
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
