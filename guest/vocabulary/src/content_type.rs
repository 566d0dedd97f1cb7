//! Content types: `app_label.model`.

use std::borrow::Cow;

use crate::quote;

/// What to write instead of an invalid content type.
pub const HELP: &str = "write an app label, a dot and a model, such as `shop.sale`";

/// A content type in the form in which two are compared: the model in lower
/// case. None for what is not one app label, one dot and one model.
///
/// ```
/// use action_triggers_vocabulary::content_type::normalized;
///
/// assert_eq!(normalized("shop.Sale").as_deref(), Some("shop.sale"));
/// assert_eq!(normalized("shop.sale.x"), None);
/// ```
pub fn normalized(text: &str) -> Option<Cow<'_, str>> {
    let (app_label, model) = text.split_once('.')?;
    if app_label.is_empty() || model.is_empty() || model.contains('.') {
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
    format!("invalid content type `{shown}`: expected `app_label.model`")
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
        ] {
            assert_eq!(normalized(text).as_deref(), expected, "{text}");
        }
    }
}
