//! What Django's vectors (`../vectors.rs`) do not hold: our bounds, and that nothing panics.

use minijinja::Value;
use proptest::prelude::*;

use super::{Argument, Call, find, names};
use crate::json;

fn apply(name: &str, value: &str, argument: &str) -> Result<String, String> {
    let (value, argument) = (json::parse(value).unwrap(), json::parse(argument).unwrap());
    let function = find(name).unwrap().function;
    function(&value, Some(&argument), &Call::default())
        .map(|answer| answer.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn names_are_unique_and_all_there() {
    let mut sorted: Vec<_> = names().collect();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names().count());
    // Django 4.2 has 57 filters that need no `load`, 6 in `humanize`, 2 in `l10n` and 3 in `tz`,
    // of which `timezone` is not here.
    assert_eq!(sorted.len(), 57 + 6 + 2 + 2);
}

#[cfg(feature = "web")]
#[test]
fn the_filters_that_a_build_may_leave_out_are_listed() {
    let mut web: Vec<_> = super::WEB_THEMES
        .iter()
        .copied()
        .flatten()
        .map(|filter| filter.name)
        .collect();
    web.sort_unstable();
    assert_eq!(web, super::WEB_NAMES);
}

#[cfg(not(feature = "web"))]
#[test]
fn what_is_left_out_is_refused_by_name() {
    use crate::{Limits, Options, Templates};
    for (source, name) in [
        ("{{ a|urlize }}", "the filter `urlize`"),
        (
            "{% filter upper|striptags %}a{% endfilter %}",
            "the filter `striptags`",
        ),
        ("{% lorem %}", "the tag `lorem`"),
    ] {
        let mut templates = Templates::new(Limits::default());
        let faults = templates.compile(source, Options::default()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, "template_left_out");
        assert!(faults[0].message.starts_with(name), "{faults:?}");
    }
    for source in ["{{ a }}", "{% filter upper %}a{% endfilter %}", ""] {
        let mut templates = Templates::new(Limits::default());
        assert!(templates.compile(source, Options::default()).is_ok());
    }
}

#[test]
fn a_filter_makes_no_more_than_its_bound() {
    for (name, argument) in [
        ("ljust", "99999999"),
        ("rjust", "99999999"),
        ("center", "99999999"),
        ("floatformat", "99999999"),
        ("floatformat", "-99999999"),
        ("stringformat", "\"99999999d\""),
        ("stringformat", "\".99999999d\""),
        ("stringformat", "\".99999999f\""),
    ] {
        let error = apply(name, "1.5", argument).unwrap_err();
        assert_eq!(
            error, "99999999 is more than the bytes that a filter may make",
            "{name}:{argument}"
        );
    }
}

#[test]
fn the_largest_and_the_smallest_integer_overflow_no_filter() {
    let numbers = [i64::MAX, i64::MIN].map(|number| number.to_string());
    for name in names() {
        for value in numbers
            .iter()
            .map(String::as_str)
            .chain(["\"a\"", "1.5", "[1]"])
        {
            for argument in &numbers {
                // That it answers is enough.
                _ = apply(name, value, argument);
            }
        }
    }
    assert_eq!(
        apply("apnumber", &numbers[1], "null"),
        Ok(numbers[1].clone())
    );
}

#[test]
fn widths_beyond_those_of_rust_formats_are_fine() {
    assert_eq!(apply("ljust", "1", "100000").unwrap().len(), 100_000);
    assert_eq!(apply("floatformat", "1", "100000").unwrap().len(), 100_002);
    assert_eq!(
        apply("stringformat", "1", "\".100000e\"").unwrap().len(),
        100_006
    );
    assert_eq!(
        apply("stringformat", "1", "\"0100000.0f\"").unwrap().len(),
        100_000
    );
}

#[test]
fn numbers_beyond_64_bits_stay_exact() {
    let big = "123456789012345678901234567890";
    assert_eq!(
        apply("add", big, "1").unwrap(),
        "123456789012345678901234567891"
    );
    assert_eq!(
        apply("floatformat", big, "\"2g\"").unwrap(),
        "123,456,789,012,345,678,901,234,567,890.00"
    );
    assert_eq!(
        apply("floatformat", "0.12345678901234567890125", "22").unwrap(),
        "0.1234567890123456789013"
    );
    assert_eq!(
        apply("stringformat", big, "\"x\"").unwrap(),
        "18ee90ff6c373e0ee4e3f0ad2"
    );
    assert_eq!(apply("divisibleby", big, "10").unwrap(), "True");
    assert_eq!(apply("get_digit", big, "30").unwrap(), "1");
}

#[test]
fn random_is_the_first_so_that_replays_agree() {
    assert_eq!(apply("random", "[3, 1, 2]", "null").unwrap(), "3");
    assert!(apply("random", "[]", "null").is_err());
}

#[test]
fn times_need_something_to_count_from() {
    let value = json::undeclared(Value::from("2026-01-01T00:00:00Z"));
    let filter = find("timesince").unwrap();
    assert!((filter.function)(&value, None, &Call::default()).is_err());
    let call = Call {
        now: "2026-01-01T05:30:00+05:00".parse().ok(),
        ..Call::default()
    };
    let since = (filter.function)(&value, None, &call).unwrap();
    assert_eq!(since.as_str(), Some("30\u{a0}minutes"));
}

fn json_value() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "[<>&;'\"a-z/=! \\-\\[\\]#%.:@0-9\n]{0,24}",
        "[-+ #0]{0,2}[0-9]{0,3}(\\.[0-9]{0,3})?[a-z%]",
        "(www\\.|https?://)[a-zé.@:\\[\\]/?&=%#;()]{0,16}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}[Z+:0-9]{0,6}",
    ];
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-30_i64..30).prop_map(|number| number.to_string()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,20})?([eE][-+]?[0-9]{1,4})?",
        text.prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-d]", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(name, item)| format!("\"{name}\":{item}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_input_makes_a_filter_panic(
        value in json_value(),
        argument in json_value(),
        safe in any::<bool>(),
        autoescape in any::<bool>(),
    ) {
        let value = json::parse(&value).unwrap();
        let value = match value.as_str() {
            Some(text) if safe => Value::from_safe_string(text.to_owned()),
            _ => value,
        };
        let argument = json::parse(&argument).unwrap();
        let call = Call { autoescape, now: "2026-01-01T00:00:00Z".parse().ok(), ..Call::default() };
        for name in names() {
            let filter = find(name).unwrap();
            let given = Some(&argument).filter(|_| filter.argument != Argument::None);
            if let Ok(answer) = (filter.function)(&value, given, &call) {
                prop_assert!(answer.to_string().len() <= 1 << 22, "{name}");
            }
            if filter.argument == Argument::Optional {
                // Its answer is of no interest, only that there is one.
                drop((filter.function)(&value, None, &call));
            }
        }
    }
}
