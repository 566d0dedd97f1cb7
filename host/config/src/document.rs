//! A file as a tree of values that know where they stand in it.

use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

use super::mask;
pub(super) use super::node::{Member, Members, Node, Value};
use crate::problem::{self, Excerpt, Lines, Problem};

/// The deepest nesting that is read; reading goes down by recursion.
const DEEPEST: usize = 128;

/// A file's text and what it says.
pub(super) struct Document {
    name: String,
    pub(super) text: Arc<str>,
    /// The same with its secrets covered, where it has any.
    covered: Option<String>,
    /// Where its lines are.
    lines: Lines,
    pub(super) root: Node,
    pub(super) syntax: Syntax,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Toml,
}

impl Document {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// The first place where it breaks the syntax.
    pub(super) fn parse(
        name: &str,
        mut text: String,
        syntax: Syntax,
    ) -> Result<Self, Box<Problem>> {
        let root = match syntax {
            Syntax::Json => json(&text),
            Syntax::Toml => toml(&text),
        };
        match root {
            Ok(root) => {
                if syntax == Syntax::Json {
                    // Only spaces, without which the text can be shared as it is.
                    text.truncate(root.span.end);
                }
                Ok(Self {
                    name: name.to_owned(),
                    covered: mask::secrets(&text, &root),
                    lines: Lines::of(&text),
                    text: text.into(),
                    root,
                    syntax,
                })
            }
            Err(fault) => Err(Box::new(fault.problem(name, &text, syntax))),
        }
    }

    /// What is shown of these bytes.
    pub(super) fn excerpt(&self, span: Range<usize>) -> Excerpt {
        let shown = self.covered.as_deref().unwrap_or(&self.text);
        self.lines.excerpt(&self.name, shown, span)
    }

    /// The value as JSON text; exactly as written, where it is written in JSON.
    pub(super) fn json_of(&self, node: &Node) -> Arc<str> {
        let written = self.text.get(node.span.clone());
        match (self.syntax, written) {
            (Syntax::Json, Some(written)) if written.len() == self.text.len() => {
                Arc::clone(&self.text)
            }
            (Syntax::Json, Some(written)) => written.into(),
            _ => node.to_json().into(),
        }
    }
}

/// Where and how a text breaks the syntax.
struct Fault {
    code: &'static str,
    message: String,
    span: Range<usize>,
}

impl Fault {
    fn problem(self, name: &str, text: &str, syntax: Syntax) -> Problem {
        let help = match syntax {
            Syntax::Json => {
                "correct the JSON at the mark; a file ending in `.toml` is read as TOML"
            }
            Syntax::Toml => {
                "correct the TOML at the mark; a file ending in `.json` is read as JSON"
            }
        };
        Problem::error(self.code, "$", self.message)
            .with_help(help)
            .at(excerpt_of_unread(name, text, self.span))
    }
}

/// What is shown of a file that could not be taken apart.
pub(super) fn excerpt_of_unread(name: &str, text: &str, span: Range<usize>) -> Excerpt {
    let shown = problem::mask::lines(
        text,
        &[
            "values", "auth", "identity", "rest_url", "headers", "proxy", "://",
        ],
    );
    Excerpt::new(name, &shown, span)
}

fn json(text: &str) -> Result<Node, Fault> {
    // A byte order mark is no JSON, but some editors write one.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: &RawValue =
        serde_json::from_str(body).map_err(|error| json_fault(text, body, &error))?;
    build(raw, text, 0)
}

fn json_fault(text: &str, part: &str, error: &serde_json::Error) -> Fault {
    let lines = part
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let before: usize = lines.map(str::len).sum();
    let offset = offset_in(part, text) + before + error.column().saturating_sub(1);
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full);
    Fault {
        code: "invalid_json",
        message: format!("the file is not JSON: {message}"),
        span: offset.min(text.len())..offset.min(text.len()),
    }
}

/// Where a part of a text begins in it.
fn offset_in(part: &str, text: &str) -> usize {
    part.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

fn build(raw: &RawValue, text: &str, depth: usize) -> Result<Node, Fault> {
    let written = raw.get();
    let start = offset_in(written, text);
    let span = start..start + written.len();
    if depth > DEEPEST {
        return Err(Fault {
            code: "too_deep",
            message: format!("the file is nested deeper than {DEEPEST} levels"),
            span: start..start,
        });
    }
    let fault = |error: serde_json::Error| json_fault(text, written, &error);
    let value = match written.as_bytes().first() {
        Some(b'{') => {
            let Pairs(pairs) = serde_json::from_str(written).map_err(fault)?;
            let mut members: Vec<Member> = Vec::with_capacity(pairs.len());
            for pair in pairs {
                let after = members.last().map_or(start, |one| one.node.span.end);
                members.push(member(pair, text, after, depth)?);
            }
            Value::Table(Members::new(members).into())
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(written).map_err(fault)?;
            let item = |raw| build(raw, text, depth + 1);
            Value::List(items.into_iter().map(item).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(written).map_err(fault)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => Value::Number(written.into()),
    };
    Ok(Node { span, value })
}

/// Reads a member; its name stands behind this byte.
fn member(
    (key, raw): (Box<str>, &RawValue),
    text: &str,
    after: usize,
    depth: usize,
) -> Result<Member, Fault> {
    let node = build(raw, text, depth + 1)?;
    // Around the quoted name there are only spaces, a comma and a colon.
    let around = text.get(after..node.span.start).unwrap_or_default();
    let key_span = match (around.find('"'), around.rfind('"')) {
        (Some(first), Some(last)) => after + first..after + last + 1,
        _ => node.span.clone(),
    };
    Ok(Member {
        key,
        key_span,
        node,
    })
}

/// The members of an object, in order, repeats and all.
struct Pairs<'a>(Vec<(Box<str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Pairs<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn toml(text: &str) -> Result<Node, Fault> {
    let table = DeTable::parse(text).map_err(|error| Fault {
        code: "invalid_toml",
        message: format!("the file is not TOML: {}", error.message()),
        span: error.span().unwrap_or(0..0),
    })?;
    let span = table.span();
    let value = toml_table(table.into_inner());
    Ok(Node { span, value })
}

fn toml_table(table: DeTable<'_>) -> Value {
    let member = |(key, value): (toml::Spanned<Cow<'_, str>>, toml::Spanned<DeValue<'_>>)| Member {
        key_span: key.span(),
        key: key.into_inner().into(),
        node: toml_node(value),
    };
    let mut members: Vec<Member> = table.into_iter().map(member).collect();
    members.sort_by_key(|member| member.key_span.start);
    Value::Table(Members::new(members).into())
}

fn toml_node(value: toml::Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into()),
        DeValue::Integer(integer) => {
            match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Value::Number(number.to_string().into()),
                Err(_) => Value::Text(integer.to_string().into()),
            }
        }
        // TOML's infinities are no JSON.
        DeValue::Float(float) if float.as_str().ends_with(|c: char| c.is_alphabetic()) => {
            Value::Text(float.to_string().into())
        }
        DeValue::Float(float) => Value::Number(float.as_str().trim_start_matches('+').into()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(instant) => Value::Text(instant.to_string().into()),
        DeValue::Array(items) => Value::List(items.into_iter().map(toml_node).collect()),
        DeValue::Table(table) => toml_table(table),
    };
    Node { span, value }
}
