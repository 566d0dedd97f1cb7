//! The sandboxed half of action-triggers: decides which triggers an event
//! fires and renders what they publish.

pub mod json;
pub mod template;
