//! One rule, one home: what nobody writes a rule without stands in one file.

use super::sources;

/// A rule, what its code has that no other code has, and where it lives.
const HOMES: [(&str, &str, &str); 12] = [
    (
        "a name that is meant",
        "strsim::",
        "guest/vocabulary/src/suggest.rs",
    ),
    ("signals", "\"pre_save\"", "guest/vocabulary/src/signal.rs"),
    (
        "placeholders",
        "find(\"}}\")",
        "guest/vocabulary/src/placeholder.rs",
    ),
    (
        "a setting as text",
        "Ok(\"True\")",
        "guest/vocabulary/src/setting.rs",
    ),
    (
        "what is said of a setting",
        "\"setting_not_allowed\"",
        "guest/vocabulary/src/setting.rs",
    ),
    (
        "what is said of a record that is not taken",
        "one call may publish at most",
        "guest/vocabulary/src/publish.rs",
    ),
    (
        "content types",
        "\"invalid content type",
        "guest/vocabulary/src/content_type.rs",
    ),
    (
        "places in JSON",
        "strip_prefix('$')",
        "guest/vocabulary/src/place.rs",
    ),
    (
        "how a trigger's members are spelt",
        "\"message_broker_queues\"",
        "guest/vocabulary/src/members.rs",
    ),
    (
        "the calendar",
        "146_097",
        "guest/vocabulary/src/calendar.rs",
    ),
    (
        "Python's `str.title`",
        "titlecase",
        "guest/django/src/python/case.rs",
    ),
    (
        "decimal numbers",
        "struct Decimal ",
        "guest/django/src/decimal.rs",
    ),
];

/// What a file does, without what it says and what it tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = code.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files whose code has this text.
fn files_with<'a>(sources: &'a [(String, String)], text: &str) -> Vec<&'a str> {
    let with = sources.iter().filter(|(_, code)| code.contains(text));
    with.map(|(path, _)| path.as_str()).collect()
}

fn is_product(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.contains("/benches/");
    !is_test && !path.ends_with("/tests.rs") && !path.contains("/target/")
}

#[test]
fn each_rule_has_one_home() {
    let all = ["guest", "host"].into_iter().flat_map(sources);
    let mut all: Vec<_> = all
        .filter(|(path, _)| is_product(path))
        .map(|(path, text)| (path, code(&text)))
        .collect();
    for (rule, text, home) in HOMES {
        assert_eq!(files_with(&all, text), [home], "{rule}");
    }
    let (_, text, home) = HOMES[0];
    let second = "host/core/src/second.rs";
    all.push((second.into(), format!("use {text}jaro;")));
    assert_eq!(
        files_with(&all, text),
        [home, second],
        "a second home is seen"
    );
}
