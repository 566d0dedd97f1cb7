use std::cmp::Ordering;

use minijinja::Value;

use super::*;
use crate::{
    json,
    sequence::{Sequence, SequenceKind, View},
};

fn value(json: &str) -> Value {
    json::parse(json).unwrap()
}

#[test]
fn values_print_as_python_prints_them() {
    for (json, text) in [
        ("null", "None"),
        ("true", "True"),
        ("\"it's\"", "it's"),
        (
            "[\"it's\", \"a\\\"b\", \"'\\\"\"]",
            r#"["it's", 'a"b', '\'"']"#,
        ),
        (
            "{\"a\": [1, 1.0, 1200.00, 1e400], \"b\": {}}",
            "{'a': [1, 1.0, 1200.00, 1e400], 'b': {}}",
        ),
        (
            "[\"\\n\\u0000\\u200b\\ue001é\\u0301\"]",
            "['\\n\\x00\\u200b\\ue001é\u{301}']",
        ),
    ] {
        assert_eq!(to_str(&value(json)), text, "{json}");
    }
}

#[test]
fn equality_crosses_the_kinds_of_numbers() {
    for (left, right) in [
        ("1", "1.0"),
        ("1", "true"),
        ("0.10", "0.1"),
        ("100000000000000000000", "1e20"),
        ("[1, {\"a\": 2}]", "[1.0, {\"a\": 2.0}]"),
    ] {
        assert!(equals(&value(left), &value(right)), "{left} == {right}");
    }
    for (left, right) in [
        ("1", "\"1\""),
        ("null", "0"),
        ("9007199254740993", "9007199254740992.0"),
        ("{\"a\": 1}", "{\"b\": 1}"),
    ] {
        assert!(!equals(&value(left), &value(right)), "{left} != {right}");
    }
}

#[test]
fn order_is_exact_and_kinds_do_not_mix() {
    for (left, right, ordering) in [
        ("2", "10", Some(Ordering::Less)),
        (
            "9007199254740993",
            "9007199254740992.0",
            Some(Ordering::Greater),
        ),
        ("-1", "-0.5", Some(Ordering::Less)),
        ("1e400", "99999999999999999999", Some(Ordering::Greater)),
        ("\"b\"", "\"a\"", Some(Ordering::Greater)),
        ("[1, 2]", "[1, 2, 0]", Some(Ordering::Less)),
        ("[1, \"a\"]", "[2, 5]", Some(Ordering::Less)),
        ("[1, \"a\"]", "[1, 5]", None),
        ("1", "\"a\"", None),
        ("null", "1", None),
        ("{}", "{}", None),
    ] {
        assert_eq!(
            compare(&value(left), &value(right)),
            ordering,
            "{left} < {right}"
        );
    }
}

#[test]
fn membership_is_of_parts_items_and_keys() {
    let within = |item: &str, container: &str| contains(&value(container), &value(item));
    assert_eq!(within("\"b\"", "\"abc\""), Ok(true));
    assert_eq!(within("1.0", "[1]"), Ok(true));
    assert_eq!(within("\"a\"", "{\"a\": 1}"), Ok(true));
    assert_eq!(within("1", "{\"a\": 1}"), Ok(false));
    assert_eq!(within("1", "\"1\""), Err(Exception::Type("int")));
    assert_eq!(within("1", "5"), Err(Exception::Type("int")));
}

#[test]
fn conversions_fail_as_pythons_do() {
    assert_eq!(to_int(&value("-2.9")).unwrap().to_string(), "-2");
    assert_eq!(to_int(&value("\" 1_0 \"")).unwrap().to_string(), "10");
    assert_eq!(to_int(&value("\"1.5\"")), Err(Exception::Value));
    assert_eq!(to_int(&value("1e400")), Err(Exception::Overflow));
    assert_eq!(to_int(&value("null")), Err(Exception::Type("NoneType")));
    assert_eq!(to_float(&value("\" 1_0.5e1 \"")), Ok(105.0));
    assert_eq!(to_float(&value("\"1__0\"")), Err(Exception::Value));
    assert_eq!(to_float(&value("[]")), Err(Exception::Type("list")));
}

#[test]
fn a_missing_variable_is_the_empty_string() {
    assert_eq!(to_str(&Value::UNDEFINED), "");
    assert!(equals(&Value::UNDEFINED, &Value::from("")));
    assert_eq!(length(&Value::UNDEFINED), Ok(0));
}

fn sequence(kind: SequenceKind, items: &str) -> Value {
    Sequence::value(kind, iterate(&value(items)).unwrap())
}

#[test]
fn sequences_of_different_types_are_not_compared() {
    let list = || value("[1, 2]");
    let tuple = || sequence(SequenceKind::Tuple, "[1, 2]");
    let values = || sequence(SequenceKind::View(View::Values), "[1, 2]");
    for (left, right, is_same) in [
        (list(), list(), true),
        (tuple(), tuple(), true),
        (list(), tuple(), false),
        (values(), values(), false),
        (list(), values(), false),
    ] {
        assert_eq!(equals(&left, &right), is_same, "{left:?} == {right:?}");
        let ordering = is_same.then_some(Ordering::Equal);
        assert_eq!(compare(&left, &right), ordering, "{left:?} <= {right:?}");
    }
}

#[test]
fn keys_of_dicts_compare_as_sets() {
    let keys = |items| sequence(SequenceKind::View(View::Keys), items);
    for (left, right, ordering) in [
        (r#"["a", "b"]"#, r#"["b", "a"]"#, Some(Ordering::Equal)),
        (r#"["a"]"#, r#"["b", "a"]"#, Some(Ordering::Less)),
        (r#"["a", "b"]"#, r#"["a"]"#, Some(Ordering::Greater)),
        (r#"["a"]"#, r#"["b"]"#, None),
        (r#"["a"]"#, r#"["b", "c"]"#, None),
        ("[]", "[]", Some(Ordering::Equal)),
    ] {
        assert_eq!(
            compare(&keys(left), &keys(right)),
            ordering,
            "{left} {right}"
        );
    }
    let pair = |key: &str, item: i64| {
        let pair = vec![Value::from(key), Value::from(item)];
        Sequence::value(SequenceKind::Tuple, pair)
    };
    let items = |pairs| Sequence::value(SequenceKind::View(View::Items), pairs);
    let (one, other) = (items(vec![pair("a", 1)]), items(vec![pair("a", 2)]));
    assert!(!equals(&one, &other));
    assert!(equals(&one, &items(vec![pair("a", 1)])));
    assert!(!equals(&one, &keys(r#"["a"]"#)));
}

#[test]
fn a_list_is_no_key() {
    let keys = sequence(SequenceKind::View(View::Keys), r#"["a"]"#);
    let values = sequence(SequenceKind::View(View::Values), "[[1]]");
    assert_eq!(contains(&keys, &value("\"a\"")), Ok(true));
    assert!(contains(&keys, &value("[1]")).is_err());
    assert!(contains(&value("{\"a\": 1}"), &value("[1]")).is_err());
    assert_eq!(contains(&values, &value("[1]")), Ok(true));
    let tuple = sequence(SequenceKind::Tuple, "[1]");
    assert_eq!(contains(&keys, &tuple), Ok(false));
}
