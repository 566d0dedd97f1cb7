//! The components that this crate was built with.

/// The engine without the filters that only web pages need. A template that names one of
/// them is refused with `template_left_out`.
pub(crate) const SMALL: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_SMALL"));

/// The engine as a core module, for hosts that know no components.
pub(crate) const MODULE: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_MODULE"));

/// What gives the engine its imports and delivers what it hands over, without I/O.
pub(crate) const RULES: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_RULES"));

/// What drives the engine and the rules.
pub(crate) const FACADE: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_FACADE"));

/// What answers requests of wasi:http by a publisher.
pub(crate) const FRONT: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_FRONT"));

/// The same, which reads secrets from the environment.
pub(crate) const FRONT_WITH_ENVIRONMENT: &[u8] =
    include_bytes!(env!("ACTION_TRIGGERS_FRONT_WITH_ENVIRONMENT"));
