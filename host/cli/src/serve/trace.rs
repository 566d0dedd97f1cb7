//! The trace that a request is part of, as W3C Trace Context says it.

use action_triggers_host::Header;
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Longest `tracestate`, which everyone must pass on.
const LONGEST_STATE: usize = 512;

/// The headers by which the records of a request are part of its trace; none where the
/// request names no trace.
pub(super) fn headers(of: &HeaderMap) -> Vec<Header> {
    let Some(parent) = parent(of) else {
        return Vec::new();
    };
    let state = of.get(STATE).map(HeaderValue::as_bytes);
    let state = state.filter(|state| state.len() <= LONGEST_STATE);
    [(PARENT, Some(parent.as_bytes())), (STATE, state)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Bytes::copy_from_slice(value?))))
        .collect()
}

/// The request's `traceparent`, if it has a valid one.
pub(super) fn parent(of: &HeaderMap) -> Option<&str> {
    let text = of.get(PARENT)?.to_str().ok()?;
    is_parent(text).then_some(text)
}

/// Whether this is a version, a trace, a span and flags. Later versions may have more.
fn is_parent(text: &str) -> bool {
    let mut parts = text.splitn(5, '-');
    let mut part = |digits: usize| {
        let part = parts.next().unwrap_or_default();
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (part.len() == digits && part.bytes().all(is_digit)).then_some(part)
    };
    let is_some = |id: &str| id.bytes().any(|byte| byte != b'0');
    let (version, trace, span, flags) = (part(2), part(32), part(16), part(2));
    let has_more = parts.next().is_some();
    version.is_some_and(|version| version != "ff" && !(version == "00" && has_more))
        && trace.is_some_and(is_some)
        && span.is_some_and(is_some)
        && flags.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_trace_and_a_span_is_carried_on() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let more = format!("{valid}-what-comes");
        for (text, expected) in [
            (valid, true),
            (&valid.replacen("00", "cc", 1), true),
            (&more.replacen("00", "cc", 1), true),
            (&more, false),
            (&valid.replacen("00", "ff", 1), false),
            (&valid.to_ascii_uppercase(), false),
            (
                &valid.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
                false,
            ),
            (&valid.replace("b7ad6b7169203331", &"0".repeat(16)), false),
            (&valid.replace("-01", "-0"), false),
            ("", false),
        ] {
            assert_eq!(is_parent(text), expected, "{text}");
        }
    }
}
