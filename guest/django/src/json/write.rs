//! JSON written: compact, members in their order, numbers as they came.

pub use action_triggers_vocabulary::quote::{string, string_content};
use minijinja::{Value, value::ValueKind};

use super::{
    field::Field,
    float::python_float,
    repeated,
    scan::string_end,
    value::{JsonArray, JsonObject, Number},
};

/// Copies JSON text without the white space between its tokens; of members of one name the last
/// counts, in the place of the first. The text must be JSON.
pub fn compact(text: &str, out: &mut String) {
    let edits = repeated::edits(text);
    let whole = 0..text.len();
    let mut stretches = vec![whole];
    while let Some(stretch) = stretches.pop() {
        let next = edits.partition_point(|edit| edit.left_out.start < stretch.start);
        let edit = edits
            .get(next)
            .filter(|edit| edit.left_out.start < stretch.end);
        let end = edit.map_or(stretch.end, |edit| edit.left_out.start);
        copy_compact(text.get(stretch.start..end).unwrap_or_default(), out);
        if let Some(edit) = edit {
            stretches.push(edit.left_out.end..stretch.end);
            stretches.extend(edit.instead.clone());
        }
    }
}

/// Writes an object as [`compact`] does; one that is known to need no care is only copied.
pub fn object(object: &JsonObject, out: &mut String) {
    if object.is_flat_and_unique() {
        copy_compact(object.text(), out);
    } else {
        compact(object.text(), out);
    }
}

fn copy_compact(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (between, from_quote) = rest.split_at(quote);
        copy_tokens(between, out);
        let end = string_end(from_quote);
        let (string, after) = from_quote.split_at(end);
        out.push_str(string);
        rest = after;
    }
    copy_tokens(rest, out);
}

/// Adds a member that is text at the end of an object, compact as [`compact`] leaves it.
pub fn add_member(name: &str, value: &str, object: &mut String) {
    if object.pop().is_none() {
        return;
    }
    if !object.ends_with('{') {
        object.push(',');
    }
    string(name, object);
    object.push(':');
    string(value, object);
    object.push('}');
}

/// A value that JSON has no form for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no JSON form")]
pub struct NotJson(String);

/// Writes a template's value with its JSON type. A missing value is null.
///
/// # Errors
///
/// The value, or one inside it, is a float outside JSON's range or of a kind
/// that JSON does not know.
pub fn value(value: &Value, out: &mut String) -> Result<(), NotJson> {
    if let Some(object) = value.downcast_object_ref() {
        self::object(object, out);
        return Ok(());
    }
    if let Some(text) = source_text(value) {
        compact(text, out);
        return Ok(());
    }
    match value.downcast_object_ref::<Field>() {
        Some(field) if field.is_number() => {
            out.push_str(field.text());
            return Ok(());
        }
        Some(field) => {
            string(field.text(), out);
            return Ok(());
        }
        None => {}
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number if value.is_integer() => out.push_str(&value.to_string()),
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(number) if number.is_finite() => out.push_str(&python_float(number)),
            _ => return Err(NotJson(format!("the number `{value}`"))),
        },
        ValueKind::String => string(value.as_str().unwrap_or_default(), out),
        ValueKind::Seq | ValueKind::Iterable => sequence(value, out)?,
        ValueKind::Map => map(value, out)?,
        kind => return Err(NotJson(format!("a value of kind `{kind}`"))),
    }
    Ok(())
}

fn sequence(items: &Value, out: &mut String) -> Result<(), NotJson> {
    out.push('[');
    for (index, item) in items.try_iter().into_iter().flatten().enumerate() {
        if index > 0 {
            out.push(',');
        }
        value(&item, out)?;
    }
    out.push(']');
    Ok(())
}

fn map(members: &Value, out: &mut String) -> Result<(), NotJson> {
    out.push('{');
    for (index, key) in members.try_iter().into_iter().flatten().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match key.as_str() {
            Some(name) => string(name, out),
            None => string(&key.to_string(), out),
        }
        out.push(':');
        value(&members.get_item(&key).unwrap_or_default(), out)?;
    }
    out.push('}');
    Ok(())
}

/// The JSON text of a value that came from JSON and keeps it.
fn source_text(value: &Value) -> Option<&str> {
    if let Some(array) = value.downcast_object_ref::<JsonArray>() {
        return Some(array.text());
    }
    value.downcast_object_ref::<Number>().map(Number::text)
}

fn copy_tokens(text: &str, out: &mut String) {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    text.split(is_space).for_each(|tokens| out.push_str(tokens));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(text: &str) -> String {
        let mut out = String::new();
        compact(text, &mut out);
        out
    }

    #[test]
    fn white_space_goes_and_everything_else_stays() {
        assert_eq!(
            compacted(" { \"a b\" : [ 1.00 ,\n\t1e400, \"\\\" , \\\\\" ] , \"é\":null } "),
            r#"{"a b":[1.00,1e400,"\" , \\"],"é":null}"#
        );
        assert_eq!(compacted("  12 "), "12");
    }

    #[test]
    fn of_members_of_one_name_the_last_counts_in_the_place_of_the_first() {
        for (text, expected) in [
            (r#"{"a": 1, "b": 2, "a": 3}"#, r#"{"a":3,"b":2}"#),
            (
                r#"{"a": 1, "\u0061": 2, "a": [3, {"x": 1, "x": 2}]}"#,
                r#"{"a":[3,{"x":2}]}"#,
            ),
            (
                r#"[{"k": 1, "k": 2}, {"k": {"k": 1}}]"#,
                r#"[{"k":2},{"k":{"k":1}}]"#,
            ),
            (
                r#"{"a": {"b": 1, "b": 2}, "a": 0, "c": "\"a\":"}"#,
                r#"{"a":0,"c":"\"a\":"}"#,
            ),
        ] {
            assert_eq!(compacted(text), expected);
        }
    }

    #[test]
    fn values_keep_their_json_type() {
        let written = |v: Value| {
            let mut out = String::new();
            value(&v, &mut out).map(|()| out)
        };
        assert_eq!(written(Value::UNDEFINED).unwrap(), "null");
        assert_eq!(written(Value::from(true)).unwrap(), "true");
        assert_eq!(written(Value::from(1.5)).unwrap(), "1.5");
        assert_eq!(
            written(Value::from(i64::MAX)).unwrap(),
            i64::MAX.to_string()
        );
        assert_eq!(
            written(Value::from(vec!["a", "b\""])).unwrap(),
            r#"["a","b\""]"#
        );
        assert_eq!(
            written(crate::json::parse(r#"{"n": 1e400, "m": [1200.00]}"#).unwrap()).unwrap(),
            r#"{"n":1e400,"m":[1200.00]}"#
        );
        assert_eq!(
            written(Value::from(f64::NAN)).unwrap_err().to_string(),
            "the number `NaN` has no JSON form"
        );
    }
}
