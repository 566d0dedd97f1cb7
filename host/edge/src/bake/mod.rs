//! Loads a configuration and its triggers ahead: what comes out are the same components,
//! which hold both from their first instruction on.
//!
//! Wizer makes a component of what an instance's memory and globals hold. It takes no
//! components within components, so the rules and the engine are opened each for
//! itself, composed, configured by the call that every host makes, and each put down
//! as it is then. The facade holds nothing.

mod app;
mod baked;
mod bindings;
mod error;
mod image;
mod sources;
mod workshop;

pub use self::{
    app::{App, AppOptions, app},
    baked::{Baked, bake},
    error::BakeError,
};
