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

pub(super) use self::edge::{Edge, exports::action_triggers::edge::types};
