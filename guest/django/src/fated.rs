//! What fails for every event: a filter whose argument is written in the template and is wrong
//! for any value, or that is given only what the template writes.

use std::{slice, sync::LazyLock};

use minijinja::Value;

use crate::{
    ast::{Condition, Expression, FilterCall, Inside, Node, Operand},
    context::Variable,
    dates::{self, Timestamp},
    error::Span,
    filters::{Call, FilterError},
    json, runtime,
};

/// Something that fails, whatever the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fated {
    /// Why.
    pub message: String,
    /// Where in the source, in bytes; the whole of it where that is not known.
    place: Option<(usize, usize)>,
}

impl Fated {
    /// Where in its source it is.
    pub fn span(&self, source: &str) -> Span {
        let (offset, length) = self.place.unwrap_or((0, source.len()));
        Span::of(source, offset, length)
    }
}

/// How far a template is the same for every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constancy {
    /// It reads what an event has.
    Varies,
    /// It may read an event's time, and nothing else.
    Timed,
    /// It reads nothing of an event.
    Constant,
}

impl Constancy {
    /// Of a template with these variables.
    pub(super) fn of_nodes(nodes: &[Node], variables: &[Variable]) -> Self {
        Self::of(variables, || tells_time(nodes))
    }

    /// Of a condition with these variables.
    pub(super) fn of_condition(condition: &Condition, variables: &[Variable]) -> Self {
        let expressions = || condition.expressions().into_iter();
        Self::of(variables, || {
            expressions().flat_map(|one| &one.filters).any(is_of_now)
        })
    }

    fn of(variables: &[Variable], tells_time: impl FnOnce() -> bool) -> Self {
        if !variables.is_empty() {
            Self::Varies
        } else if tells_time() {
            Self::Timed
        } else {
            Self::Constant
        }
    }
}

/// Whether nodes ask for an event's time.
fn tells_time(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| {
        matches!(node, Node::Now { .. })
            || node.filters().into_iter().any(is_of_now)
            || node.inside().all().into_iter().any(tells_time)
    })
}

fn is_of_now(call: &FilterCall) -> bool {
    OF_NOW.contains(&call.filter.name)
}

/// A value of each kind that a filter tells from others. A filter that takes none of them takes
/// no value: the others of a kind differ in what comes out.
static KINDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let kinds = json::parse(
        r#"["", "7", "2.50", "abc", "2024-01-02", "2024-01-02T03:04:05Z", 7, 0, -1,
    1.5, true, null, [], ["a", "b"], [{"a": 1}], {"a": 1}]"#,
    );
    let kinds = kinds
        .ok()
        .and_then(|kinds| Some(kinds.try_iter().ok()?.collect()));
    kinds.unwrap_or_default()
});

/// The filters that count from the event's time, so that their answer is not always the same.
const OF_NOW: [&str; 4] = ["naturalday", "naturaltime", "timesince", "timeuntil"];

/// The most bytes that are made to find something out.
const MOST_BYTES: usize = 4096;

/// What fails in nodes that are rendered for every event.
pub(super) fn in_nodes(nodes: &[Node]) -> Vec<Fated> {
    nodes.iter().flat_map(in_node).collect()
}

fn in_node(node: &Node) -> Vec<Fated> {
    let (message, place) = match node {
        Node::Output(expression, place) => (in_expression(expression), Some(*place)),
        Node::If { branches, .. } => {
            let first = branches.first();
            let message = first.and_then(|(condition, _)| in_condition(condition));
            (message, None)
        }
        // The others are asked only where the first is false, in another round, or of an item.
        Node::FirstOf { values, .. } | Node::Cycle { values, .. } => {
            (values.first().and_then(in_expression), None)
        }
        Node::Regroup { sequence, .. } => (in_expression(sequence), None),
        Node::Filter { filters, .. } => (in_filters(None, filters), None),
        _ => (node.expressions().into_iter().find_map(in_expression), None),
    };
    let own = message.map(|message| Fated { message, place });
    let is_condition = matches!(node, Node::If { .. });
    let inside = match node.inside() {
        // Of a condition that fails no branch is rendered.
        _ if is_condition && own.is_some() => Vec::new(),
        Inside::Once(body) | Inside::Captured(body) => in_nodes(body),
        Inside::OneOf(bodies) => in_all(bodies),
        Inside::Nothing | Inside::Rounds(..) => Vec::new(),
    };
    own.into_iter().chain(inside).collect()
}

/// What fails in one of the branches, if something does in each of them.
fn in_all(branches: Vec<&[Node]>) -> Vec<Fated> {
    let found: Vec<_> = branches.into_iter().map(in_nodes).collect();
    if found.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    found.into_iter().flatten().collect()
}

/// Why a condition fails for every event. What raises an error beside an operator is false.
pub(super) fn in_condition(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Value(expression) => in_expression(expression),
        Condition::Not(_) | Condition::Operation(..) => None,
    }
}

/// Why an expression fails for every event.
fn in_expression(expression: &Expression) -> Option<String> {
    in_filters(constant(&expression.operand), &expression.filters)
}

/// Why filters fail for every event, of which the first gets this value where it is known.
fn in_filters(mut value: Option<Value>, filters: &[FilterCall]) -> Option<String> {
    for call in filters {
        value = match Tried::of(call, value.as_ref()) {
            Tried::Fails(error) => {
                let name = call.filter.name;
                return Some(format!("the filter `{name}` fails for any event: {error}"));
            }
            Tried::Gives(value) => Some(value),
            Tried::Open => None,
        };
    }
    None
}

/// What a filter comes to.
enum Tried {
    /// It fails, whatever an event gives.
    Fails(FilterError),
    /// This, for every event.
    Gives(Value),
    /// It depends on the event.
    Open,
}

impl Tried {
    /// Calls a filter with what is known of its value and of its argument.
    fn of(call: &FilterCall, value: Option<&Value>) -> Self {
        let argument = call.argument.as_ref();
        let known = argument.and_then(constant);
        if value.is_none() && known.is_none() {
            return Self::Open;
        }
        let values = value.map_or(KINDS.as_slice(), slice::from_ref);
        let arguments = match (argument, &known) {
            (None, _) => vec![None],
            (_, Some(known)) => vec![Some(known)],
            (Some(_), None) => KINDS.iter().map(Some).collect(),
        };
        let mut failure = None;
        for value in values {
            for argument in &arguments {
                match tried(call, value, *argument) {
                    Err(error @ FilterError::Failed(_)) => failure = Some(error),
                    Ok(made) if values.len() == 1 && arguments.len() == 1 => {
                        let is_fixed = !is_of_now(call);
                        return if is_fixed {
                            Self::Gives(made)
                        } else {
                            Self::Open
                        };
                    }
                    Ok(_) | Err(FilterError::TooLarge(_)) => return Self::Open,
                }
            }
        }
        failure.map_or(Self::Open, Self::Fails)
    }
}

fn tried(call: &FilterCall, value: &Value, argument: Option<&Value>) -> Result<Value, FilterError> {
    let context = Call {
        now: now(),
        most_bytes: MOST_BYTES,
        ..Call::default()
    };
    (call.filter.function)(value, argument, &context)
}

/// Some time of an event.
fn now() -> Option<Timestamp> {
    dates::parse("2024-01-02T03:04:05Z")
}

/// What the template writes itself.
fn constant(operand: &Operand) -> Option<Value> {
    match operand {
        Operand::Text(text) if text.len() <= MOST_BYTES => {
            Some(Value::from_safe_string(text.clone()))
        }
        Operand::Number(text) if text.len() <= MOST_BYTES => Some(match text.parse::<u32>() {
            Ok(number) => number.into(),
            Err(_) => runtime::number(text),
        }),
        Operand::Text(_) | Operand::Number(_) | Operand::Variable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Options, Templates, filters, parser::parse};

    fn fails(source: &str) -> bool {
        !in_nodes(&parse(source).unwrap().nodes).is_empty()
    }

    #[test]
    fn only_what_fails_for_every_event_is_told() {
        for (source, expected) in [
            ("{{ a|divisibleby:0 }}", true),
            ("{{ a|divisibleby:\"x\" }}", true),
            ("{{ a|upper|ljust:\"wide\"|lower }}", true),
            ("{{ \"x\"|divisibleby:2 }}", true),
            ("{{ \"x\"|divisibleby:a }}", true),
            ("{{ 5|first }}", true),
            ("{{ \"abc\"|length|first }}", true),
            ("{% with b=a %}{{ b|wordwrap:\"x\" }}{% endwith %}", true),
            ("{% if a|divisibleby:0 %}{% endif %}", true),
            (
                "{% if a %}{{ a|center:\"x\" }}{% else %}{{ b|wordwrap:\"x\" }}{% endif %}",
                true,
            ),
            ("{% if a %}{{ a|divisibleby:0 }}{% endif %}", false),
            ("{% if a|divisibleby:0 or b %}{% endif %}", false),
            ("{% filter ljust:\"x\" %}{{ a }}{% endfilter %}", true),
            ("{% with b=a|divisibleby:0 %}x{% endwith %}", true),
            ("{% for b in a|divisibleby:0 %}x{% endfor %}", true),
            ("{% firstof a|divisibleby:0 b %}", true),
            ("{% firstof a b|divisibleby:0 %}", false),
            ("{% cycle a|divisibleby:0 b %}", true),
            ("{% ifchanged a|divisibleby:0 %}x{% endifchanged %}", true),
            ("{% regroup a|divisibleby:0 by b as c %}x", true),
            ("{% widthratio a b c|divisibleby:0 %}", true),
            ("{% lorem a|divisibleby:0 w %}", true),
            ("{% for b in a %}{{ a|divisibleby:0 }}{% endfor %}", false),
            ("{{ a|divisibleby:2 }}", false),
            ("{{ a|divisibleby:b }}", false),
            ("{{ a|first }}", false),
            ("{{ a|slice:\"x\" }}", false),
            ("{{ a|date:\"Y\" }}{{ a|timesince }}", false),
            ("{{ a|stringformat:\"d\" }}{{ a|add:\"x\" }}", false),
            ("{{ \"x\"|ljust:99999999 }}", false),
            ("{{ \"x\"|timesince }}", true),
        ] {
            assert_eq!(fails(source), expected, "{source}");
        }
    }

    /// Arguments right and wrong, held against values that are not among [`KINDS`].
    #[test]
    fn what_is_told_of_a_filter_fails_for_other_values_too() {
        let arguments = [
            "0",
            "2",
            "-1",
            "1.5",
            "\"\"",
            "\"x\"",
            "\"3\"",
            "\"a,b\"",
            "\"a,b,c,d\"",
            "\":2\"",
            "\"%s\"",
            "\"Y-m-d\"",
        ];
        let values = r#"{"a": "hello", "b": "12", "c": 40, "d": 1e300, "e": "9.99", "f": false,
            "g": [3, 1, 2], "h": {"x": {"y": [1]}}, "i": "2020-02-29", "j": "10:30", "k": [[1, 2], [3]],
            "l": -3, "m": " ", "n": "<b>x</b>", "o": "ünï", "p": 0.5}"#;
        let variables = json::parse(values).unwrap();
        let mut told = 0;
        for filter in filters::names() {
            for argument in arguments {
                let source = |name: &str| format!("{{{{ {name}|{filter}:{argument} }}}}");
                let Ok(parsed) = parse(&source("a")) else {
                    continue;
                };
                if in_nodes(&parsed.nodes).is_empty() {
                    continue;
                }
                told += 1;
                for name in "abcdefghijklmnop".chars() {
                    let source = source(&name.to_string());
                    let mut templates = Templates::new(crate::Limits::default());
                    let template = templates.compile(&source, Options::default()).unwrap();
                    let context = Context {
                        variables: variables.clone(),
                        now: now(),
                        ..Context::default()
                    };
                    let rendered = templates.render(&template, &context, &mut String::new());
                    assert!(rendered.is_err(), "{source}");
                }
            }
        }
        assert!(told > 10, "{told}");
    }
}
