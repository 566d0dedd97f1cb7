//! What evaluating needs.

use crate::{Context, filters::Call, runtime::Bounds};

/// What a template sees, how its filters are called, and what they may use.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(super) context: &'a Context,
    pub(super) call: Call,
    pub(super) bounds: &'a Bounds,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(context: &'a Context, autoescape: bool, bounds: &'a Bounds) -> Self {
        let now = context.now;
        Self {
            context,
            call: Call {
                autoescape,
                now,
                ..Call::default()
            },
            bounds,
        }
    }
}
