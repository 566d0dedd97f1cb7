//! From tokens to the tree: nesting, names in scope, and every fault of the
//! source at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Variable,
    ast::{Expression, Node},
    condition,
    error::{Lines, TemplateError},
    expression::{self, Fault},
    lexer::{self, Part, Token, TokenKind},
};

/// The most blocks inside each other. minijinja's parser takes 150 levels, and
/// a block of Django's is up to two of its blocks with expressions inside.
const DEEPEST: usize = 48;

/// What a template turned out to be.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) nodes: Vec<Node>,
    pub(super) variables: Vec<Variable>,
    /// The variables of named cycles.
    pub(super) cycles: BTreeSet<String>,
}

/// Reads a template.
pub(super) fn parse(source: &str) -> Result<Parsed, Vec<TemplateError>> {
    let mut parser = Parser::new(source);
    let nodes = parser.nodes();
    if parser.faults.is_empty() {
        Ok(Parsed {
            nodes,
            variables: parser.variables,
            cycles: parser.named_cycles.into_keys().collect(),
        })
    } else {
        Err(located(source, parser.faults))
    }
}

/// The variables that a source reads, also one that does not compile; those its
/// own tags bind are not among them.
pub fn variables(source: &str) -> Vec<Variable> {
    let mut parser = Parser::new(source);
    parser.nodes();
    parser.variables
}

/// Reads what could stand in `{% if … %}`.
pub(super) fn parse_condition(
    source: &str,
) -> Result<(super::ast::Condition, Vec<Variable>), Vec<TemplateError>> {
    let whole = Part {
        text: source,
        offset: 0,
    };
    let (condition, reads) =
        condition::parse(whole, &whole.split()).map_err(|faults| located(source, faults))?;
    let mut parser = Parser::new(source);
    parser.read(reads);
    Ok((condition, parser.variables))
}

fn located(source: &str, mut faults: Vec<Fault>) -> Vec<TemplateError> {
    faults.sort_by_key(|fault| fault.offset);
    let lines = Lines::new(source);
    faults
        .into_iter()
        .map(|fault| TemplateError {
            code: fault.code,
            message: fault.message,
            help: fault.help,
            span: lines.span(fault.offset, fault.length),
        })
        .collect()
}

/// A block that waits for its end.
#[derive(Debug)]
struct Open<'a> {
    tag: Part<'a>,
    ends: &'static [&'static str],
}

/// A named `{% cycle … as name %}`, which a later tag may call again.
#[derive(Debug, Clone)]
pub(super) struct NamedCycle {
    pub(super) number: usize,
    pub(super) node: Node,
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    lines: Lines<'a>,
    tokens: VecDeque<Token<'a>>,
    open: Vec<Open<'a>>,
    /// Names that tags have bound, by scope.
    scopes: Vec<Vec<String>>,
    /// How many scopes bind a name.
    bound: BTreeMap<String, usize>,
    /// Unknown tags, whose end tags are no faults of their own.
    unknown: BTreeSet<&'a str>,
    pub(super) faults: Vec<Fault>,
    variables: Vec<Variable>,
    numbers: usize,
    pub(super) named_cycles: BTreeMap<String, NamedCycle>,
    pub(super) last_cycle: Option<usize>,
    /// How many values the cycles have that were called again.
    pub(super) repeated_values: usize,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            lines: Lines::new(source),
            tokens: lexer::tokens(source).into(),
            open: Vec::new(),
            scopes: vec![Vec::new()],
            bound: BTreeMap::new(),
            unknown: BTreeSet::new(),
            faults: Vec::new(),
            variables: Vec::new(),
            numbers: 0,
            named_cycles: BTreeMap::new(),
            last_cycle: None,
            repeated_values: 0,
        }
    }

    /// Reads nodes up to the end of the template or to a tag that the
    /// innermost open block waits for, which is left in place.
    fn nodes(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.front().copied() {
            if token.kind == TokenKind::Tag && self.is_end(command(token.content)) {
                break;
            }
            self.tokens.pop_front();
            match token.kind {
                TokenKind::Text => nodes.push(Node::Text(token.content.text.to_owned())),
                TokenKind::Variable => nodes.extend(self.output(token.content)),
                TokenKind::Tag => nodes.extend(self.tag(token.content)),
            }
        }
        nodes
    }

    /// Whether an open block waits for this tag. If it is not the innermost
    /// one, those inside of it were forgotten.
    fn is_end(&self, command: &str) -> bool {
        self.open.iter().any(|open| open.ends.contains(&command))
    }

    fn output(&mut self, content: Part<'a>) -> Option<Node> {
        if content.text.is_empty() {
            self.fault(Fault::syntax(
                content,
                "there is nothing between `{{` and `}}`",
            ));
            return None;
        }
        let place = (content.offset, content.text.len());
        let expression = self.expression(content)?;
        Some(Node::Output(expression, place))
    }

    /// Reads the body of a block: nodes up to one of the tags `ends`, which is
    /// taken and returned.
    pub(super) fn body(
        &mut self,
        tag: Part<'a>,
        ends: &'static [&'static str],
    ) -> (Vec<Node>, Option<Part<'a>>) {
        if self.open.len() >= DEEPEST {
            let message = format!("more than {DEEPEST} tags are nested here");
            self.fault(Fault::new("template_too_deep", tag, message));
            self.tokens.clear();
            return (Vec::new(), None);
        }
        self.open.push(Open { tag, ends });
        let nodes = self.nodes();
        self.open.pop();
        let end = self.tokens.front().map(|token| token.content);
        if let Some(end) = end.filter(|end| ends.contains(&command(*end))) {
            self.tokens.pop_front();
            return (nodes, Some(end));
        }
        if self
            .faults
            .last()
            .is_none_or(|fault| fault.code != "template_too_deep")
        {
            let last = ends.last().copied().unwrap_or_default();
            self.fault(
                Fault::new(
                    "template_unclosed_tag",
                    tag,
                    format!("`{}` is never closed", command(tag)),
                )
                .help(format!("close it by `{{% {last} %}}`")),
            );
        }
        (nodes, None)
    }

    /// Reads the body of a block inside of which these names are bound.
    pub(super) fn scoped_body(
        &mut self,
        tag: Part<'a>,
        names: Vec<String>,
        ends: &'static [&'static str],
    ) -> (Vec<Node>, Option<Part<'a>>) {
        self.scopes.push(Vec::new());
        for name in names {
            self.bind(&name);
        }
        let body = self.body(tag, ends);
        for name in self.scopes.pop().unwrap_or_default() {
            if let Some(count) = self.bound.get_mut(&name) {
                *count -= 1;
            }
        }
        body
    }

    /// Drops everything up to an end tag.
    pub(super) fn skip_past(&mut self, tag: Part<'a>, end: &str) {
        while let Some(token) = self.tokens.pop_front() {
            if token.kind == TokenKind::Tag && token.content.text == end {
                return;
            }
        }
        self.fault(
            Fault::new(
                "template_unclosed_tag",
                tag,
                format!("`{}` is never closed", command(tag)),
            )
            .help(format!("close it by `{{% {end} %}}`")),
        );
    }

    /// Reads a filter expression and notes what it reads.
    pub(super) fn expression(&mut self, part: Part<'_>) -> Option<Expression> {
        match expression::parse(part) {
            Ok(parsed) => {
                self.read(parsed.reads);
                Some(parsed.expression)
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    /// Reads several filter expressions; `None` if one has a fault.
    pub(super) fn expressions(&mut self, parts: &[Part<'_>]) -> Option<Vec<Expression>> {
        let read: Vec<_> = parts.iter().map(|part| self.expression(*part)).collect();
        read.into_iter().collect()
    }

    /// Reads a condition out of a tag's pieces.
    pub(super) fn condition(
        &mut self,
        tag: Part<'_>,
        pieces: &[Part<'_>],
    ) -> Option<super::ast::Condition> {
        match condition::parse(tag, pieces) {
            Ok((condition, reads)) => {
                self.read(reads);
                Some(condition)
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn read(&mut self, reads: condition::Reads) {
        for (path, offset, length) in reads {
            let name = path.first().map_or("", String::as_str);
            let is_bound = self.bound.get(name).is_some_and(|count| *count > 0);
            if !is_bound && !matches!(name, "True" | "False" | "None") {
                let span = self.lines.span(offset, length);
                self.variables.push(Variable { path, span });
            }
        }
    }

    /// Binds a name for what follows in this scope.
    pub(super) fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name.to_owned());
            *self.bound.entry(name.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// A number that no other tag of this template has.
    pub(super) fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    /// Notes a tag that nobody knows.
    pub(super) fn unknown_tag(&mut self, name: &'a str, fault: Fault) {
        let opening = name.strip_prefix("end");
        if !opening.is_some_and(|opening| self.unknown.contains(&opening)) {
            self.unknown.insert(name);
            self.fault(fault);
        }
    }

    /// The tags that the innermost open block waits for.
    pub(super) fn awaited(&self) -> Option<(&'static [&'static str], &'a str)> {
        self.open.last().map(|open| (open.ends, command(open.tag)))
    }
}

/// A tag's name.
pub(super) fn command(content: Part<'_>) -> &str {
    super::python::split_words(content.text)
        .next()
        .unwrap_or_default()
}
