//! Django's scopes in minijinja's: where a variable that a tag sets lives, and
//! for how long.

use std::collections::BTreeMap;

use super::{
    super::ast::{Expression, Node, names_set_by},
    Emitter, Missing, name,
};

impl Emitter {
    /// Sets a variable of the innermost scope, in its cell if it has one there.
    pub(super) fn assign(&mut self, variable: &str, value: impl FnOnce(&mut Self)) {
        let in_cell = self.cells.contains(variable) && !self.in_with;
        let variable = name(variable);
        self.write(format_args!("{{% set {variable} = "));
        if in_cell {
            self.write(format_args!("{variable}|put("));
        }
        value(self);
        if in_cell {
            self.out.push(')');
        }
        self.out.push_str(" %}");
    }

    pub(super) fn for_loop(&mut self, node: &Node) {
        let Node::For {
            names,
            sequence,
            reversed,
            body,
            empty,
        } = node
        else {
            return;
        };
        let outer_with = self.in_with;
        // Where it unpacks, Django has a scope for each turn too.
        let unpacks = names.len() > 1;
        let new_cells = self.loop_scope(if unpacks { &[] } else { body }, empty);
        self.in_with = unpacks;
        self.out.push_str("{% for v_forloop");
        for variable in names {
            self.write(format_args!(", {}", name(variable)));
        }
        self.out.push_str(" in each(");
        self.expression(sequence, Missing::None);
        self.write(format_args!(
            ", v_forloop, {}, {reversed}) %}}",
            names.len()
        ));
        self.nodes(body);
        if !empty.is_empty() {
            self.out.push_str("{% else %}");
            self.in_with = false;
            self.nodes(empty);
        }
        self.out.push_str("{% endfor %}");
        if let Some(new_cells) = new_cells {
            self.out.push_str("{% endwith %}");
            for variable in new_cells {
                self.cells.remove(&variable);
            }
        }
        self.in_with = outer_with;
    }

    /// Opens a scope of Django's: one for a whole loop, where minijinja's is
    /// one for each turn. What tags set there gets a cell that outlives a turn. Gives the variables
    /// that have a cell there and none outside; none at all if there is no scope to open.
    fn loop_scope(&mut self, body: &[Node], empty: &[Node]) -> Option<Vec<String>> {
        let mut set = BTreeMap::new();
        names_set_by(body, &mut set);
        names_set_by(empty, &mut set);
        if set.is_empty() {
            return None;
        }
        let mut new_cells = Vec::new();
        let names: Vec<String> = set.keys().copied().map(name).collect();
        self.write(format_args!("{{% with ({},) = [", names.join(", ")));
        for (variable, by_cycles_alone) in &set {
            self.out.push_str(&name(variable));
            if !by_cycles_alone {
                self.out.push_str("|current");
            }
            self.out.push_str("|cell,");
            if self.cells.insert((*variable).to_owned()) {
                new_cells.push((*variable).to_owned());
            }
        }
        self.out.push_str("] %}");
        Some(new_cells)
    }

    /// All values are taken before the first name is set.
    pub(super) fn with(&mut self, variables: &[(String, Expression)], body: &[Node]) {
        let names: Vec<String> = variables
            .iter()
            .map(|(variable, _)| name(variable))
            .collect();
        self.write(format_args!("{{% with ({},) = [", names.join(", ")));
        for (variable, expression) in variables {
            self.expression(expression, Missing::Empty);
            if self.cells.contains(variable) {
                self.out.push_str("|cell");
            }
            self.out.push(',');
        }
        self.out.push_str("] %}");
        let outer = std::mem::replace(&mut self.in_with, true);
        self.nodes(body);
        self.in_with = outer;
        self.out.push_str("{% endwith %}");
    }
}
