//! `pprint`: Python's pretty printer, 80 columns wide.

use minijinja::Value;

use super::{
    super::{
        python::{self, Kind},
        sequence::Sequence,
    },
    Argument, Call, DEAR, Filter, FilterError, safe,
};

pub(super) const FILTERS: &[Filter] = &[safe("pprint", Argument::None, pretty_print).at(DEAR)];

const WIDTH: i64 = 80;

fn pretty_print(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let mut text = String::new();
    write(&Node::of(value), 0, 0, 1, &mut text);
    Ok(Value::from(text))
}

/// A value, with the length that it has on one line: each is asked for it at every level
/// above it.
struct Node {
    length: i64,
    shape: Shape,
}

enum Shape {
    Plain(String),
    Text {
        text: String,
        repr: String,
    },
    List(Vec<Node>),
    /// In the order of the keys.
    Dict(Vec<(String, Node)>),
}

impl Node {
    fn of(value: &Value) -> Self {
        match python::kind(value) {
            Kind::List if is_list(value) => {
                let items = python::iterate(value).unwrap_or_default();
                let items: Vec<Self> = items.iter().map(Self::of).collect();
                let lengths = items.iter().map(|item| item.length);
                Self {
                    length: enclosed(lengths),
                    shape: Shape::List(items),
                }
            }
            Kind::Dict => {
                let items = sorted_items(value).into_iter();
                let items = items.map(|(key, item)| (python::repr(&key), Self::of(&item)));
                let items: Vec<(String, Self)> = items.collect();
                let lengths = items
                    .iter()
                    .map(|(key, item)| length(key) + 2 + item.length);
                Self {
                    length: enclosed(lengths),
                    shape: Shape::Dict(items),
                }
            }
            Kind::Str(text) => {
                let (text, repr) = (text.to_owned(), python::repr(value));
                Self {
                    length: length(&repr),
                    shape: Shape::Text { text, repr },
                }
            }
            _ => {
                let repr = python::repr(value);
                Self {
                    length: length(&repr),
                    shape: Shape::Plain(repr),
                }
            }
        }
    }

    /// Writes it on one line.
    fn write_flat(&self, out: &mut String) {
        match &self.shape {
            Shape::Plain(repr) | Shape::Text { repr, .. } => out.push_str(repr),
            Shape::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    item.write_flat(out);
                }
                out.push(']');
            }
            Shape::Dict(items) => {
                out.push('{');
                for (place, (key, item)) in items.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    out.push_str(key);
                    out.push_str(": ");
                    item.write_flat(out);
                }
                out.push('}');
            }
        }
    }
}

/// The length of members on one line, with commas between and brackets around them.
fn enclosed(lengths: impl ExactSizeIterator<Item = i64>) -> i64 {
    let between = i64::try_from(lengths.len().saturating_sub(1)).unwrap_or(i64::MAX);
    lengths.fold(2 + between.saturating_mul(2), i64::saturating_add)
}

/// Writes a value at this column, with so many characters to follow on its last line.
fn write(node: &Node, column: i64, allowance: i64, level: usize, out: &mut String) {
    if node.length <= WIDTH - column - allowance {
        return node.write_flat(out);
    }
    match &node.shape {
        Shape::Plain(repr) => out.push_str(repr),
        Shape::Text { text, .. } => write_text(text, column, allowance, level, out),
        Shape::List(items) => write_list(items, column + 1, allowance + 1, level, out),
        Shape::Dict(items) => write_dict(items, column + 1, allowance + 1, level, out),
    }
}

fn write_list(items: &[Node], column: i64, allowance: i64, level: usize, out: &mut String) {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
            break_line(column, out);
        }
        let is_last = place + 1 == items.len();
        let behind = if is_last { allowance } else { 1 };
        write(item, column, behind, level + 1, out);
    }
    out.push(']');
}

fn write_dict(
    items: &[(String, Node)],
    column: i64,
    allowance: i64,
    level: usize,
    out: &mut String,
) {
    out.push('{');
    for (place, (key, item)) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
            break_line(column, out);
        }
        out.push_str(key);
        out.push_str(": ");
        let is_last = place + 1 == items.len();
        let behind = if is_last { allowance } else { 1 };
        let behind_key = column + length(key) + 2;
        write(item, behind_key, behind, level + 1, out);
    }
    out.push('}');
}

/// A long string in pieces, in parentheses when it stands alone.
fn write_text(text: &str, column: i64, allowance: i64, level: usize, out: &mut String) {
    let (column, allowance) = if level == 1 {
        (column + 1, allowance + 1)
    } else {
        (column, allowance)
    };
    let pieces = pieces(text, WIDTH - column, allowance);
    if let [piece] = pieces.as_slice() {
        out.push_str(piece);
        return;
    }
    out.push_str(if level == 1 { "(" } else { "" });
    for (place, piece) in pieces.iter().enumerate() {
        if place > 0 {
            break_line(column, out);
        }
        out.push_str(piece);
    }
    out.push_str(if level == 1 { ")" } else { "" });
}

/// The lines of a string as literals, those too long broken between words.
fn pieces(text: &str, width: i64, allowance: i64) -> Vec<String> {
    let lines = lines_with_ends(text);
    let mut pieces = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let is_last_line = place + 1 == lines.len();
        let repr = repr_of(line);
        if length(&repr) <= width - if is_last_line { allowance } else { 0 } {
            pieces.push(repr);
            continue;
        }
        let words = words_with_spaces(line);
        let mut current = String::new();
        for (place, word) in words.iter().enumerate() {
            let is_last = is_last_line && place + 1 == words.len();
            let candidate = [current.as_str(), word].concat();
            if length(&repr_of(&candidate)) <= width - if is_last { allowance } else { 0 } {
                current = candidate;
                continue;
            }
            if !current.is_empty() {
                pieces.push(repr_of(&current));
            }
            (*word).clone_into(&mut current);
        }
        if !current.is_empty() {
            pieces.push(repr_of(&current));
        }
    }
    pieces
}

/// `text.splitlines(True)`.
fn lines_with_ends(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut lines = Vec::new();
    for line in python::split_lines(text) {
        let behind = rest.strip_prefix(line).unwrap_or_default();
        let mut end = behind.chars();
        end.nth(usize::from(behind.starts_with("\r\n")));
        let (line, behind) = rest
            .split_at_checked(rest.len() - end.as_str().len())
            .unwrap_or((rest, ""));
        lines.push(line);
        rest = behind;
    }
    lines
}

/// Each word with the white space behind it.
fn words_with_spaces(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let behind = rest
            .trim_start_matches(|character| !python::is_space(character))
            .trim_start_matches(python::is_space);
        words.extend(rest.get(..rest.len() - behind.len()));
        rest = behind;
    }
    words
}

/// Whether it is not one of the other sequences.
fn is_list(value: &Value) -> bool {
    value.downcast_object_ref::<Sequence>().is_none()
}

fn sorted_items(dict: &Value) -> Vec<(Value, Value)> {
    let mut items = python::items(dict);
    items.sort_by_cached_key(|(key, _)| python::to_str(key));
    items
}

fn repr_of(text: &str) -> String {
    python::repr(&Value::from(text))
}

fn break_line(column: i64, out: &mut String) {
    out.push('\n');
    out.push_str(&" ".repeat(usize::try_from(column).unwrap_or(0)));
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}
