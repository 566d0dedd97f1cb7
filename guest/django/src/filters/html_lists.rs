//! `unordered_list`.

use minijinja::Value;

use super::{
    super::python::{self, Kind},
    Argument, Call, DEAR, Filter, FilterError,
    html_lines::escape_for,
    safe,
};

pub(super) const FILTERS: &[Filter] =
    &[safe("unordered_list", Argument::None, unordered_list).at(DEAR)];

/// Django: the items of a list as `<li>`, a list among them nested under the item before it.
fn unordered_list(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let mut html = String::new();
    write_items(&python::iterate(value)?, 1, call, &mut html);
    Ok(Value::from_safe_string(html))
}

fn write_items(items: &[Value], depth: usize, call: &Call, html: &mut String) {
    let indent = "\t".repeat(depth);
    let mut items = items.iter().peekable();
    let mut is_first = true;
    while let Some(item) = items.next() {
        let text = python::as_text(item);
        let separator = if is_first { "" } else { "\n" };
        html.extend([separator, &indent, "<li>", &escape_for(item, &text, call)]);
        is_first = false;
        if let Some(list) = items.next_if(|next| matches!(python::kind(next), Kind::List)) {
            let children = python::iterate(list).unwrap_or_default();
            if !children.is_empty() {
                html.extend(["\n", &indent, "<ul>\n"]);
                write_items(&children, depth + 1, call, html);
                html.extend(["\n", &indent, "</ul>\n", &indent]);
            }
        }
        html.push_str("</li>");
    }
}
