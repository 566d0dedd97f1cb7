//! What every instance has in common: the compiled component and its linker.

use std::{
    cell::Cell,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use action_triggers_vocabulary::{PublishError, SettingError};
use cpu_time::ThreadTime;
use wasmtime::{
    Config, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
    UpdateDeadline,
};

use super::{
    Limits,
    boundary::{Exports, Linked, TriggerLimits},
    cache,
    call::CallError,
};
use crate::{
    broker::{Offer, Registry, Routes},
    record::Message,
    settings::Settings,
};

/// How often the epoch advances: the grain of every deadline.
const TICK: Duration = Duration::from_millis(10);

/// The host's side of the imports.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) settings: Arc<Settings>,
    pub(crate) registry: Arc<Registry>,
    /// The content types that may fire at all; none allows all.
    pub(crate) whitelist: Vec<String>,
}

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
        let data = Data {
            services: self.services.clone(),
            limits: self.limits.clone(),
            call: CallContext::default(),
            allowance: Allowance::of(self.limits.load_deadline),
            accepted: Vec::new(),
            accepted_bytes: 0,
            is_full: false,
        };
        let mut store = Store::new(self.linked.engine(), data);
        store.limiter(|data| data);
        store.set_hostcall_fuel(self.limits.memory_bytes);
        store.set_epoch_deadline(ticks(self.limits.load_deadline));
        store.epoch_deadline_callback(|context| Ok(context.data().allowance.update()));
        let exports = self
            .linked
            .instantiate(&mut store)
            .map_err(|error| CallError::of(&error, self.limits.load_deadline))?;
        Ok((store, exports))
    }
}

/// CPU time that a call may take. The epoch goes by the clock on the wall, so
/// where it says that time is over, the thread is asked what it really had.
struct Allowance {
    started: Duration,
    deadline: Duration,
}

impl Allowance {
    /// Counts from now, on this thread.
    fn of(deadline: Duration) -> Self {
        Self {
            started: recent_cpu_time(),
            deadline,
        }
    }

    fn update(&self) -> UpdateDeadline {
        let spent = ThreadTime::now().as_duration().saturating_sub(self.started);
        // `started` may be a tick too early.
        match self.deadline.saturating_add(TICK).saturating_sub(spent) {
            Duration::ZERO => UpdateDeadline::Interrupt,
            left => UpdateDeadline::Continue(ticks(left)),
        }
    }
}

/// This thread's CPU time, read at most a tick ago: the clock is a system call,
/// and a call into the guest is a matter of microseconds.
fn recent_cpu_time() -> Duration {
    thread_local! {
        static READ: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
    }
    match READ.get() {
        Some((at, time)) if at.elapsed() < TICK => time,
        _ => {
            let time = ThreadTime::now().as_duration();
            READ.set(Some((Instant::now(), time)));
            time
        }
    }
}

/// Lets the next call run so long.
pub(crate) fn allow(store: &mut Store<Data>, deadline: Duration) {
    store.data_mut().allowance = Allowance::of(deadline);
    store.set_epoch_deadline(ticks(deadline));
}

/// How many ticks a deadline lasts: at least the time, at most a tick more.
fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks)
        .unwrap_or(u64::MAX / 2)
        .saturating_add(1)
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

/// What the guest may do in a call: anything else is refused.
#[derive(Default)]
struct CallContext {
    /// Whether records may be published.
    publishes: bool,
    /// How many events the call is about.
    events: u32,
    /// Whose records are taken; none before the triggers are loaded.
    routes: Option<Arc<Routes>>,
}

/// A record that was taken, and the place of its event in the call.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) event: u32,
    pub(super) trigger: u32,
    pub(super) message: Message,
}

/// What an instance's store holds: the host's side and the call's yield.
pub(crate) struct Data {
    services: Services,
    limits: Limits,
    call: CallContext,
    allowance: Allowance,
    accepted: Vec<Taken>,
    accepted_bytes: usize,
    is_full: bool,
}

impl Data {
    /// Says where records go.
    pub(super) fn know(&mut self, routes: Arc<Routes>) {
        self.call.routes = Some(routes);
    }

    /// Begins a call. What an earlier one left behind is thrown away; only a
    /// call that `publishes` may hand over records.
    pub(super) fn begin(&mut self, events: usize, publishes: bool) {
        self.accepted.clear();
        self.accepted_bytes = 0;
        self.is_full = false;
        self.call.events = u32::try_from(events).unwrap_or(u32::MAX);
        self.call.publishes = publishes;
    }

    pub(super) fn setting(&self, path: &str) -> Result<String, SettingError> {
        self.services.settings.get(path)
    }

    /// Takes a record for the call's yield and says its place in that.
    pub(super) fn publish_offer(&mut self, offer: Offer) -> Result<u32, PublishError> {
        let Some(routes) = self.call.routes.as_ref().filter(|_| self.call.publishes) else {
            return Err(PublishError::NotPublishing);
        };
        let maximum = self.limits.records_per_call;
        let number = u32::try_from(self.accepted.len()).unwrap_or(u32::MAX);
        if number >= maximum || self.accepted_bytes >= self.limits.record_bytes_per_call {
            self.is_full = true;
            return Err(PublishError::TooMany(maximum));
        }
        let (event, trigger) = (offer.event, offer.trigger);
        if event >= self.call.events {
            let message = format!("the call has no event {event}");
            return Err(PublishError::InvalidRecord(message));
        }
        let message = routes.accept(offer)?;
        self.accepted_bytes += message.record.size();
        self.accepted.push(Taken {
            event,
            trigger,
            message,
        });
        Ok(number)
    }

    /// Ends a call: its records, and whether any was refused for want of room.
    pub(super) fn end(&mut self) -> (Vec<Taken>, bool) {
        self.call.publishes = false;
        self.accepted_bytes = 0;
        (
            std::mem::take(&mut self.accepted),
            std::mem::take(&mut self.is_full),
        )
    }
}

impl ResourceLimiter for Data {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let maximum = self.limits.memory_bytes;
        if desired > maximum {
            return Err(CallError::MemoryExceeded {
                requested: desired,
                maximum,
            }
            .into());
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool bounds tables.
        Ok(true)
    }
}
