//! The publisher, opened: configured here, and put down as what it holds then.

use std::sync::LazyLock;

use wasmtime::{
    Engine, OptLevel, Store,
    component::{Component, Linker},
};

use super::{
    bindings::{Edge, types},
    error::BakeError,
    image::{Image, Opened, STATE},
};
use crate::compose::{Parts, compose_open};

/// Under which names the composition shows the state of its parts.
const STATES: [&str; 2] = ["rules-state", "engine-state"];

/// The publisher, opened and compiled. It is the same for every configuration.
pub(super) struct Workshop {
    rules: Opened<'static>,
    engine: Opened<'static>,
    wasm: Engine,
    component: Component,
}

impl Workshop {
    pub(super) fn of_this_process() -> Result<&'static Self, BakeError> {
        static WORKSHOP: LazyLock<Result<Workshop, BakeError>> = LazyLock::new(Workshop::new);
        WORKSHOP.as_ref().map_err(BakeError::failed)
    }

    fn new() -> Result<Self, BakeError> {
        let plain = Parts::embedded();
        let (rules, engine) = (Opened::new(plain.rules)?, Opened::new(plain.engine)?);
        let parts = Parts {
            rules: rules.bytes(),
            engine: engine.bytes(),
            ..plain
        };
        let open = compose_open(parts, STATE, STATES)?;
        let mut settings = wasmtime::Config::new();
        // It runs once: compiling well takes longer than it could save.
        settings.cranelift_opt_level(OptLevel::None);
        let wasm = Engine::new(&settings).map_err(BakeError::failed)?;
        let component = Component::new(&wasm, open).map_err(BakeError::failed)?;
        Ok(Self {
            rules,
            engine,
            wasm,
            component,
        })
    }

    /// Configures a publisher: what its parts hold then, or the problems for which the
    /// configuration was refused.
    pub(super) fn configured(
        &self,
        given: &types::Configuration,
    ) -> Result<Result<Held, Vec<types::Problem>>, BakeError> {
        let mut store = Store::new(&self.wasm, ());
        // It has no imports: nothing of this machine can get in.
        let instance = Linker::new(&self.wasm).instantiate(&mut store, &self.component);
        let instance = instance.map_err(BakeError::failed)?;
        let publisher = Edge::new(&mut store, &instance).map_err(BakeError::failed)?;
        let publisher = publisher.action_triggers_edge_publisher();
        let configured = publisher.call_configure(&mut store, given);
        let warnings = match configured.map_err(BakeError::failed)? {
            Ok(warnings) => warnings,
            // What was refused would be put down as well.
            Err(problems) => return Ok(Err(problems)),
        };
        let mut holding = |part: &Opened<'_>, state: &str| {
            let image = Image::of(&mut store, (&self.component, &instance), state)?;
            part.holding(image)
        };
        let [rules, engine] = STATES;
        Ok(Ok(Held {
            rules: holding(&self.rules, rules)?,
            engine: holding(&self.engine, engine)?,
            warnings,
        }))
    }
}

/// Parts that hold a configuration.
pub(super) struct Held {
    pub(super) rules: Vec<u8>,
    pub(super) engine: Vec<u8>,
    /// What of the configuration is hardly meant.
    pub(super) warnings: Vec<types::Problem>,
}
