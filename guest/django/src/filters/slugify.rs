//! `slugify`.

use minijinja::Value;

use super::{super::python, Argument, Call, Filter, FilterError, safe, unicode::to_ascii};

pub(super) const FILTERS: &[Filter] = &[safe("slugify", Argument::None, slugify)];

/// Django: what ASCII can say, in lower case, with hyphens for spaces.
fn slugify(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let ascii = to_ascii(&python::as_text(value)).to_ascii_lowercase();
    let mut slug = String::new();
    for character in ascii.chars() {
        match character {
            'a'..='z' | '0'..='9' | '_' => slug.push(character),
            _ if (character == '-' || python::is_space(character)) && !slug.ends_with('-') => {
                slug.push('-');
            }
            _ => {}
        }
    }
    Ok(Value::from(slug.trim_matches(['-', '_'])))
}
