//! JSON text in, template values out.

use minijinja::Value;

use super::*;

#[test]
fn numbers_print_as_they_came() {
    for text in [
        "0",
        "-0",
        "7",
        "9007199254740993",
        "123456789012345678901234567890",
        "0.1",
        "1200.00",
        "1e400",
        "1E5",
        "-1.5e-7",
    ] {
        assert_eq!(parse(text).unwrap().to_string(), text, "{text}");
    }
}

#[test]
fn a_member_that_is_missing_may_have_a_substitute() {
    let text = r#"{"id": 3, "a": [{"id": 4}, {"pk": 5, "id": 6}]}"#;
    let value = Document::with_substitute(text.into(), "pk", "id")
        .value()
        .unwrap();
    assert_eq!(value.get_attr("pk").unwrap(), Value::from(3));
    for (item, expected) in value.get_attr("a").unwrap().try_iter().unwrap().zip([4, 5]) {
        assert_eq!(item.get_attr("pk").unwrap(), Value::from(expected));
    }
    let plain = parse(text).unwrap();
    assert!(plain.get_attr("pk").unwrap().is_undefined());
}

#[test]
fn members_are_reached_level_by_level() {
    let value =
        parse(r#" {"a": {"b": [1, "x\ny", {"c": null}]}, "id": 3, "a\u0062": true} "#).unwrap();
    assert_eq!(value.get_attr("ab").unwrap(), Value::from(true));
    let list = value.get_attr("a").unwrap().get_attr("b").unwrap();
    assert_eq!(
        list.get_item(&Value::from(1)).unwrap().as_str(),
        Some("x\ny")
    );
    assert!(
        list.get_item(&Value::from(2))
            .unwrap()
            .get_attr("c")
            .unwrap()
            .is_none()
    );
}

#[test]
fn half_a_character_is_found() {
    for (text, expected) in [
        (r#"{"a": "\ud83d\ude00 \u00e9"}"#, false),
        (r#"{"a": "\\ud83d"}"#, false),
        (r#"{"a": "\ud83d"}"#, true),
        (r#"{"\udc00": 1}"#, true),
    ] {
        assert_eq!(has_half_character(text), expected, "{text}");
    }
}

#[test]
fn depth_is_counted_outside_of_strings() {
    assert_eq!(depth(r#"{"a": [1, {"b": 2}]}"#), 3);
    assert_eq!(
        depth(&format!("[{}]", vec!["[\"[[[\\\"{\"]"; 20].join(","))),
        2
    );
}

#[test]
fn depth_and_escapes_are_seen_while_members_are_found() {
    for (text, depth, has_escapes) in [
        ("{}", 1, false),
        (
            r#"{"a": [], "b": {}, "c": [[], {}], "d": "{[{["}"#,
            3,
            false,
        ),
        (r#"{"a": [{"b": "\\u00e9"}]}"#, 3, true),
        (r#"{"\n": 1}"#, 1, true),
    ] {
        let object = Document::new(text.into());
        let object = object.object(object.text(), None).unwrap();
        assert_eq!(
            (object.depth(), object.has_escapes()),
            (depth, has_escapes),
            "{text}"
        );
    }
}

#[test]
fn what_is_printed_as_it_is_written_is_plain() {
    let text = r#"{"a": "x<é", "b": {"c": -17, "a": [1]}, "d": "\n", "e": "", "id": 7,
        "long": 1234567890123456789, "f": 1.0, "z": -0, "n": null, "t": true, "b.c": 1}"#;
    let document = Document::with_substitute(text.into(), "pk", "id");
    let object = document.object(document.text(), None).unwrap();
    for (path, expected) in [
        ("a", Some("x<é")),
        ("b.c", Some("-17")),
        ("e", Some("")),
        ("pk", None),
        ("b", None),
        ("b.a", None),
        ("b.a.0", None),
        ("a.upper", None),
        ("d", None),
        ("long", None),
        ("f", None),
        ("z", None),
        ("n", None),
        ("t", None),
        ("missing", None),
    ] {
        assert_eq!(object.plain(path), expected, "{path}");
    }
    assert_eq!(object.plain_member("pk"), Some("7"));
    let mut fields = Fields::default();
    assert!(fields.declare("x", FieldType::Date));
    let declared = document
        .object(document.text(), Some(&fields.into()))
        .unwrap();
    assert_eq!(declared.plain("a"), None);
}

#[test]
fn the_last_of_a_repeated_name_counts() {
    let value = parse(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
    assert_eq!(value.get_attr("a").unwrap(), Value::from(3));
    assert_eq!(value.len(), Some(2));
}

#[test]
fn the_last_of_a_repeated_name_counts_among_many() {
    let members: Vec<String> = (0..100).map(|n| format!(r#""m{}": {n}"#, n % 60)).collect();
    let value = parse(&format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!(value.len(), Some(60));
    assert_eq!(value.get_attr("m1").unwrap(), Value::from(61));
    assert_eq!(value.get_attr("m50").unwrap(), Value::from(50));
}

#[test]
fn floats_are_written_as_python_does() {
    for (number, text) in [
        (1.0, "1.0"),
        (1e16, "1e+16"),
        (1e15, "1000000000000000.0"),
        (1e-5, "1e-05"),
        (0.0001, "0.0001"),
        (1.5e300, "1.5e+300"),
        (-0.0, "-0.0"),
    ] {
        assert_eq!(python_float(number), text);
    }
}
