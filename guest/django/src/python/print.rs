//! How Python prints: `str` and `repr`.

use std::borrow::Cow;

use minijinja::Value;

use super::{
    kind::{Kind, kind},
    members::{items, iterate},
    text::write_string_repr,
};
use crate::{
    json::{self, Field},
    sequence::{Sequence, SequenceKind},
};

/// `str(value)`. A number that kept its JSON text prints as that text.
pub fn to_str(value: &Value) -> String {
    as_text(value).into_owned()
}

/// `str(value)`, borrowed where the value is a string.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    match kind(value) {
        Kind::Str(text) => Cow::Borrowed(text),
        Kind::Int(number) if value.is_number() => Cow::Owned(number.to_string()),
        Kind::Decimal(_) | Kind::Moment(_) => value
            .downcast_object_ref::<Field>()
            .map_or(Cow::Borrowed(""), Field::printed),
        _ => Cow::Owned(repr(value)),
    }
}

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    write_repr(value, &mut text);
    text
}

fn write_repr(value: &Value, out: &mut String) {
    match kind(value) {
        Kind::None => out.push_str("None"),
        Kind::Bool(true) => out.push_str("True"),
        Kind::Bool(false) => out.push_str("False"),
        Kind::Float(number) if value.is_number() => out.push_str(&json::python_float(number)),
        Kind::Str(text) => write_string_repr(text, out),
        Kind::Decimal(decimal) => {
            out.push_str("Decimal('");
            out.push_str(&decimal.to_string());
            out.push_str("')");
        }
        Kind::Moment(moment) => out.push_str(&moment.repr()),
        Kind::List => {
            if let Some(sequence) = value.downcast_object_ref::<Sequence>() {
                return out.push_str(&sequence_repr(sequence));
            }
            out.push('[');
            for (place, item) in iterate(value).unwrap_or_default().iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_repr(item, out);
            }
            out.push(']');
        }
        Kind::Dict => {
            out.push('{');
            for (place, (key, item)) in items(value).iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_repr(key, out);
                out.push_str(": ");
                write_repr(item, out);
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
}

/// The `repr` of a sequence that is not a list.
fn sequence_repr(sequence: &Sequence) -> String {
    let items: Vec<String> = sequence.items.iter().map(repr).collect();
    match (sequence.kind, items.as_slice()) {
        (SequenceKind::View(view), items) => {
            format!("{}([{}])", view.type_name(), items.join(", "))
        }
        (SequenceKind::Named(type_name, names), items) => {
            let fields = names.iter().zip(items);
            let fields: Vec<_> = fields
                .map(|(name, item)| format!("{name}={item}"))
                .collect();
            format!("{type_name}({})", fields.join(", "))
        }
        (SequenceKind::GroupedResult, [grouper, list]) => {
            format!("GroupedResult(grouper={grouper}, list={list})")
        }
        (_, [item]) => format!("({item},)"),
        (_, items) => format!("({})", items.join(", ")),
    }
}
