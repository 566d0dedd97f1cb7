//! What a rendering remembers between one tag and the next.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, State, Value};

use crate::json_text::Position;

/// The memory of one rendering.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where in a JSON text the output stands, if it is one.
    pub(super) position: Option<Position>,
    /// The bytes written so far, captured ones included.
    pub(super) written: usize,
    /// The loops begun so far.
    pub(super) loops: usize,
    /// How often each `{% cycle %}` was asked.
    pub(super) cycles: BTreeMap<usize, usize>,
    /// What each `{% ifchanged %}` saw last, by the loop it stands in.
    pub(super) seen: BTreeMap<(Option<usize>, usize), Value>,
    /// What each `{% regroup %}` has collected: keys with their items.
    pub(super) groups: BTreeMap<usize, Vec<(Value, Vec<Value>)>>,
}

/// Whether output is escaped for HTML at this point.
pub(super) fn escapes(state: &State<'_, '_>) -> bool {
    !matches!(state.auto_escape(), AutoEscape::None)
}
