//! String payloads that are JSON text.
//!
//! A payload whose first output is static text that begins a JSON object, list
//! or string is JSON text: as it renders, its static text says whether the
//! output stands inside a string or outside of one, and values are written
//! accordingly. So no value can end a string or add a member.

use std::collections::BTreeSet;

use super::{
    ast::{Expression, FilterCall, Node, Operand, Target},
    error::{Lines, Span},
    output, python,
};
use crate::json::{self, write};
use minijinja::Value;

/// Where in a JSON text the output stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Nothing but white space was written yet.
    Start,
    /// The output is no JSON text.
    Text,
    /// Between the strings.
    Outside,
    /// Inside a string.
    Inside,
    /// Inside a string, behind the backslash of an escape.
    Escaping,
}

impl Position {
    /// Whether the output so far is JSON text.
    pub(super) fn is_json(self) -> bool {
        matches!(self, Self::Outside | Self::Inside | Self::Escaping)
    }

    /// Goes on behind static text.
    pub(super) fn pass(&mut self, text: &str) {
        if *self == Self::Start {
            *self = match text.trim_ascii_start().as_bytes().first() {
                None => return,
                Some(b'{' | b'[' | b'"') => Self::Outside,
                Some(_) => Self::Text,
            };
        }
        if *self == Self::Text {
            return;
        }
        for byte in text.bytes() {
            *self = match (*self, byte) {
                (Self::Outside, b'"') | (Self::Escaping, _) => Self::Inside,
                (Self::Inside, b'"') => Self::Outside,
                (Self::Inside, b'\\') => Self::Escaping,
                (same, _) => same,
            };
        }
    }

    /// A variable as the argument of a filter that works on what is written here; none where it
    /// can stay as it is. `escape` says that the filter would escape it for HTML.
    pub(super) fn argument(mut self, value: &Value, escape: bool) -> Option<Value> {
        let is_text = match python::kind(value) {
            python::Kind::Str(_) => true,
            // `join` makes a text of it.
            python::Kind::List | python::Kind::Dict => escape,
            _ => false,
        };
        if value.is_undefined() || !is_text || !self.is_json() {
            return None;
        }
        if self == Self::Escaping {
            self = Self::Inside;
        }
        let mut text = String::new();
        self.place(value, escape, Form::Value, &mut text);
        Some(Value::from_safe_string(text))
    }

    /// Writes a value as it is due here; false where it is to be written plainly.
    pub(super) fn place(
        &mut self,
        value: &Value,
        escape: bool,
        form: Form,
        out: &mut String,
    ) -> bool {
        let escape = escape && form != Form::Safe;
        match self {
            Self::Start | Self::Text => {
                *self = Self::Text;
                return false;
            }
            Self::Outside => {
                write_outside(value, escape, out);
                return true;
            }
            Self::Inside => {}
            Self::Escaping => {
                // A backslash that is not doubled would escape what the value begins with.
                out.push('\\');
                *self = Self::Inside;
            }
        }
        match form {
            Form::Value => write::string_content(&output::rendered(value, escape), out),
            Form::Safe => write::string_content(&python::as_text(value), out),
            Form::Content => out.push_str(&output::rendered(value, escape)),
        }
        true
    }
}

/// What an expression gives to be written into JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A value.
    Value,
    /// A value that goes through `safe`, which marks its text.
    Safe,
    /// The inside of a JSON string, escaped already.
    Content,
}

/// The filters that write a value of each form.
pub(super) const FORMS: [(&str, Form); 3] = [
    ("placed", Form::Value),
    ("placed_safe", Form::Safe),
    ("placed_content", Form::Content),
];

/// The filter that writes an argument of a block's filter.
pub(super) const ARGUMENT: &str = "argument";

impl Form {
    /// The form of what an expression gives, and its filters without `safe` at their end.
    pub(super) fn of(expression: &Expression) -> (Self, &[FilterCall]) {
        let mut filters = expression.filters.as_slice();
        while let [rest @ .., last] = filters
            && last.filter.name == "safe"
        {
            filters = rest;
        }
        let is_content = filters
            .last()
            .is_some_and(|call| call.filter.name == "escapejs");
        let form = if is_content {
            Self::Content
        } else if filters.len() < expression.filters.len() {
            Self::Safe
        } else {
            Self::Value
        };
        (form, filters)
    }
}

/// Writes a value that is to be one of JSON's own; a missing one is nothing.
fn write_outside(value: &Value, escape: bool, out: &mut String) {
    if value.is_undefined() {
        return;
    }
    let field = value.downcast_object_ref::<json::Field>();
    let number = match (python::kind(value), field) {
        (python::Kind::Str(text), _) => Some(text),
        (python::Kind::Decimal(_), Some(field)) => Some(field.text()),
        _ => None,
    };
    if let Some(number) = number.filter(|text| json::is_number(text)) {
        out.push_str(number);
    } else if number.is_some() {
        write::string(&output::rendered(value, escape), out);
    } else {
        let start = out.len();
        if write::value(value, out).is_err() {
            out.truncate(start);
            // An infinity has no JSON form, and what it is written as makes the payload a text.
            out.push_str(&output::rendered(value, escape));
        }
    }
}

/// What a template that may be JSON text was rendered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// It is no JSON text.
    Text,
    /// JSON text. Whether that makes it JSON is for a reader to say.
    JsonText,
    /// JSON, compact, no object of it with two members of one name.
    CompactJson,
}

/// What JSON text is hardly meant to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A variable stands outside of strings and has no default: without it the
    /// payload is not JSON.
    Unquoted(Span),
    /// A string in single quotes, which JSON does not have.
    SingleQuotes,
}

/// Goes through a template as it would render, each branch once.
#[derive(Debug)]
pub(super) struct Doubts {
    position: Position,
    bound: BTreeSet<String>,
    has_single_quotes: bool,
    /// The places of variables that stand outside of strings, in bytes.
    unquoted: Vec<(usize, usize)>,
}

impl Doubts {
    /// What to doubt in a template that may be JSON text.
    pub(super) fn of(source: &str, nodes: &[Node]) -> Vec<Doubt> {
        let mut doubts = Self {
            position: Position::Start,
            bound: BTreeSet::from(["forloop".into()]),
            has_single_quotes: false,
            unquoted: Vec::new(),
        };
        doubts.nodes(nodes);
        if doubts.has_single_quotes {
            return vec![Doubt::SingleQuotes];
        }
        if doubts.unquoted.is_empty() {
            return Vec::new();
        }
        let lines = Lines::new(source);
        let places = doubts.unquoted.into_iter();
        places
            .map(|(offset, length)| Doubt::Unquoted(lines.span(offset, length)))
            .collect()
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text(text) => self.text(text),
            Node::Output(expression, place) => self.output(expression, *place),
            Node::If {
                branches,
                otherwise,
            } => {
                let bodies = branches.iter().map(|(_, body)| body.as_slice());
                self.branches(bodies.chain([otherwise.as_slice()]));
            }
            Node::IfChanged {
                body, otherwise, ..
            } => self.branches([body.as_slice(), otherwise.as_slice()]),
            Node::For {
                names, body, empty, ..
            } => {
                self.bound.extend(names.iter().cloned());
                self.branches([body.as_slice(), empty.as_slice()]);
            }
            Node::With { variables, body } => {
                self.bound
                    .extend(variables.iter().map(|(name, _)| name.clone()));
                self.nodes(body);
            }
            Node::Filter { body, .. }
            | Node::Autoescape { body, .. }
            | Node::Spaceless { body, .. } => self.nodes(body),
            Node::Cycle { name, silent, .. } => {
                self.bound.extend(name.clone());
                self.value_tag(!silent);
            }
            Node::FirstOf { target, .. }
            | Node::WidthRatio { target, .. }
            | Node::Now { target, .. } => {
                if let Target::Variable(name) = target {
                    self.bound.extend([name.clone()]);
                }
                self.value_tag(matches!(target, Target::Output));
            }
            Node::Regroup { name, .. } => self.bound.extend([name.clone()]),
            Node::Lorem { .. } => self.value_tag(true),
            Node::ResetCycle { .. } => {}
        }
    }

    /// All begin where the output stands; the first says where it goes on.
    fn branches<'a>(&mut self, bodies: impl IntoIterator<Item = &'a [Node]>) {
        let start = self.position;
        let mut end = None;
        for body in bodies {
            self.position = start;
            self.nodes(body);
            end.get_or_insert(self.position);
        }
        self.position = end.unwrap_or(start);
    }

    fn value_tag(&mut self, writes: bool) {
        if writes && self.position == Position::Start {
            self.position = Position::Text;
        }
    }

    fn text(&mut self, text: &str) {
        let mut end = self.position;
        end.pass(text);
        if end.is_json() && !self.has_single_quotes {
            let mut position = self.position;
            for (start, character) in text.char_indices() {
                if character == '\'' && matches!(position, Position::Outside | Position::Start) {
                    self.has_single_quotes = true;
                    break;
                }
                let end = start + character.len_utf8();
                position.pass(text.get(start..end).unwrap_or_default());
            }
        }
        self.position = end;
    }

    fn output(&mut self, expression: &Expression, place: (usize, usize)) {
        self.value_tag(true);
        let Operand::Variable(path) = &expression.operand else {
            return;
        };
        let is_open = self.position == Position::Outside
            && Form::of(expression).1.is_empty()
            && path.first().is_some_and(|name| {
                !self.bound.contains(name) && !matches!(name.as_str(), "True" | "False" | "None")
            });
        if is_open {
            self.unquoted.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_text_says_where_the_output_stands() {
        for (text, expected) in [
            (" \n", Position::Start),
            (" {", Position::Outside),
            ("{\"a\": \"", Position::Inside),
            ("[\"a\\\"", Position::Inside),
            ("[\"a\\", Position::Escaping),
            ("\"a\\\\\"", Position::Outside),
            ("Hello {\"", Position::Text),
        ] {
            let mut position = Position::Start;
            position.pass(text);
            assert_eq!(position, expected, "{text}");
        }
    }
}
