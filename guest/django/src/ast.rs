//! A template as a tree, between Django's syntax and minijinja's.

use std::collections::BTreeMap;

use super::filters::Filter;

/// A filter expression: a value, and filters it goes through.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) operand: Operand,
    pub(super) filters: Vec<FilterCall>,
}

/// What an expression starts with, or a filter's argument.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// `a.b.0`: a name and what is looked up in it.
    Variable(Vec<String>),
    /// A quoted string.
    Text(String),
    /// A number, as Python or JSON would write it.
    Number(String),
}

/// `|filter:argument`
#[derive(Clone, Debug)]
pub(super) struct FilterCall {
    pub(super) filter: &'static Filter,
    pub(super) argument: Option<Operand>,
}

/// What `{% if %}` tests.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Value(Expression),
    Not(Box<Condition>),
    /// Two operands, or more of `and` and `or`.
    Operation(Operator, Vec<Condition>),
}

/// What to do with a tag's answer.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Output,
    /// `as name`
    Variable(String),
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// A variable tag, with its place in the source: offset and length in bytes.
    Output(Expression, (usize, usize)),
    If {
        branches: Vec<(Condition, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For {
        names: Vec<String>,
        sequence: Expression,
        reversed: bool,
        body: Vec<Node>,
        empty: Vec<Node>,
    },
    With {
        variables: Vec<(String, Expression)>,
        body: Vec<Node>,
    },
    FirstOf {
        values: Vec<Expression>,
        target: Target,
    },
    Cycle {
        /// Tells one `{% cycle %}` of a template from another.
        number: usize,
        values: Vec<Expression>,
        name: Option<String>,
        silent: bool,
    },
    ResetCycle {
        number: usize,
    },
    IfChanged {
        number: usize,
        values: Vec<Expression>,
        body: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Regroup {
        number: usize,
        sequence: Expression,
        key: Expression,
        name: String,
    },
    Filter {
        number: usize,
        filters: Vec<FilterCall>,
        body: Vec<Node>,
    },
    Autoescape {
        on: bool,
        body: Vec<Node>,
    },
    Spaceless {
        number: usize,
        body: Vec<Node>,
    },
    WidthRatio {
        value: Expression,
        maximum: Expression,
        width: Expression,
        target: Target,
    },
    Now {
        format: String,
        target: Target,
    },
    Lorem {
        count: Expression,
        method: char,
        common: bool,
    },
}

/// What a node has inside, by how it is rendered.
pub(super) enum Inside<'a> {
    /// Nothing.
    Nothing,
    /// Nodes that are rendered once, where the tag stands.
    Once(&'a [Node]),
    /// Branches, of which one is rendered.
    OneOf(Vec<&'a [Node]>),
    /// What each round of a loop renders, and what stands for it where there is none.
    Rounds(&'a [Node], &'a [Node]),
    /// Nodes that are rendered once, of which something else is made then.
    Captured(&'a [Node]),
}

impl Node {
    /// The text of nodes that are nothing else.
    pub(super) fn text_of(nodes: &[Self]) -> Option<String> {
        nodes
            .iter()
            .map(|node| match node {
                Self::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// What it has inside: what goes down a template has to tell no more tags than it means.
    pub(super) fn inside(&self) -> Inside<'_> {
        match self {
            Self::If {
                branches,
                otherwise,
            } => {
                let bodies = branches.iter().map(|(_, body)| body.as_slice());
                Inside::OneOf(bodies.chain([otherwise.as_slice()]).collect())
            }
            Self::IfChanged {
                body, otherwise, ..
            } => Inside::OneOf(vec![body, otherwise]),
            Self::For { body, empty, .. } => Inside::Rounds(body, empty),
            Self::With { body, .. } | Self::Autoescape { body, .. } => Inside::Once(body),
            Self::Filter { body, .. } | Self::Spaceless { body, .. } => Inside::Captured(body),
            Self::Text(_)
            | Self::Output(..)
            | Self::FirstOf { .. }
            | Self::Cycle { .. }
            | Self::ResetCycle { .. }
            | Self::Regroup { .. }
            | Self::WidthRatio { .. }
            | Self::Now { .. }
            | Self::Lorem { .. } => Inside::Nothing,
        }
    }

    /// The values that it asks for, beside those of what it has inside.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Output(expression, _) => vec![expression],
            Self::If { branches, .. } => {
                let conditions = branches.iter().map(|(condition, _)| condition);
                conditions.flat_map(Condition::expressions).collect()
            }
            Self::With { variables, .. } => variables.iter().map(|(_, value)| value).collect(),
            Self::FirstOf { values, .. }
            | Self::Cycle { values, .. }
            | Self::IfChanged { values, .. } => values.iter().collect(),
            Self::For { sequence, .. } => vec![sequence],
            Self::Regroup { sequence, key, .. } => vec![sequence, key],
            Self::WidthRatio {
                value,
                maximum,
                width,
                ..
            } => vec![value, maximum, width],
            Self::Lorem { count, .. } => vec![count],
            Self::Text(_)
            | Self::Filter { .. }
            | Self::Autoescape { .. }
            | Self::Spaceless { .. }
            | Self::ResetCycle { .. }
            | Self::Now { .. } => Vec::new(),
        }
    }

    /// The filters that its values and what it has inside go through.
    pub(super) fn filters(&self) -> Vec<&FilterCall> {
        let expressions = self.expressions().into_iter();
        let of_values = expressions.flat_map(|one| &one.filters);
        let own = match self {
            Self::Filter { filters, .. } => filters.as_slice(),
            _ => &[],
        };
        of_values.chain(own).collect()
    }
}

impl<'a> Inside<'a> {
    /// All of it, rendered or not.
    pub(super) fn all(self) -> Vec<&'a [Node]> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Once(body) | Self::Captured(body) => vec![body],
            Self::OneOf(bodies) => bodies,
            Self::Rounds(body, empty) => vec![body, empty],
        }
    }
}

impl Condition {
    /// The values that it asks for.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Value(expression) => vec![expression],
            Self::Not(inner) => inner.expressions(),
            Self::Operation(_, operands) => operands.iter().flat_map(Self::expressions).collect(),
        }
    }
}

/// The variables that tags set in the scope of these nodes, and whether it is
/// cycles alone that do.
pub(super) fn names_set_by<'a>(nodes: &'a [Node], names: &mut BTreeMap<&'a str, bool>) {
    for node in nodes {
        match node {
            // What they set is gone behind them.
            Node::With { .. } | Node::For { .. } => {}
            Node::Cycle {
                name: Some(name), ..
            } => {
                names.entry(name).or_insert(true);
            }
            Node::Regroup { name, .. }
            | Node::FirstOf {
                target: Target::Variable(name),
                ..
            }
            | Node::WidthRatio {
                target: Target::Variable(name),
                ..
            }
            | Node::Now {
                target: Target::Variable(name),
                ..
            } => {
                names.insert(name, false);
            }
            _ => {
                for body in node.inside().all() {
                    names_set_by(body, names);
                }
            }
        }
    }
}

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    In,
    NotIn,
    Is,
    IsNot,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// The operators of two values; `and` and `or` stop at the first answer instead.
    pub(super) const OF_VALUES: [Self; 10] = [
        Self::In,
        Self::NotIn,
        Self::Is,
        Self::IsNot,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// The function that it is in minijinja's source.
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::In => "is_in",
            Self::NotIn => "is_not_in",
            Self::Is => "is_same",
            Self::IsNot => "is_not_same",
            Self::Equal => "equal",
            Self::NotEqual => "not_equal",
            Self::Less => "less",
            Self::LessOrEqual => "less_or_equal",
            Self::Greater => "greater",
            Self::GreaterOrEqual => "greater_or_equal",
        }
    }
}
