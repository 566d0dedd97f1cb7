//! Whether text that begins like a number, `true`, `false` or `null` may be one.

use super::grammar;
use crate::{
    ast::Node,
    reach::{States, behind_nodes},
};

/// Whether nodes may write one, whatever text their values are.
pub(super) fn may_be(nodes: &[Node]) -> bool {
    behind_nodes(nodes, &grammar::States::WHOLE).is_ended()
}

impl States for grammar::States {
    fn behind(&self, letter: char) -> Self {
        Self::behind(*self, letter)
    }

    fn behind_any(&self) -> Self {
        self.behind_text()
    }

    fn or(self, other: Self) -> Self {
        Self::or(self, other)
    }
}
