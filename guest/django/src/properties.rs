//! What holds for every template and every value.

use proptest::prelude::*;

use super::*;
use crate::json;

/// Pieces that templates are made of, whole and broken.
const PIECES: &[&str] = &[
    "{{ a }}",
    "{{ a.b|upper }}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{% if a %}",
    "{% else %}",
    "{% elif b == 1 and not c in a %}",
    "{% endif %}",
    "{% for x in a %}",
    "{% for x, y in a.items %}",
    "{% empty %}",
    "{% endfor %}",
    "{% with x=a %}",
    "{% endwith %}",
    "{% cycle 'a' b as c %}",
    "{% cycle c %}",
    "{% resetcycle %}",
    "{% ifchanged %}",
    "{% ifchanged x %}",
    "{% endifchanged %}",
    "{% regroup a by b as c %}",
    "{% filter upper|cut:a %}",
    "{% endfilter %}",
    "{% spaceless %}",
    "{% endspaceless %}",
    "{% autoescape on %}",
    "{% endautoescape %}",
    "{% verbatim x %}",
    "{% endverbatim x %}",
    "{% comment %}",
    "{% endcomment %}",
    "{% firstof a b as c %}",
    "{% widthratio a 1 b %}",
    "{% lorem 2 p %}",
    "{% now 'Y' %}",
    "{% templatetag openblock %}",
    "|",
    ":",
    "\"",
    "'",
    "\\",
    "_(",
    ".",
    "é",
    "\u{0}",
    "\n",
    " ",
    "a",
    "{",
    "%",
    "{% url %}",
    "'{{'",
];

fn source() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::collection::vec(prop::sample::select(PIECES), 0..24)
            .prop_map(|pieces| pieces.concat()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        prop::sample::select(
            &[
                "1e400",
                "1200.00",
                "0.1",
                "[]",
                "{}",
                "[[1, 2]]",
                r#"{"b": "<x>"}"#
            ][..]
        )
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

fn context(values: &[String]) -> Context {
    let members: Vec<String> = ["a", "b", "c"]
        .iter()
        .zip(values)
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    let variables = json::parse(&format!("{{{}}}", members.join(","))).unwrap();
    Context {
        object: variables.downcast_object(),
        variables,
        ..Context::default()
    }
}

proptest! {
    #[test]
    fn no_source_and_no_value_makes_it_panic(
        source in source(),
        values in prop::collection::vec(value(), 3),
        autoescape: bool,
    ) {
        let mut templates = Templates::new(Limits { fuel: 20_000, output_bytes: 10_000 });
        let context = context(&values);
        if let Ok(template) = templates.compile(&source, Options { autoescape }) {
            let mut out = String::from("kept");
            let rendered = templates.render(&template, &context, &mut out);
            prop_assert!(rendered.is_ok() || out == "kept");
            if let Ok(Some(value)) = templates.evaluate(&template, &context) {
                prop_assert!(!value.is_undefined());
            }
        }
        if let Ok(condition) = templates.compile_condition(&source) {
            let answer = templates.test(&condition, &context);
            prop_assert_eq!(answer, templates.test(&condition, &context));
        }
    }

    #[test]
    fn what_is_not_told_as_a_fault_was_translated_for_good(source in source()) {
        let mut templates = Templates::new(Limits::default());
        if let Err(errors) = templates.compile(&source, Options::default()) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert_ne!(error.code, "template_too_complex");
                prop_assert!(error.span.offset + error.span.length <= source.len());
            }
        }
    }

    #[test]
    fn text_passes_unchanged(text in any::<String>()) {
        prop_assume!(!text.contains("{{") && !text.contains("{%") && !text.contains("{#"));
        let mut templates = Templates::new(Limits::default());
        let source = format!("{{% spaceless %}}{{% endspaceless %}}{text}");
        let template = templates.compile(&source, Options::default()).unwrap();
        let mut out = String::new();
        templates.render(&template, &Context::default(), &mut out).unwrap();
        prop_assert_eq!(out, text);
    }
}

#[test]
fn depth_is_a_fault_and_never_an_overflow() {
    for (open, close) in [
        ("{% if a %}", "{% endif %}"),
        ("{% for x in a %}", "{% endfor %}"),
        ("{% ifchanged %}", "{% endifchanged %}"),
        ("{% filter upper %}", "{% endfilter %}"),
    ] {
        for depth in [48, 49, 5_000] {
            let mut templates = Templates::new(Limits::default());
            let source = open.repeat(depth) + &close.repeat(depth);
            let codes = templates
                .compile(&source, Options::default())
                .map_err(|errors| errors.iter().map(|error| error.code).collect::<Vec<_>>());
            match depth {
                48 => assert!(codes.is_ok(), "{open} {codes:?}"),
                _ => assert_eq!(codes.unwrap_err(), ["template_too_deep"], "{open}"),
            }
        }
    }
}

#[test]
fn long_conditions_and_expressions_are_faults_and_never_an_overflow() {
    let mut templates = Templates::new(Limits::default());
    for (source, is_fine) in [
        (format!("a{}", " or a".repeat(190)), true),
        (format!("a{}", " and a".repeat(300)), false),
        (format!("{} a", "not ".repeat(20)), true),
        (format!("{} a", "not ".repeat(50_000)), false),
        (format!("a{}", " == a".repeat(20)), true),
        (format!("a{}", " == a".repeat(190)), false),
        (format!("a{}", " or a and a in a == a".repeat(40)), true),
        (format!("a{}", "|upper".repeat(64)), true),
        (format!("a{}", "|upper".repeat(5_000)), false),
        (format!("a{}", ".b".repeat(5_000)), true),
    ] {
        let result = templates.compile_condition(&source);
        assert_eq!(
            result.is_ok(),
            is_fine,
            "{} {:?}",
            source.len(),
            result.err()
        );
    }
    let branches =
        |count: usize| format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}x".repeat(count));
    assert!(templates.compile(&branches(99), Options::default()).is_ok());
    assert!(
        templates
            .compile(&branches(5_000), Options::default())
            .is_err()
    );
}
