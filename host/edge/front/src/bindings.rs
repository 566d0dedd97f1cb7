//! The types generated from `wit/`.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated: the calls across the component's boundary"
)]

wit_bindgen::generate!({
    path: ["../../../wit", "../wit"],
    world: "action-triggers:edge/front",
    generate_all,
});

pub(crate) use self::{
    action_triggers::edge::{publisher, types},
    exports::action_triggers::edge::setup,
};
