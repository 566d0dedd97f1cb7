//! Placeholders: `{{ dotted.path }}` in a text.
//!
//! They are found as upstream's expression `{{(.*?)}}` finds them: a
//! placeholder does not span lines, and one that is not closed is text.

/// The next placeholder of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// The text before it.
    pub before: &'a str,
    /// The path inside, without white space around it.
    pub path: &'a str,
    /// The text behind it.
    pub after: &'a str,
}

/// Finds the first placeholder of a text.
///
/// ```
/// use action_triggers_vocabulary::placeholder;
///
/// let found = placeholder::next("sales-{{ app.REGION }}-v1").unwrap();
/// assert_eq!((found.before, found.path, found.after), ("sales-", "app.REGION", "-v1"));
/// ```
pub fn next(text: &str) -> Option<Placeholder<'_>> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find("{{")?;
        let inside = text.get(open + 2..)?;
        let close = inside.find("}}")?;
        let path = inside.get(..close)?;
        let Some(line) = path.rfind('\n') else {
            return Some(Placeholder {
                before: text.get(..open)?,
                path: path.trim(),
                after: inside.get(close + 2..)?,
            });
        };
        // Crosses a line: no placeholder starts before the line's end.
        from = open + 2 + line;
    }
}

/// Whether a text has a placeholder.
pub fn has(text: &str) -> bool {
    next(text).is_some()
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// What stays as it is.
    Text(&'a str),
    /// The path of a placeholder.
    Path(&'a str),
}

/// Splits a text at its placeholders; parts without text are left out.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(found) = next(rest) {
        if !found.before.is_empty() {
            parts.push(Part::Text(found.before));
        }
        parts.push(Part::Path(found.path));
        rest = found.after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_as_upstreams_expression_finds_them() {
        use Part::{Path, Text};

        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![Text("plain")]),
            ("{{a.b}}", vec![Path("a.b")]),
            ("x{{ a }}{{b}}", vec![Text("x"), Path("a"), Path("b")]),
            ("{{ open", vec![Text("{{ open")]),
            ("{{ a\n}}", vec![Text("{{ a\n}}")]),
            ("{{\n{{ a }}", vec![Text("{{\n"), Path("a")]),
            ("{{{ a }}}", vec![Path("{ a"), Text("}")]),
            ("{{}}", vec![Path("")]),
        ] {
            assert_eq!(parts(text), expected, "{text:?}");
        }
    }

    #[test]
    fn many_openings_before_a_line_break_take_linear_time() {
        let text = format!("{}\n}}}}", "{{".repeat(200_000));
        assert!(!has(&text));
    }
}
