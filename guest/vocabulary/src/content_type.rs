//! Content types: `app_label.model`.

use std::borrow::Cow;

use crate::quote;

/// What to write instead of an invalid content type.
pub const HELP: &str = "write an app label, a dot and a model, such as `shop.sale`";

/// A content type in the form in which two are compared: the model in lower
/// case. None for what is not one app label, one dot and one model. A `*` stands for
/// nothing but itself, and no model has one in its name.
///
/// ```
/// use action_triggers_vocabulary::content_type::normalized;
///
/// assert_eq!(normalized("shop.Sale").as_deref(), Some("shop.sale"));
/// assert_eq!(normalized("shop.sale.x"), None);
/// ```
pub fn normalized(text: &str) -> Option<Cow<'_, str>> {
    let (app_label, model) = text.split_once('.')?;
    let is_invalid = |part: &str| part.is_empty() || part.contains('*');
    if is_invalid(app_label) || is_invalid(model) || model.contains('.') {
        return None;
    }
    if model.chars().any(char::is_uppercase) {
        return Some(Cow::Owned(format!("{app_label}.{}", model.to_lowercase())));
    }
    Some(Cow::Borrowed(text))
}

/// Says that a text is not a content type.
pub fn invalid(text: &str) -> String {
    let shown = quote::shown(text);
    let expected = "expected `app_label.model`";
    if text.contains('*') {
        return format!("invalid content type `{shown}`: there are no wildcards, {expected}");
    }
    format!("invalid content type `{shown}`: {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dot_parts_an_app_label_and_a_model() {
        for (text, expected) in [
            ("shop.sale", Some("shop.sale")),
            ("Shop.SaleLine", Some("Shop.saleline")),
            ("shop.ÄRGER", Some("shop.ärger")),
            ("shop", None),
            ("", None),
            (".", None),
            ("shop.", None),
            (".sale", None),
            ("a.b.c", None),
            ("shop.*", None),
            ("*.sale", None),
        ] {
            assert_eq!(normalized(text).as_deref(), expected, "{text}");
        }
    }
}
