//! Tags with a body.

use std::collections::BTreeSet;

use super::super::{
    ast::Node,
    expression::{Fault, NO_RANGE},
    lexer::Part,
    parser::{Parser, command},
    python,
};

/// The most branches of one `{% if %}`.
const MOST_BRANCHES: usize = 100;

impl<'a> Parser<'a> {
    pub(super) fn autoescape(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Node {
        let on = match arguments {
            [argument] if matches!(argument.text, "on" | "off") => argument.text == "on",
            _ => {
                self.misused(tag, "`autoescape` takes `on` or `off`");
                false
            }
        };
        let (body, _) = self.body(tag, &["endautoescape"]);
        Node::Autoescape { on, body }
    }

    pub(super) fn if_block(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Node {
        const ENDS: &[&str] = &["elif", "else", "endif"];
        let mut branches = Vec::new();
        let mut condition = self.condition(tag, arguments);
        let (mut body, mut end) = self.body(tag, ENDS);
        while let Some(next) = end.filter(|end| command(*end) == "elif") {
            branches.extend(condition.map(|condition| (condition, body)));
            let pieces = next.split();
            condition = self.condition(next, pieces.get(1..).unwrap_or_default());
            (body, end) = self.body(tag, ENDS);
        }
        branches.extend(condition.map(|condition| (condition, body)));
        let mut otherwise = Vec::new();
        if end.is_some_and(|end| end.text == "else") {
            (otherwise, end) = self.body(tag, &["endif"]);
        }
        if let Some(end) = end.filter(|end| end.text != "endif") {
            self.misused(end, "`else` and `endif` take no arguments");
        }
        if branches.len() > MOST_BRANCHES {
            let message = format!("`if` has more than {MOST_BRANCHES} branches");
            self.fault(Fault::new("template_too_deep", tag, message));
        }
        Node::If {
            branches,
            otherwise,
        }
    }

    pub(super) fn for_loop(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (reversed, arguments) = match arguments {
            [rest @ .., last] if last.text == "reversed" && arguments.len() > 3 => (true, rest),
            _ => (false, arguments),
        };
        let head = match arguments {
            [names @ .., word, sequence] if word.text == "in" && !names.is_empty() => {
                let names = loop_names(names);
                if names.is_none() {
                    self.misused(
                        tag,
                        "`for` needs names before `in`, with commas between them",
                    );
                }
                let sequence = self.expression(*sequence);
                names.zip(sequence)
            }
            _ => {
                self.fault(misused_for(tag, arguments));
                None
            }
        };
        let mut bound = head
            .as_ref()
            .map(|(names, _)| names.clone())
            .unwrap_or_default();
        bound.push("forloop".into());
        let (body, end) = self.scoped_body(tag, bound, &["empty", "endfor"]);
        let empty = match end {
            Some(end) if end.text == "empty" => self.scoped_body(tag, Vec::new(), &["endfor"]).0,
            _ => Vec::new(),
        };
        let (names, sequence) = head?;
        Some(Node::For {
            names,
            sequence,
            reversed,
            body,
            empty,
        })
    }

    pub(super) fn with(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (mut pairs, rest) = assignments(arguments);
        // Of a repeated name the last value counts.
        let mut names = BTreeSet::new();
        pairs.reverse();
        pairs.retain(|(name, _)| names.insert(name.text));
        if pairs.is_empty() {
            self.misused(tag, "`with` needs at least one `name=value`");
        } else if let [unexpected, ..] = rest {
            self.misused(
                *unexpected,
                &format!("`{}` is not expected in `with`", unexpected.text),
            );
        }
        let names: Vec<String> = pairs.iter().map(|(name, _)| name.text.to_owned()).collect();
        let values: Vec<Part<'a>> = pairs.iter().map(|(_, value)| *value).collect();
        let values = self.expressions(&values);
        let (body, _) = self.scoped_body(tag, names.clone(), &["endwith"]);
        let variables = names.into_iter().zip(values?).collect();
        Some(Node::With { variables, body })
    }

    pub(super) fn if_changed(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let number = self.number();
        let values = self.expressions(arguments);
        let (body, end) = self.body(tag, &["else", "endifchanged"]);
        let otherwise = match end {
            Some(end) if end.text == "else" => self.body(tag, &["endifchanged"]).0,
            _ => Vec::new(),
        };
        Some(Node::IfChanged {
            number,
            values: values?,
            body,
            otherwise,
        })
    }

    pub(super) fn filter(&mut self, tag: Part<'a>) -> Option<Node> {
        let rest = tag.text.strip_prefix("filter").unwrap_or_default();
        let filters = python::strip(rest);
        let offset = tag.offset + tag.text.len() - filters.len();
        let text = format!("var|{filters}");
        let part = Part {
            text: &text,
            offset: offset.saturating_sub(4),
        };
        self.bind("var");
        let expression = self.expression(part);
        let number = self.number();
        let (body, _) = self.body(tag, &["endfilter"]);
        let filters = expression?.filters;
        let banned = filters
            .iter()
            .find(|call| matches!(call.filter.name, "escape" | "safe"));
        if let Some(call) = banned {
            let message = format!(
                "`filter {}` is not allowed; use `autoescape`",
                call.filter.name
            );
            return self.misused(tag, &message);
        }
        Some(Node::Filter {
            number,
            filters,
            body,
        })
    }
}

/// A `{% for %}` that is not one, with what Django has in place of Jinja's ways.
fn misused_for(tag: Part<'_>, arguments: &[Part<'_>]) -> Fault {
    let message = "`for` is written `for name in list`";
    let fault = Fault::new("template_tag_arguments", tag, message);
    let has = |text: &str| {
        arguments
            .iter()
            .any(|argument| argument.text.starts_with(text))
    };
    if has("range(") {
        fault.help(NO_RANGE)
    } else if arguments.iter().any(|argument| argument.text == "if") {
        fault.help(
            "a loop with a condition is Jinja's; Django writes an `{% if %}` inside of the loop",
        )
    } else {
        fault
    }
}

/// The names before `in`: separated by commas, with or without spaces.
fn loop_names(pieces: &[Part<'_>]) -> Option<Vec<String>> {
    let joined: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
    let joined = joined.join(" ");
    joined
        .split(',')
        .map(|name| {
            let name = name.trim_matches(' ');
            let is_name = !name.is_empty() && !name.contains([' ', '"', '\'', '|']);
            is_name.then(|| name.to_owned())
        })
        .collect()
}

type Assignments<'a, 'b> = (Vec<(Part<'a>, Part<'a>)>, &'b [Part<'a>]);

/// `name=value …`, or the older `value as name and …`, and what is left over.
fn assignments<'a, 'b>(mut pieces: &'b [Part<'a>]) -> Assignments<'a, 'b> {
    let mut pairs = Vec::new();
    let new_form = pieces
        .first()
        .is_some_and(|piece| assignment(*piece).is_some());
    loop {
        if new_form {
            let Some((pair, rest)) = pieces
                .split_first()
                .and_then(|(first, rest)| Some((assignment(*first)?, rest)))
            else {
                return (pairs, pieces);
            };
            pairs.push(pair);
            pieces = rest;
            continue;
        }
        let [value, word, name, rest @ ..] = pieces else {
            return (pairs, pieces);
        };
        if word.text != "as" {
            return (pairs, pieces);
        }
        pairs.push((*name, *value));
        pieces = match rest {
            [and, rest @ ..] if and.text == "and" => rest,
            rest => return (pairs, rest),
        };
    }
}

fn assignment(piece: Part<'_>) -> Option<(Part<'_>, Part<'_>)> {
    let equals = piece.text.find('=')?;
    let name = piece.slice(0, equals);
    let is_name = !name.text.is_empty()
        && name
            .text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
    let value = piece.slice(equals + 1, piece.text.len());
    (is_name && !value.text.is_empty()).then_some((name, value))
}
