//! From the tree to minijinja's source.
//!
//! | Django | minijinja |
//! |---|---|
//! | `{{ a.b\|upper }}` | `{{ v_a\|at("b")\|upper }}` |
//! | `{% if a and b > 1 %}` | `{% if truth((v_a\|or_none\|no_error and greater(v_b\|or_none, 1)\|no_error)) %}` |
//! | `{% for x in list %}` | `{% for v_forloop, v_x in each(v_list\|or_none, v_forloop, 1, false) %}` |
//! | `{% with a=1 b=a %}` | `{% with (v_a, v_b) = [1, v_a\|or_empty] %}` |
//! | `{% spaceless %}…` | `{% set c_1 %}…{% endset %}{{ c_1\|spaceless }}` |
//!
//! Control flow, scopes and captures are minijinja's; what Django means by a
//! lookup, a filter or an operator is in `runtime`. Names carry a prefix, so
//! that none is a keyword of minijinja's.

mod conditions;
mod scopes;

use std::collections::BTreeSet;

use super::{
    ast::{Condition, Expression, FilterCall, Node, Operand, Target},
    json_text::{ARGUMENT, FORMS, Form},
};

/// What a missing variable or a failing filter means at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It stays undefined: the output and the filters take it for `''`.
    Undefined,
    /// `''`
    Empty,
    /// `None`: Django's `ignore_failures`.
    None,
    /// `None`, and a filter's error becomes a value that is looked at later.
    QuietNone,
    /// `''`, and the same of errors.
    QuietEmpty,
}

/// Writes a template, one that may be JSON text or not.
pub(super) fn template(nodes: &[Node], cycles: BTreeSet<String>, is_json_text: bool) -> String {
    let mut emitter = Emitter {
        cells: cycles,
        is_json_text,
        ..Emitter::default()
    };
    if is_json_text {
        emitter.out.push_str("{{ begin() }}");
    }
    emitter.nodes(nodes);
    emitter.out
}

/// A variable's name in minijinja.
fn name(django: &str) -> String {
    if django
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return format!("v_{django}");
    }
    let mut name = String::from("u_");
    for byte in django.bytes() {
        for digit in [byte >> 4, byte & 15] {
            name.extend(char::from_digit(digit.into(), 16));
        }
    }
    name
}

/// Django's name of a variable of minijinja's.
pub(super) fn django_name(name: &str) -> Option<std::borrow::Cow<'_, str>> {
    if let Some(name) = name.strip_prefix("v_") {
        return Some(name.into());
    }
    let bytes: Option<Vec<u8>> = name
        .strip_prefix("u_")?
        .as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok())
        .collect();
    Some(String::from_utf8(bytes?).ok()?.into())
}

#[derive(Default)]
struct Emitter {
    out: String,
    /// How many captures are around: their text is counted as it is written.
    captures: usize,
    /// The variables that may hold a cell here: those of named cycles, and
    /// what tags set in the loops around.
    cells: BTreeSet<String>,
    /// Whether the innermost scope is a `{% with %}`.
    in_with: bool,
    /// Whether values are written as JSON where the text is.
    is_json_text: bool,
}

impl Emitter {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text(text) => self.text(text),
            Node::Output(expression, _) => self.output(|out| {
                if out.is_json_text {
                    let (form, filters) = Form::of(expression);
                    out.operand(&expression.operand);
                    out.filters(filters, false);
                    out.placed(form);
                } else {
                    out.expression(expression, Missing::Undefined);
                }
            }),
            Node::If {
                branches,
                otherwise,
            } => self.if_block(branches, otherwise),
            Node::For { .. } => self.for_loop(node),
            Node::With { variables, body } => self.with(variables, body),
            Node::Cycle { .. } => self.cycle(node),
            Node::ResetCycle { number } => {
                self.output(|out| out.write(format_args!("reset_cycle({number})")));
            }
            Node::IfChanged { .. } => self.if_changed(node),
            Node::Regroup { .. } => self.regroup(node),
            Node::Filter {
                number,
                filters,
                body,
            } => {
                self.capture(*number, body);
                self.output(|out| {
                    out.write(format_args!("c_{number}|raw"));
                    out.block_filters(filters);
                    out.out.push_str("|filtered");
                });
            }
            Node::Autoescape { on, body } => {
                let mode = if *on { "html" } else { "none" };
                self.write(format_args!("{{% autoescape \"{mode}\" %}}"));
                self.nodes(body);
                self.out.push_str("{% endautoescape %}");
            }
            Node::Spaceless { number, body } => {
                self.capture(*number, body);
                self.output(|out| out.write(format_args!("c_{number}|spaceless")));
            }
            Node::FirstOf { .. }
            | Node::WidthRatio { .. }
            | Node::Now { .. }
            | Node::Lorem { .. } => {
                self.computed(node);
            }
        }
    }

    /// Tags that are one call of a function.
    fn computed(&mut self, node: &Node) {
        match node {
            Node::FirstOf { values, target } => self.targeted(target, |out| {
                out.out.push_str("first_of(");
                out.list(values, Missing::QuietNone);
                out.out.push(')');
            }),
            Node::WidthRatio {
                value,
                maximum,
                width,
                target,
            } => self.targeted(target, |out| {
                let values = [value.clone(), maximum.clone(), width.clone()];
                out.out.push_str("width_ratio(");
                out.list(&values, Missing::QuietEmpty);
                out.out.push_str(")|raw");
            }),
            Node::Now { format, target } => self.targeted(target, |out| {
                out.out.push_str("now(");
                out.string(format);
                out.out.push_str(")|raw");
            }),
            Node::Lorem {
                count,
                method,
                common,
            } => self.output(|out| {
                out.out.push_str("lorem(");
                out.expression(count, Missing::Empty);
                out.write(format_args!(", \"{method}\", {common})|raw"));
                out.placed(Form::Value);
            }),
            _ => {}
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.push_str(&text.to_string());
    }

    fn output(&mut self, expression: impl FnOnce(&mut Self)) {
        self.out.push_str("{{ ");
        expression(self);
        self.out.push_str(" }}");
    }

    /// Writes a tag's answer, or sets a variable to what would be written.
    fn targeted(&mut self, target: &Target, expression: impl FnOnce(&mut Self)) {
        match target {
            Target::Output => self.output(|out| {
                expression(out);
                out.placed(Form::Value);
            }),
            Target::Variable(variable) => self.assign(variable, |out| {
                expression(out);
                out.out.push_str("|as_output");
            }),
        }
    }

    /// Ends the expression of a value that is written where the JSON text stands.
    fn placed(&mut self, form: Form) {
        if self.is_json_text {
            let filter = FORMS.into_iter().find(|(_, known)| *known == form);
            self.write(format_args!("|{}", filter.map_or("", |(name, _)| name)));
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_json_text {
            self.output(|out| {
                out.out.push_str("text(");
                out.string(text);
                out.out.push(')');
            });
        } else if self.captures == 0 && !text.contains('{') {
            self.out.push_str(text);
        } else {
            self.output(|out| {
                out.string(text);
                out.out.push_str("|raw");
            });
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        self.out
            .push_str(&text.replace('\\', "\\\\").replace('"', "\\\""));
        self.out.push('"');
    }

    fn if_block(&mut self, branches: &[(Condition, Vec<Node>)], otherwise: &[Node]) {
        let mut keyword = "if";
        for (condition, body) in branches {
            self.write(format_args!("{{% {keyword} truth("));
            self.condition(condition);
            self.out.push_str(") %}");
            self.nodes(body);
            keyword = "elif";
        }
        if !otherwise.is_empty() {
            self.out.push_str("{% else %}");
            self.nodes(otherwise);
        }
        self.out.push_str("{% endif %}");
    }

    fn cycle(&mut self, node: &Node) {
        let Node::Cycle {
            number,
            values,
            name: variable,
            silent,
        } = node
        else {
            return;
        };
        let Some(variable) = variable else {
            return self.output(|out| {
                out.write(format_args!("cycle({number}, "));
                out.list(values, Missing::QuietEmpty);
                out.out.push(')');
                out.placed(Form::Value);
            });
        };
        let variable = name(variable);
        self.write(format_args!(
            "{{% set {variable} = {variable}|put(cycle({number}, "
        ));
        self.list(values, Missing::QuietEmpty);
        self.out.push_str(")) %}");
        if !silent {
            self.output(|out| {
                out.write(format_args!("{variable}|current"));
                out.placed(Form::Value);
            });
        }
    }

    fn if_changed(&mut self, node: &Node) {
        let Node::IfChanged {
            number,
            values,
            body,
            otherwise,
        } = node
        else {
            return;
        };
        if values.is_empty() {
            if self.is_json_text {
                self.write(format_args!("{{% set p_{number} = place() %}}"));
            }
            self.capture(*number, body);
        }
        self.write(format_args!("{{% if changed({number}, v_forloop, "));
        if values.is_empty() {
            self.write(format_args!("c_{number}"));
        } else {
            self.list(values, Missing::None);
        }
        self.out.push_str(") %}");
        if values.is_empty() {
            self.output(|out| out.write(format_args!("c_{number}|raw")));
        } else {
            self.nodes(body);
        }
        self.out.push_str("{% else %}");
        if values.is_empty() && self.is_json_text {
            self.output(|out| out.write(format_args!("back_to(p_{number})")));
        }
        self.nodes(otherwise);
        self.out.push_str("{% endif %}");
    }

    fn regroup(&mut self, node: &Node) {
        let Node::Regroup {
            number,
            sequence,
            key,
            name: variable,
        } = node
        else {
            return;
        };
        let member = name(variable);
        self.write(format_args!("{{% for {member} in members("));
        self.expression(sequence, Missing::None);
        self.write(format_args!(") %}}{{{{ collect({number}, {member}, "));
        self.expression(key, Missing::None);
        self.out.push_str(") }}{% endfor %}");
        self.assign(variable, |out| out.write(format_args!("groups({number})")));
    }

    fn capture(&mut self, number: usize, body: &[Node]) {
        self.write(format_args!("{{% set c_{number} %}}"));
        self.captures += 1;
        self.nodes(body);
        self.captures -= 1;
        self.out.push_str("{% endset %}");
    }

    fn list(&mut self, values: &[Expression], missing: Missing) {
        self.out.push('[');
        for value in values {
            self.expression(value, missing);
            self.out.push_str(", ");
        }
        self.out.push(']');
    }

    fn expression(&mut self, expression: &Expression, missing: Missing) {
        self.operand(&expression.operand);
        let is_variable = matches!(expression.operand, Operand::Variable(_));
        match missing {
            Missing::QuietEmpty if is_variable => self.out.push_str("|or_empty"),
            Missing::Empty if is_variable && expression.filters.is_empty() => {
                self.out.push_str("|or_empty");
            }
            Missing::None | Missing::QuietNone if is_variable => self.out.push_str("|or_none"),
            _ => {}
        }
        self.filters(
            &expression.filters,
            matches!(missing, Missing::QuietNone | Missing::QuietEmpty),
        );
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Variable(path) => {
                let (first, rest) = path
                    .split_first()
                    .map_or(("", &[][..]), |(first, rest)| (first, rest));
                self.out.push_str(&name(first));
                if self.cells.contains(first) {
                    self.out.push_str("|current");
                }
                if !rest.is_empty() {
                    self.out.push_str("|at(");
                    self.string(&rest.join("."));
                    self.out.push(')');
                }
            }
            Operand::Text(text) => {
                self.string(text);
                self.out.push_str("|raw");
            }
            Operand::Number(text) if text.parse::<u32>().is_ok() => self.out.push_str(text),
            Operand::Number(text) => {
                self.out.push_str("number(");
                self.string(text);
                self.out.push(')');
            }
        }
    }

    /// The filters of a `{% filter %}` block: in JSON text their arguments are written as values
    /// are there, for what the block gives is not looked at again.
    fn block_filters(&mut self, filters: &[FilterCall]) {
        for call in filters {
            self.write(format_args!("|{}", call.filter.name));
            if let Some(argument) = &call.argument {
                self.out.push('(');
                self.operand(argument);
                if self.is_json_text && matches!(argument, Operand::Variable(_)) {
                    // Django's `join` escapes what it joins by, whatever the mode.
                    let escape = call.filter.name == "join";
                    self.write(format_args!("|{ARGUMENT}({escape})"));
                }
                self.out.push(')');
            }
        }
    }

    fn filters(&mut self, filters: &[FilterCall], quiet: bool) {
        for call in filters {
            if quiet {
                self.write(format_args!("|quietly(\"{}\"", call.filter.name));
            } else {
                self.write(format_args!("|{}", call.filter.name));
            }
            if let Some(argument) = &call.argument {
                self.out.push_str(if quiet { ", " } else { "(" });
                self.operand(argument);
            }
            if quiet || call.argument.is_some() {
                self.out.push(')');
            }
        }
    }
}
