//! The direct path and the machine are one: what both can render, they render alike.

use proptest::{prelude::*, sample::select};

use crate::{
    Context, Limits, Options, RenderError, Rendered, Template, TemplateError, Templates, dates,
    filters::{self, Argument},
    json,
};

/// A tag that writes nothing and takes a template to the machine.
const TO_THE_MACHINE: &str = "{% spaceless %}{% endspaceless %}";

fn operand() -> impl Strategy<Value = String> {
    let known = &[
        "a",
        "b",
        "c",
        "d",
        "a.b",
        "b.0",
        "c.pk",
        "a.items",
        "b.0.1",
        "missing",
        "True",
        "None",
        "7",
        "-2.50",
        "0",
        "1e3",
        "12345678901234567890",
        "'x'",
        "\"<b>é</b>\"",
        "'%s'",
        "'2'",
        "'a,b'",
    ];
    select(&known[..]).prop_map(str::to_owned)
}

fn call() -> impl Strategy<Value = String> {
    let all: Vec<_> = filters::names().collect();
    (select(all), operand(), any::<bool>()).prop_map(|(name, argument, has_argument)| {
        let takes = filters::find(name).map(|filter| filter.argument);
        match takes {
            Some(Argument::Required) => format!("|{name}:{argument}"),
            Some(Argument::Optional) if has_argument => format!("|{name}:{argument}"),
            _ => format!("|{name}"),
        }
    })
}

fn expression() -> impl Strategy<Value = String> {
    (operand(), prop::collection::vec(call(), 0..4))
        .prop_map(|(operand, calls)| operand + &calls.concat())
}

fn condition() -> impl Strategy<Value = String> {
    let operators = &[
        "and", "or", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not",
    ];
    let part = (any::<bool>(), expression()).prop_map(|(negated, operand)| {
        if negated {
            format!("not {operand}")
        } else {
            operand
        }
    });
    (
        part,
        prop::collection::vec((select(&operators[..]), expression()), 0..5),
    )
        .prop_map(|(first, rest)| {
            let rest = rest
                .iter()
                .map(|(operator, part)| format!(" {operator} {part}"));
            first + &rest.collect::<String>()
        })
}

fn source() -> impl Strategy<Value = String> {
    let text = select(&["", "x", " ", "{ ", "\"", "<i>", "\\", "{\"a\": ", "é"][..]);
    let leaf = prop_oneof![
        text.prop_map(str::to_owned),
        expression().prop_map(|expression| format!("{{{{ {expression} }}}}")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let body = prop::collection::vec(inner, 0..4).prop_map(|parts| parts.concat());
        prop_oneof![
            body.clone(),
            (condition(), condition(), body.clone(), body.clone(), body).prop_map(
                |(first, second, one, other, third)| format!(
                    "{{% if {first} %}}{one}{{% elif {second} %}}{other}{{% else %}}{third}{{% endif %}}"
                )
            ),
        ]
    })
}

fn value() -> impl Strategy<Value = String> {
    let known = &[
        "null",
        "true",
        "0",
        "-0",
        "1",
        "-17",
        "1e400",
        "1200.00",
        "0.1",
        "[]",
        "{}",
        "[[1, 2], \"x\"]",
        "123456789012345678901234567890",
        r#"{"b": "<x>", "id": "7"}"#,
        r#""10.50""#,
        r#""7""#,
        r#""2024-05-06T07:08:09+02:00""#,
        r#""2024-05-06""#,
        r#""<a href='x'>y</a> z""#,
        r#""""#,
        r#""one two\nthree""#,
        "[3, 1, 2]",
        r#"[{"n": 2}, {"n": 1}]"#,
    ];
    prop_oneof![
        4 => select(&known[..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

fn context(values: &[String]) -> Context {
    let named = ["a", "b", "c", "d"].iter().zip(values);
    let members: Vec<_> = named
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    let variables = json::parse(&format!("{{{}}}", members.join(","))).unwrap();
    Context {
        object: variables.downcast_object(),
        variables,
        now: dates::parse("2024-02-29T12:00:00Z"),
        ..Context::default()
    }
}

type Written = Result<(String, bool), RenderError>;

/// What a template writes, compact where that is JSON of JSON text; and whether it is JSON text.
fn rendered(templates: &Templates, template: &Template, context: &Context, json: bool) -> Written {
    let mut out = String::new();
    let rendered = if json {
        templates.render_json_text(template, context, &mut out)?
    } else {
        templates.render(template, context, &mut out)?;
        Rendered::Text
    };
    let compact = compacted(&out).unwrap_or_else(|| out.clone());
    Ok(match rendered {
        Rendered::Text => (out, false),
        Rendered::JsonText => (compact, true),
        Rendered::CompactJson => {
            assert!(json::has_unique_names(&out) && compact == out, "{out}");
            (out, true)
        }
    })
}

fn compacted(text: &str) -> Option<String> {
    json::parse(text).ok()?;
    let mut compact = String::new();
    json::write::compact(text, &mut compact);
    Some(compact)
}

fn refusals(compiled: &Result<Template, Vec<TemplateError>>) -> Vec<&'static str> {
    let errors = compiled.as_ref().err();
    errors
        .into_iter()
        .flatten()
        .map(|error| error.code)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_needs_no_machine_means_the_same_on_it(
        source in source(),
        values in prop::collection::vec(value(), 4),
        autoescape: bool,
        is_json_text: bool,
    ) {
        let mut templates = Templates::new(Limits::default());
        let options = Options { autoescape };
        let mut compiled = |source: &str| {
            if is_json_text {
                templates.compile_json_text(source, options).map(|compiled| compiled.template)
            } else {
                templates.compile(source, options)
            }
        };
        let direct = compiled(&source);
        let machine = compiled(&format!("{source}{TO_THE_MACHINE}"));
        // A template that writes too much for any event is refused: on both.
        let (Ok(direct), Ok(machine)) = (&direct, &machine) else {
            prop_assert_eq!(refusals(&direct), refusals(&machine));
            return Ok(());
        };
        prop_assert!(direct.is_direct() || direct.is_static().is_some());
        prop_assert!(!machine.is_direct());
        let context = context(&values);
        prop_assert_eq!(
            rendered(&templates, direct, &context, is_json_text),
            rendered(&templates, machine, &context, is_json_text)
        );
    }

    #[test]
    fn conditions_mean_the_same_on_the_machine(
        source in condition(),
        values in prop::collection::vec(value(), 4),
    ) {
        let mut templates = Templates::new(Limits::default());
        let condition = templates.compile_condition(&source).unwrap();
        let machine = templates
            .compile(&format!("{TO_THE_MACHINE}{{% if {source} %}}1{{% endif %}}"), Options::default())
            .unwrap();
        let context = context(&values);
        let answer = rendered(&templates, &machine, &context, false);
        prop_assert_eq!(
            templates.test(&condition, &context),
            answer.map(|(text, _)| text == "1")
        );
    }
}

/// What comes of JSON text, and the steps it takes; compiled so that its shape is known, or not.
fn shaped(source: &str, context: &Context, is_known: bool) -> (Rendered, String, u64) {
    let mut templates = Templates::new(Limits::default());
    let options = Options { autoescape: true };
    let template = if is_known {
        templates
            .compile_json_text(source, options)
            .unwrap()
            .template
    } else {
        templates.compile(source, options).unwrap()
    };
    let mut out = String::new();
    templates.share_allowance(u64::MAX);
    let rendered = templates.render_json_text(&template, context, &mut out);
    let left = templates.end_allowance();
    (rendered.unwrap(), out, left)
}

#[test]
fn json_text_whose_values_stand_in_strings_is_compact_and_takes_as_many_steps() {
    let values = [r#""x\"<\n""#, "3", r#"{"b": "é"}"#, "null"];
    let context = context(&values.map(str::to_owned));
    let spaces = " ".repeat(1_000);
    for (source, expected) in [
        (
            "\n { \"a b\" : \"1 {{ a }}{{ b }}\" , \"c\": [ \"{{ c.b|upper }} \\\\\" , 1.0 ] } ",
            r#"{"a b":"1 x&quot;&lt;\n3","c":["É \\",1.0]}"#,
        ),
        ("{\"a\": \"{{ a|safe }}\"}", r#"{"a":"x\"<\n"}"#),
        ("\"{{ missing }}{{ d }}\"", "\"None\""),
        (&format!("[{spaces}\"{{{{ b }}}}\"]"), "[\"3\"]"),
    ] {
        let (rendered, written, steps) = shaped(source, &context, true);
        assert_eq!(
            (rendered, written.as_str()),
            (Rendered::CompactJson, expected)
        );
        let (rendered, written, unshaped) = shaped(source, &context, false);
        assert_eq!(rendered, Rendered::JsonText);
        assert_eq!(compacted(&written).as_deref(), Some(expected));
        assert_eq!(steps, unshaped, "{source}");
    }
}

#[test]
fn the_shape_of_other_json_text_is_not_known() {
    let context = context(&[r#""x""#, "3", "[]", "null"].map(str::to_owned));
    for source in [
        "{\"a\": {{ b }}}",
        "{\"{{ a }}\": 1}",
        "{\"x{{ a }}\" : 1}",
        "{\"a\": 1, \"b\": \"{{ b }}\", \"a\": 2}",
        "{\"a\": 1, \"\\u0061\": \"{{ b }}\"}",
        "[\"\\u00{{ b }}41\"]",
        "[\"\\{{ a }}\"]",
        "[\"{{ a|escapejs }}\"]",
        "[\"{{ a }}\"",
        "[\"{{ a }}\"] x",
        "['{{ a }}']",
        "[\"{% if a %}{{ a }}{% endif %}\"]",
        "see [\"{{ a }}\"]",
        "{{ a }}",
    ] {
        let (rendered, ..) = shaped(source, &context, true);
        assert_ne!(rendered, Rendered::CompactJson, "{source}");
    }
}

#[test]
fn more_templates_than_are_kept_compiled_render_as_the_first_did() {
    let mut templates = Templates::new(Limits::default());
    let many: Vec<_> = (0..500)
        .map(|number| {
            let source = format!("{{% for x in 'ab' %}}{{{{ x }}}}{number} {{% endfor %}}");
            templates.compile(&source, Options::default()).unwrap()
        })
        .collect();
    for _ in 0..2 {
        for (number, template) in many.iter().enumerate() {
            let (text, _) = rendered(&templates, template, &Context::default(), false).unwrap();
            assert_eq!(text, format!("a{number} b{number} "));
        }
    }
}

#[test]
fn filters_conditions_and_values_take_fuel() {
    let limits = Limits {
        fuel: 50,
        ..Limits::default()
    };
    let mut templates = Templates::new(limits);
    let context = context(&["\"x\"".into(), format!("\"{}\"", "y".repeat(10_000))]);
    let spent = Err(RenderError::OutOfFuel(50));
    for source in ["{{ b|upper }}", "{% if b|upper %}{% endif %}", "{{ b }}"] {
        let template = templates.compile(source, Options::default()).unwrap();
        assert!(template.is_direct());
        assert_eq!(
            rendered(&templates, &template, &context, false),
            spent,
            "{source}"
        );
    }
    let lone = templates.compile("{{ b }}", Options::default()).unwrap();
    assert_eq!(
        templates.evaluate(&lone, &context).unwrap_err(),
        RenderError::OutOfFuel(50)
    );
    let chain = templates
        .compile_condition(&format!("a{}", " and a".repeat(60)))
        .unwrap();
    assert_eq!(
        templates.test(&chain, &context),
        Err(RenderError::OutOfFuel(50))
    );
}
