//! String payloads that are JSON text.

use crate::support::{Event, TestHost, load, publish, sale, trigger};
use action_triggers_guest::failure::Failure;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What a string payload gives for an instance: the value, and whether it is JSON.
fn published(payload: &str, instance: &str) -> Result<(String, bool), Failure> {
    let event = Event { instance, ..sale() };
    let set = trigger(&format!(r#""payload": {}"#, json!(payload)));
    let sent = publish(&set, &event, &mut TestHost::default())?;
    Ok((sent.value, sent.is_json))
}

#[test]
fn values_keep_their_place_in_json_text() {
    let list = "[{% for x in xs %}{{ x }}{% if not forloop.last %},{% endif %}{% endfor %}]";
    for (payload, instance, expected) in [
        (
            r#"{"t": "{{ msg }}"}"#,
            r#"{"msg": "x\",\"admin\":\"1"}"#,
            r#"{"t":"x\",\"admin\":\"1"}"#,
        ),
        (
            r#"{"t": "{{ msg }}"}"#,
            r#"{"msg": "C:\\temp"}"#,
            r#"{"t":"C:\\temp"}"#,
        ),
        (
            r#"{"t": "{{ msg|escapejs }}"}"#,
            r#"{"msg": "a\"b\n"}"#,
            r#"{"t":"a\u0022b\u000A"}"#,
        ),
        (r#"{"n": {{ qty }}}"#, r#"{"qty": 3}"#, r#"{"n":3}"#),
        (r#"{"n": {{ qty }}}"#, r#"{"qty": "3"}"#, r#"{"n":3}"#),
        (
            r#"{"p": {{ price }}}"#,
            r#"{"price": "10.50"}"#,
            r#"{"p":10.50}"#,
        ),
        (
            r#"{"n": {{ name }}}"#,
            r#"{"name": "1,\"a\":2"}"#,
            r#"{"n":"1,\"a\":2"}"#,
        ),
        (
            r#"{"n": {{ name|safe }}}"#,
            r#"{"name": "1,\"a\":2"}"#,
            r#"{"n":"1,\"a\":2"}"#,
        ),
        (
            r#"{"q": {{ x }}, "s": "{{ x }}"}"#,
            r#"{"x": null}"#,
            r#"{"q":null,"s":"None"}"#,
        ),
        (
            r#"{"f": {{ b }}, "o": {{ o }}}"#,
            r#"{"b": true, "o": {"a": 1}}"#,
            r#"{"f":true,"o":{"a":1}}"#,
        ),
        (list, r#"{"xs": [1, "a"]}"#, r#"[1,"a"]"#),
        (
            r#"{"{{ k }}": 1, "a": {{ price|floatformat:1 }}}"#,
            r#"{"k": "a", "price": "10.50"}"#,
            r#"{"a":10.5}"#,
        ),
        ("{{ x }}", r#"{"x": 3}"#, "3"),
        ("{{ x }}", r#"{"x": "{\"a\": 1}"}"#, r#"{"a":1}"#),
        // A backslash that is not doubled stays one, and the value its own.
        (
            r#"{"p": "C:\{{ x }}"}"#,
            r#"{"x": "\""}"#,
            r#"{"p":"C:\\\""}"#,
        ),
        (
            r#"{"a": "{% filter upper %}{{ x }}{% endfilter %}"}"#,
            r#"{"x": "q\""}"#,
            r#"{"a":"Q\""}"#,
        ),
        (
            r#"{% spaceless %}{"a": "{{ x }}"}{% endspaceless %}"#,
            r#"{"x": "<b> </b>\""}"#,
            r#"{"a":"<b></b>\""}"#,
        ),
        (
            r#"{% if x %}{"a": {{ x }}}{% else %}none{% endif %}"#,
            r#"{"x": "y"}"#,
            r#"{"a":"y"}"#,
        ),
        (
            r#"[{% for x in xs %}{% ifchanged %}"{{ x }}",{% endifchanged %}{% endfor %}{{ n }}]"#,
            r#"{"xs": ["\"", "\"", "b"], "n": "c"}"#,
            r#"["\"","b","c"]"#,
        ),
        (
            r#"[{% firstof n m %}, "{% firstof m n %}", {% widthratio 1 2 100 %}, {% now "Y" %}]"#,
            r#"{"n": 0, "m": "\""}"#,
            r#"["\"","\"",50,2024]"#,
        ),
    ] {
        let expected = (expected.to_owned(), true);
        assert_eq!(published(payload, instance).unwrap(), expected, "{payload}");
    }
}

#[test]
fn what_is_no_json_with_its_values_is_published_as_plain_text() {
    let list = "[{% for x in xs %}{{ x }}{% endfor %}]";
    for (payload, instance, expected) in [
        (r#"{"q": {{ nope }}}"#, "{}", r#"{"q": }"#),
        (list, r#"{"xs": [1, "a"]}"#, "[1a]"),
        ("{{ x }}", r#"{"x": null}"#, "None"),
        (r#"Hello "{{ x }}""#, r#"{"x": "\""}"#, r#"Hello """"#),
        ("{'a': '{{ x }}'}", r#"{"x": 1}"#, "{'a': '1'}"),
        (r"[1, {{ x }}", r#"{"x": "\"a"}"#, r#"[1, "a"#),
        (
            "{% if nope %}{}{% else %}none {{ x }}{% endif %}",
            r#"{"x": "\""}"#,
            r#"none ""#,
        ),
    ] {
        let expected = (expected.to_owned(), false);
        assert_eq!(published(payload, instance).unwrap(), expected, "{payload}");
    }
}

#[test]
fn an_argument_of_a_filter_block_ends_no_string_and_adds_no_member() {
    let instance = r#"{"name": "y\",\"admin\":\"1", "rest": ",\"admin\":1"}"#;
    for (payload, expected) in [
        (
            r#"{"v": "{% filter add:name %}x{% endfilter %}"}"#,
            r#"{"v":"xy\",\"admin\":\"1"}"#,
        ),
        (
            r#"{"v": "{% filter default:name|lower %}{% endfilter %}"}"#,
            r#"{"v":"y\",\"admin\":\"1"}"#,
        ),
        (
            r#"{"v": "{% filter join:name %}ab{% endfilter %}"}"#,
            r#"{"v":"ay&quot;,&quot;admin&quot;:&quot;1b"}"#,
        ),
        (
            r#"{"v": "{% filter cut:name %}{{ name }}!{% endfilter %}"}"#,
            r#"{"v":"!"}"#,
        ),
        (
            r#"{"v": {% filter default:name %}{% endfilter %}}"#,
            r#"{"v":"y\",\"admin\":\"1"}"#,
        ),
    ] {
        let expected = (expected.to_owned(), true);
        assert_eq!(published(payload, instance).unwrap(), expected, "{payload}");
    }
    let payload = r#"{"v": 1{% filter add:rest %}{% endfilter %}}"#;
    let failure = published(payload, instance).unwrap_err();
    assert_eq!(failure.code(), "payload_ambiguous");
}

#[test]
fn a_value_that_would_decide_the_shape_fails_the_record() {
    let failure = published(
        r#"{"a": "x", {{ rest }}"#,
        r#"{"rest": "\"admin\": true}"}"#,
    );
    let failure = failure.unwrap_err();
    assert_eq!(failure.code(), "payload_ambiguous");
    insta::assert_snapshot!(failure, @"$[0].payload: the payload is JSON only if its values are written without quotes and escapes; put quotes around those that are text, and give those that may be missing a `default`");
}

#[test]
fn the_last_of_members_that_come_out_alike_counts() {
    assert_eq!(
        published(r#"{"a": 1, "{{ k }}": {"b": 1, "b": 2}}"#, r#"{"k": "a"}"#)
            .unwrap()
            .0,
        r#"{"a":{"b":2}}"#
    );
    let payload = r#"{"a": {{ o }}}"#;
    assert_eq!(
        published(payload, r#"{"o": {"b": 1, "c": 2, "b": [3]}}"#)
            .unwrap()
            .0,
        r#"{"a":{"b":[3],"c":2}}"#
    );
}

#[test]
fn loading_warns_of_what_json_text_is_hardly_meant_to_have() {
    let warnings = |payload: &str| {
        let set = trigger(&format!(r#""payload": {}"#, json!(payload)));
        let (_, loaded) = load(&set);
        let told = loaded.diagnostics.iter().map(|found| {
            let span = found.span.map(|span| (span.offset, span.length));
            let help = found.help.as_deref().unwrap_or_default();
            format!("{}: {} ({help}) {span:?}", found.code, found.message)
        });
        told.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(warnings("{'a': '{{ id }}'}"), @r#"single_quotes: JSON has no single quotes, so this payload is published as plain text (write `\"` where it has `'`) None"#);
    insta::assert_snapshot!(warnings(r#"{"n": {{ qty }}, "s": "{{ s }}"}"#), @"unquoted_variable: where `qty` is missing, this payload is not JSON and is published as plain text (give it a default, such as `{{ qty|default:0 }}`) Some((9, 3))");
    for fine in [
        r#"{"n": {{ qty|default:0 }}}"#,
        r#"{"n": "it's {{ qty }}"}"#,
        "[{% for x in xs %}{{ x }}{{ forloop.counter }}{% endfor %}]",
        "{{ x }}",
        "Hello {{ x }}, it's '{{ y }}'",
    ] {
        assert_eq!(warnings(fine), "", "{fine}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| json!(f64::from(number) / 64.0)),
        any::<String>().prop_map(Value::from),
        "[\"'\\\\{}%\\n<>&,:a-c0-9. -]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A place for a value in JSON text: the source, and the JSON value that the same place has
/// when its variable is there.
fn places() -> impl Strategy<Value = (String, fn(&Value) -> Value)> {
    let any_string: fn(&Value) -> Value = |_| json!(null);
    let inside: fn(&Value) -> Value = |value| match value {
        Value::String(text) => json!(format!("<{text}>")),
        _ => json!(null),
    };
    let outside: fn(&Value) -> Value = |value| match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Number(number)) if !text.contains(char::is_whitespace) => number.into(),
            _ => value.clone(),
        },
        _ => value.clone(),
    };
    prop_oneof![
        Just(("\"<{{ f }}>\"".to_owned(), inside)),
        Just(("\"<{{ f|safe }}>\"".to_owned(), inside)),
        Just(("\"<{{ f|escapejs }}>\"".to_owned(), inside)),
        Just((
            "\"{% if f %}<{% else %}<{% endif %}{{ instance.f }}>\"".to_owned(),
            inside
        )),
        Just((
            "\"{% with g=f %}<{{ g }}>{% endwith %}\"".to_owned(),
            inside
        )),
        Just((
            "\"{% spaceless %}<{{ f }}>{% endspaceless %}\"".to_owned(),
            any_string
        )),
        Just(("\"{% filter add:f %}<{% endfilter %}>\"".to_owned(), inside)),
        Just((
            "\"{% with g=f|stringformat:'s' %}<{% filter default:g %}{% endfilter %}>{% endwith %}\""
                .to_owned(),
            inside
        )),
        Just((
            "\"{% with g=f %}{% filter upper|join:g %}<>{% endfilter %}{% endwith %}\"".to_owned(),
            any_string
        )),
        Just(("\"<{% firstof f %}>\"".to_owned(), inside)),
        Just(("\"{% cycle f as c silent %}<{{ c }}>\"".to_owned(), inside)),
        Just(("{{ f }}".to_owned(), outside)),
        Just(("{{ f|safe }}".to_owned(), outside)),
        Just(("{% with g=f %} {{ g }} {% endwith %}".to_owned(), outside)),
        Just(("{% for g in list %}{{ g }}{% endfor %}".to_owned(), outside)),
    ]
}

proptest! {
    #[test]
    fn any_value_in_any_place_round_trips(
        field in any_json(),
        places in prop::collection::vec(places(), 1..4),
        around in 0..3_usize,
        space in "[ \n]{0,2}",
    ) {
        let instance = json!({"f": field, "list": [field]}).to_string();
        let sources: Vec<_> = places.iter().map(|(source, _)| source.as_str()).collect();
        let wants: Vec<_> = places.iter().map(|(_, wants)| wants(&field)).collect();
        let (payload, wanted) = match around {
            0 => (format!("{space}[{}]", sources.join(",")), json!(wants)),
            1 => (
                format!("{space}{{\"a\": [{}], \"b\\\"\": 1}}", sources.join(", ")),
                json!({"a": wants, "b\"": 1}),
            ),
            _ => (
                format!("{{% if list %}}{space}[[{}], \"{{{{ nope }}}}\"]{{% endif %}}", sources.join(",")),
                json!([wants, ""]),
            ),
        };
        let (value, is_json) = published(&payload, &instance).unwrap();
        prop_assert!(is_json, "{payload} gave {value}");
        let value: Value = serde_json::from_str(&value).unwrap();
        let mut value = value;
        blank_out_nulls(&wanted, &mut value);
        prop_assert_eq!(value, wanted, "{}", payload);
    }
}

/// Where null is wanted in a string's place, any string is fine: how Django prints other values
/// is tested elsewhere.
fn blank_out_nulls(wanted: &Value, found: &mut Value) {
    match (wanted, found) {
        (Value::Null, found @ Value::String(_)) => *found = Value::Null,
        (Value::Array(wanted), Value::Array(found)) => {
            for (wanted, found) in wanted.iter().zip(found) {
                blank_out_nulls(wanted, found);
            }
        }
        (Value::Object(wanted), Value::Object(found)) => {
            for ((_, wanted), (_, found)) in wanted.iter().zip(found) {
                blank_out_nulls(wanted, found);
            }
        }
        _ => {}
    }
}
