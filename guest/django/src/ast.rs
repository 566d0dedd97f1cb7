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

/// The variables that tags set in the scope of these nodes, and whether it is
/// cycles alone that do.
pub(super) fn names_set_by<'a>(nodes: &'a [Node], names: &mut BTreeMap<&'a str, bool>) {
    for node in nodes {
        match node {
            Node::If {
                branches,
                otherwise,
            } => {
                for (_, body) in branches {
                    names_set_by(body, names);
                }
                names_set_by(otherwise, names);
            }
            Node::IfChanged {
                body, otherwise, ..
            } => {
                names_set_by(body, names);
                names_set_by(otherwise, names);
            }
            Node::Filter { body, .. }
            | Node::Autoescape { body, .. }
            | Node::Spaceless { body, .. } => names_set_by(body, names),
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
            _ => {}
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
