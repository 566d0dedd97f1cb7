//! What is a topic's name, and which topics a broker allows a queue to render.

use crate::quote;

/// Most bytes of a topic's name in Kafka.
pub const LONGEST: usize = 249;

/// Whether one of a broker's patterns allows a topic: a pattern is the topic itself, or its
/// beginning and `*`.
pub fn is_allowed(patterns: &[impl AsRef<str>], topic: &str) -> bool {
    patterns.iter().any(|pattern| {
        let pattern = pattern.as_ref();
        match pattern.strip_suffix('*') {
            Some(beginning) => topic.starts_with(beginning),
            None => topic == pattern,
        }
    })
}

/// A topic that a pattern allows and that is none of those: its beginning, and letters behind it.
/// None where there is no such topic, or it would be too long.
///
/// ```
/// use action_triggers_vocabulary::topic::other_than;
///
/// assert_eq!(other_than("orders.*", |topic| topic == "orders.x").as_deref(), Some("orders.xx"));
/// assert_eq!(other_than("orders", |topic| topic == "orders"), None);
/// ```
pub fn other_than(pattern: &str, is_one: impl Fn(&str) -> bool) -> Option<String> {
    let Some(beginning) = pattern.strip_suffix('*') else {
        return (!is_one(pattern)).then(|| pattern.to_owned());
    };
    let mut topic = beginning.to_owned();
    while topic.len() < LONGEST {
        topic.push('x');
        if !is_one(&topic) {
            return Some(topic);
        }
    }
    None
}

/// Whether Kafka takes a text for a topic's name.
pub fn is_name(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !matches!(text, "" | "." | "..") && text.len() <= LONGEST && text.bytes().all(is_legal)
}

/// Says that Kafka does not take a text for a topic's name.
pub fn invalid(text: &str) -> String {
    if matches!(text, "." | "..") {
        return format!("invalid topic `{text}`: Kafka has no topic of this name");
    }
    let shown = quote::shown(text);
    format!("invalid topic `{shown}`: expected 1 to {LONGEST} letters, digits, `.`, `_` or `-`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_topic_or_its_beginning() {
        let patterns = ["orders.*", "audit"];
        for (topic, expected) in [
            ("orders.eu", true),
            ("orders.", true),
            ("orders", false),
            ("audit", true),
            ("audit.eu", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(&patterns, topic), expected, "{topic}");
        }
        assert!(is_allowed(&["*"], "any"));
        assert!(!is_allowed(&[] as &[&str], "any"));
    }

    #[test]
    fn names_are_those_that_kafka_takes() {
        for (text, expected) in [
            ("a.B-c_9", true),
            ("...", true),
            ("", false),
            (".", false),
            ("..", false),
            ("a b", false),
            ("a/b", false),
            ("é", false),
            ("a\n", false),
        ] {
            assert_eq!(is_name(text), expected, "{text}");
        }
        assert!(is_name(&"a".repeat(249)) && !is_name(&"a".repeat(250)));
    }
}
