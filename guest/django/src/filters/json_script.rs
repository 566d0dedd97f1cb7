//! `json_script`.

use std::fmt::Write as _;

use minijinja::{Value, value::ValueKind};

use super::{
    super::python::{self, Exception, Kind},
    Argument, Call, Filter, FilterError,
    html::conditional_escape,
    safe,
};

pub(super) const FILTERS: &[Filter] = &[safe("json_script", Argument::Optional, json_script)];

/// Django: the value as JSON in a script element, with what could end the element escaped.
fn json_script(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let mut json = String::new();
    write_json(value, &mut json)?;
    let json = json
        .replace('>', "\\u003E")
        .replace('<', "\\u003C")
        .replace('&', "\\u0026");
    let id = argument
        .filter(|argument| python::is_true(argument))
        .map(conditional_escape);
    let id = id.map_or_else(String::new, |id| format!("id=\"{id}\" "));
    Ok(Value::from_safe_string(format!(
        "<script {id}type=\"application/json\">{json}</script>"
    )))
}

/// Python's `json.dumps`.
fn write_json(value: &Value, json: &mut String) -> Result<(), FilterError> {
    match python::kind(value) {
        Kind::None => json.push_str("null"),
        Kind::Bool(truth) => json.push_str(if truth { "true" } else { "false" }),
        Kind::Float(number) if number.is_nan() => json.push_str("NaN"),
        Kind::Float(number) if number.is_infinite() && value.is_number() => {
            json.push_str(if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            });
        }
        Kind::Int(_) | Kind::Long(_) | Kind::Float(_) => json.push_str(&python::as_text(value)),
        Kind::Str(text) => write_text(text, json),
        Kind::Decimal(number) => write_text(&number.to_string(), json),
        Kind::Moment(moment) => write_text(&moment.json_text(), json),
        // A view of a dict is no list to Python's `json`.
        Kind::List if value.kind() != ValueKind::Iterable => {
            json.push('[');
            for (place, item) in python::iterate(value)?.iter().enumerate() {
                json.push_str(if place == 0 { "" } else { ", " });
                write_json(item, json)?;
            }
            json.push(']');
        }
        Kind::Dict => {
            json.push('{');
            for (place, (key, item)) in python::items(value).iter().enumerate() {
                json.push_str(if place == 0 { "" } else { ", " });
                write_text(&python::as_text(key), json);
                json.push_str(": ");
                write_json(item, json)?;
            }
            json.push('}');
        }
        Kind::List | Kind::Other => return Err(Exception::Type(python::type_name(value)).into()),
    }
    Ok(())
}

/// A string in ASCII.
fn write_text(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='\u{7e}' | '\u{7f}' => json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _infallible = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}
