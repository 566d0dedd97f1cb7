//! Typed access to a document, which notes what is wrong and goes on.

use std::{ops::Range, path::Path, time::Duration};

use action_triggers_vocabulary::{Place, kind, suggest::did_you_mean};

use super::{
    document::{Document, Member, Members, Node, Value},
    keys::Keys,
};
use crate::{
    problem::{Problem, Severity},
    surroundings::Surroundings,
};

/// A document being read, and what is wrong with it so far.
pub(super) struct Reading<'a> {
    pub(super) document: &'a Document,
    /// Paths in the file are relative to it.
    pub(super) directory: &'a Path,
    pub(super) around: &'a dyn Surroundings,
    pub(super) problems: Vec<Problem>,
}

/// A value and where it is.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) path: Place,
    pub(super) node: &'a Node,
    key_span: Option<Range<usize>>,
}

/// An object.
pub(super) struct Table<'a> {
    pub(super) field: Field<'a>,
    pub(super) members: &'a Members,
}

impl<'a> Table<'a> {
    /// A member that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<Field<'a>> {
        let member = self.members.first(name)?;
        (!matches!(member.node.value, Value::Null)).then(|| self.member(member))
    }

    /// A member that is there, even if it is null.
    pub(super) fn given(&self, name: &str) -> Option<Field<'a>> {
        self.members.first(name).map(|member| self.member(member))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.first(name).is_some()
    }

    /// Every member.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, Field<'a>)> + '_ {
        self.members
            .iter()
            .map(|member| (&*member.key, self.member(member)))
    }

    fn member(&self, member: &'a Member) -> Field<'a> {
        Field {
            path: self.field.path.member(&member.key),
            node: &member.node,
            key_span: Some(member.key_span.clone()),
        }
    }
}

impl<'a> Reading<'a> {
    pub(super) fn root(&self) -> Field<'a> {
        Field {
            path: Place::root(),
            node: &self.document.root,
            key_span: None,
        }
    }

    pub(super) fn error(&mut self, code: &str, field: &Field<'_>, message: String, help: &str) {
        self.note(Severity::Error, code, field, message, help);
    }

    pub(super) fn warning(&mut self, code: &str, field: &Field<'_>, message: String, help: &str) {
        self.note(Severity::Warning, code, field, message, help);
    }

    fn note(
        &mut self,
        severity: Severity,
        code: &str,
        field: &Field<'_>,
        message: String,
        help: &str,
    ) {
        let span = mark(&self.document.text, field.node, field.key_span.clone());
        let problem = Problem::new(severity, code, field.path.as_str(), message).with_help(help);
        self.problems.push(problem.at(self.document.excerpt(span)));
    }

    pub(super) fn wrong_type(&mut self, field: &Field<'_>, expected: &str) {
        let found = field.node.value.kind();
        let message = kind::wrong(expected, found);
        self.error("wrong_type", field, message, &format!("write {expected}"));
    }

    pub(super) fn table(&mut self, field: &Field<'a>) -> Option<Table<'a>> {
        let Value::Table(members) = &field.node.value else {
            self.wrong_type(field, kind::OBJECT);
            return None;
        };
        let table = Table {
            field: field.clone(),
            members,
        };
        for member in members.repeats() {
            let message = format!("`{}` is given twice", member.key);
            let field = table.member(member);
            self.error("repeated_key", &field, message, "keep one of them");
        }
        Some(table)
    }

    /// Refuses members that nobody reads.
    pub(super) fn know(&mut self, table: &Table<'a>, known: &Keys) {
        for (name, field) in table.fields().filter(|(name, _)| !known.has(name)) {
            let help = match known.elsewhere(name) {
                Some(place) => format!("it belongs in {place}"),
                None => did_you_mean(name, known.names),
            };
            let message = format!("unknown key `{name}`");
            let problem = Problem::error("unknown_key", field.path.as_str(), message);
            // The name is what is wrong.
            let span = field.key_span.unwrap_or_else(|| field.node.span.clone());
            let excerpt = self.document.excerpt(span);
            self.problems.push(problem.with_help(help).at(excerpt));
        }
    }

    pub(super) fn text(&mut self, field: &Field<'a>) -> Option<&'a str> {
        if let Value::Text(text) = &field.node.value {
            return Some(text);
        }
        self.wrong_type(field, kind::STRING);
        None
    }

    pub(super) fn boolean(&mut self, field: &Field<'a>) -> Option<bool> {
        if let Value::Bool(value) = field.node.value {
            return Some(value);
        }
        self.wrong_type(field, "true or false");
        None
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, field: &Field<'a>) -> Option<Vec<&'a str>> {
        let items = self.list(field)?;
        let texts: Vec<_> = items.iter().filter_map(|item| self.text(item)).collect();
        (texts.len() == items.len()).then_some(texts)
    }

    pub(super) fn list(&mut self, field: &Field<'a>) -> Option<Vec<Field<'a>>> {
        let Value::List(items) = &field.node.value else {
            self.wrong_type(field, kind::LIST);
            return None;
        };
        let item = |(index, node)| Field {
            path: field.path.item(index),
            node,
            key_span: None,
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// One of a few names.
    pub(super) fn choice<T: Copy>(&mut self, field: &Field<'a>, names: &[(&str, T)]) -> Option<T> {
        let text = self.text(field)?;
        if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        let help = did_you_mean(text, &known);
        self.unknown_value(field, text, &help);
        None
    }

    /// A text that is none of those that may stand there.
    pub(super) fn unknown_value(&mut self, field: &Field<'_>, text: &str, help: &str) {
        self.error(
            "unknown_value",
            field,
            format!("unknown value `{text}`"),
            help,
        );
    }

    /// A whole number from 1 up to the largest of its type.
    pub(super) fn count<T: TryFrom<u64> + Copy>(&mut self, field: &Field<'a>) -> Option<T> {
        self.counted(field, "write a whole number above 0", |_| true)
    }

    /// A whole number from 1 up to this one.
    pub(super) fn count_up_to(&mut self, field: &Field<'a>, most: usize) -> Option<usize> {
        let help = format!("write a whole number from 1 to {most}");
        self.counted(field, &help, |count| count <= most)
    }
    fn counted<T: TryFrom<u64> + Copy>(
        &mut self,
        field: &Field<'a>,
        help: &str,
        fits: impl Fn(T) -> bool,
    ) -> Option<T> {
        let Value::Number(text) = &field.node.value else {
            self.wrong_type(field, "a whole number");
            return None;
        };
        let count = text.parse().ok().filter(|count| *count > 0);
        let count = count.and_then(|count: u64| T::try_from(count).ok());
        let count = count.filter(|count| fits(*count));
        if count.is_none() {
            let message = format!("`{text}` is out of range");
            self.error("out_of_range", field, message, help);
        }
        count
    }

    /// A time in units of so many seconds; it must not be 0.
    pub(super) fn duration(&mut self, field: &Field<'a>, unit: f64) -> Option<Duration> {
        self.time(
            field,
            unit,
            Duration::from_nanos(1),
            "write a number above 0",
        )
    }

    /// A time in units of so many seconds, which may be 0.
    pub(super) fn pause(&mut self, field: &Field<'a>, unit: f64) -> Option<Duration> {
        self.time(field, unit, Duration::ZERO, "write 0 or a number above it")
    }

    fn time(
        &mut self,
        field: &Field<'a>,
        unit: f64,
        least: Duration,
        help: &str,
    ) -> Option<Duration> {
        let Value::Number(text) = &field.node.value else {
            self.wrong_type(field, kind::NUMBER);
            return None;
        };
        let seconds = text.parse::<f64>().ok().map(|number| number * unit);
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let duration = duration.filter(|duration| *duration >= least);
        if duration.is_none() {
            let message = format!("invalid duration `{text}`");
            self.error("out_of_range", field, message, help);
        }
        duration
    }
}

/// What of a value is marked: the whole of it, or its name when it is long.
pub(super) fn mark(text: &str, node: &Node, key_span: Option<Range<usize>>) -> Range<usize> {
    let written = text.get(node.span.clone()).unwrap_or_default();
    if !written.contains('\n') {
        return node.span.clone();
    }
    let first_line = written.lines().next().map_or(0, str::len);
    key_span.unwrap_or(node.span.start..node.span.start + first_line)
}
