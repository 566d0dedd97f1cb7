//! The types generated from `wit/`.

#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in wit/"
)]
mod edge {
    wasmtime::component::bindgen!({
        path: ["../../wit", "wit"],
        world: "action-triggers:edge/edge",
    });
}

#[allow(
    missing_docs,
    dead_code,
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in wit/"
)]
mod front {
    wasmtime::component::bindgen!({
        path: ["../../wit", "wit"],
        world: "action-triggers:edge/front",
    });
}

pub(super) use self::edge::{Edge, exports::action_triggers::edge::types};
pub(super) use self::front::{Front, exports::action_triggers::edge::setup};
