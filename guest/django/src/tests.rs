//! Templates from source to output.

use minijinja::Value;

use super::*;
use crate::json;

const CONTEXT: &str = r#"{"a": {"b": [1, "x", null]}, "n": 5, "s": "abc", "t": "<i>", "e": [], "z": 0,
    "list": [1, 2, 3, 4], "pairs": [[1, 2], [3, 4]], "big": 1e400, "d": {"k": "v", "w": 1}, "no": null,
    "price": "9.99", "price2": "9.990", "debt": "-0.50", "ten": "10", "nine": "9", "nil": "0.00", "zero_text": "0",
    "prices": ["9.990", "1.5", "12.5"], "long": "12345678901234567890.123456789", "exact": 9007199254740993.0,
    "made": "2024-01-02T03:04:05+02:00", "same_made": "2024-01-02T01:04:05Z", "later": "2024-01-02T01:04:06Z",
    "people": [{"g": "m", "n": "Al"}, {"g": "m", "n": "Bo"}, {"g": "f", "n": "Cy"}], "same": [1, 1, 2, 2, 1]}"#;

fn context() -> Context {
    Context {
        variables: json::parse(CONTEXT).unwrap(),
        ..Context::default()
    }
}

fn render_with(source: &str, autoescape: bool) -> Result<String, RenderError> {
    let mut templates = Templates::new(Limits::default());
    let template = templates.compile(source, Options { autoescape }).unwrap();
    let mut out = String::new();
    templates.render(&template, &context(), &mut out)?;
    Ok(out)
}

fn render(source: &str) -> String {
    render_with(source, false).unwrap()
}

#[test]
fn templates_render_as_django_renders_them() {
    for (source, expected) in [
        ("plain {text} {", "plain {text} {"),
        (
            "{{ a.b.0 }}-{{ a.b.1 }}-{{ a.b.2 }}-{{ a.b.9 }}-{{ a.x.y }}",
            "1-x-None--",
        ),
        ("{{ s.1 }}{{ s.upper }}{{ True }}{{ None }}", "bABCTrueNone"),
        (
            "{{ missing|default:'x' }}{{ big }}{{ 1.50 }}{{ \"q\\\"\" }}",
            "x1e4001.5q\"",
        ),
        (
            "{% if missing or n == 5 and not z %}y{% else %}n{% endif %}",
            "y",
        ),
        ("{% if n > 'a' %}y{% elif s in 'xabcx' %}z{% endif %}", "z"),
        (
            "{% if no is None and 2 not in e and n is not None %}y{% endif %}",
            "y",
        ),
        (
            "{% for x in list reversed %}{{ forloop.counter }}{{ x }}{% if not forloop.last %},{% endif %}{% endfor %}",
            "14,23,32,41",
        ),
        (
            "{% for a, b in pairs %}{{ a }}{{ b }}{{ forloop.parentloop }}{% endfor %}",
            "12{}34{}",
        ),
        (
            "{% for k, v in d.items %}{{ k }}={{ v }};{% endfor %}",
            "k=v;w=1;",
        ),
        ("{% for x in e %}x{% empty %}none{% endfor %}", "none"),
        (
            "{% for x in list %}{% for y in pairs %}{{ forloop.parentloop.counter }}{% endfor %}{% endfor %}",
            "11223344",
        ),
        (
            "{% with x=n y=s %}{{ x }}{{ y }}{% endwith %}{% with n as q %}{{ q }}{% endwith %}{{ q }}",
            "5abc5",
        ),
        ("{% with n=s s=n %}{{ n }}{{ s }}{% endwith %}", "abc5"),
        (
            "{% firstof missing z 'x' %}{% firstof e as q %}[{{ q }}]",
            "x[]",
        ),
        ("{% for x in list %}{% cycle 'a' 'b' %}{% endfor %}", "abab"),
        (
            "{% cycle 'a' 'b' as c %}{% cycle c %}{{ c }}{% resetcycle c %}{% cycle c %}",
            "abba",
        ),
        (
            "{% for x in same %}{% ifchanged %}{{ x }}{% else %}-{% endifchanged %}{% endfor %}",
            "1-2-1",
        ),
        (
            "{% for x in same %}{% ifchanged x %}[{{ x }}]{% endifchanged %}{% endfor %}",
            "[1][2][1]",
        ),
        (
            "{% regroup people by g as gs %}{% for g in gs %}{{ g.grouper }}:{% for p in g.list %}{{ p.n }}{% endfor %};{% endfor %}",
            "m:AlBo;f:Cy;",
        ),
        ("{% filter upper %}a{{ s }}{% endfilter %}", "AABC"),
        (
            "{% spaceless %} <p> <b>x</b> </p> {% endspaceless %}",
            "<p><b>x</b></p>",
        ),
        (
            "{% templatetag openblock %}{% verbatim %}{{ a }}{% endverbatim %}{% comment %}{{ x }}{% if %}{% endcomment %}",
            "{%{{ a }}",
        ),
        (
            "{% widthratio n 10 100 %}{% widthratio n 0 100 as w %}{{ w }}",
            "500",
        ),
        ("{% lorem 3 w %}", "lorem ipsum dolor"),
        (
            "{% autoescape on %}{{ t }}{{ t|safe }}{% autoescape off %}{{ t }}{% endautoescape %}{% endautoescape %}",
            "&lt;i&gt;<i><i>",
        ),
        ("a\n", "a\n"),
        ("{% if n %}a{% endif %}\n", "a\n"),
        ("{{ loop }}{{ true }}{{ not }}{{ é }}", ""),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn every_fault_of_a_source_is_told() {
    let mut templates = Templates::new(Limits::default());
    let errors = templates
        .compile(
            "{{ a|uper }}\n{% iff x %}{% if = %}{% url 'x' %}{{ a b }}{{ _x }}",
            Options::default(),
        )
        .unwrap_err();
    let told: Vec<String> = errors
        .iter()
        .map(|error| format!("{error}; {}", error.help.as_deref().unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    there is no filter `uper` at line 1, column 6; did you mean `upper`?
    there is no tag `iff` at line 2, column 4; did you mean `if`?
    `if` is never closed at line 2, column 15; close it by `{% endif %}`
    there is no value at the start of `=` at line 2, column 18; did you mean `==`?
    the tag `url` needs a web application, which a payload does not have at line 2, column 25; -
    ` b` cannot be read in `a b` at line 2, column 39; -
    `_x`: names and attributes may not begin with an underscore at line 2, column 47; -
    ");
}

#[test]
fn habits_from_jinja_are_named_with_what_django_has() {
    let mut templates = Templates::new(Limits::default());
    let told: Vec<String> = [
        "{% for k, v in d.items() %}{% endfor %}",
        "{% for i in range(3) %}{% endfor %}",
        "{% for i in range(1, 3) %}{% endfor %}",
        "{% for x in list if x.y %}{% endfor %}",
        "{{ list[0] }}",
        "{{ d['k'] }}",
        "{% set x = n|add:1 %}",
        "{% raw %}{% endraw %}",
        "{{ s if n else t }}",
        "{{ n + 1 }}",
        "{{ s|default('x') }}",
        "{% trans 'x' %}",
        "{% include 'x' %}",
        "{% load static %}",
        "{% load humanise %}",
    ]
    .into_iter()
    .map(|source| {
        let errors = templates.compile(source, Options::default()).unwrap_err();
        let error = &errors[0];
        format!(
            "{}; {}",
            error.message,
            error.help.as_deref().unwrap_or("-")
        )
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    `()` cannot be read in `d.items()`; parentheses are Jinja's; Django calls a method without them: `d.items`
    `(3)` cannot be read in `range(3)`; `range` is Jinja's; Django loops over a list of the event's, where `forloop.counter` counts
    `for` is written `for name in list`; `range` is Jinja's; Django loops over a list of the event's, where `forloop.counter` counts
    `for` is written `for name in list`; a loop with a condition is Jinja's; Django writes an `{% if %}` inside of the loop
    `[0]` cannot be read in `list[0]`; brackets are Jinja's; in Django what is inside stands behind a dot: `list.0`
    `['k']` cannot be read in `d['k']`; brackets are Jinja's; in Django what is inside stands behind a dot: `d.k`
    there is no tag `set`; `set` is Jinja's; Django writes `{% with x=n|add:1 %}…{% endwith %}`
    there is no tag `raw`; `raw` is Jinja's; Django writes `{% verbatim %}…{% endverbatim %}`
    ` if n else t` cannot be read in `s if n else t`; an `if` in an expression is Jinja's; Django writes `{% if … %}…{% else %}…{% endif %}`
    ` + 1` cannot be read in `n + 1`; Django has no `+`: write `n|add:…`
    the filter `default` needs an argument; write `default:"…"`
    the tag `trans` needs a catalogue of translations, which a payload does not have; write the text itself
    the tag `include` needs other templates, which a payload does not have; write the text where it is needed
    the library `static` needs a web application; -
    there is no library `humanise`; did you mean `humanize`?
    "#);
}

#[test]
fn libraries_are_loaded_and_their_filters_are_there() {
    for (source, expected) in [
        (
            "{% load humanize %}{{ 1234567|intcomma }} {{ n|apnumber }} {{ 12|ordinal }}",
            "1,234,567 five 12th",
        ),
        (
            "{% load l10n tz i18n %}{% load intword from humanize %}{{ 1200000|intword }}",
            "1.2 million",
        ),
        (
            "{% localize on %}{{ n }}{% endlocalize %}{{ n|unlocalize }}",
            "55",
        ),
        ("{{ made|utc }}", "Jan. 2, 2024, 1:04 a.m."),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn limits_are_errors_that_name_them() {
    let loops = "{% for a in list %}".repeat(12) + &"{% endfor %}".repeat(12);
    assert_eq!(
        render_with(&loops, false).unwrap_err().code(),
        "template_out_of_fuel"
    );
    let long = "{% with t=s|center:1000000 %}{% for a in list %}{% for b in list %}{{ t }}";
    let long = long.to_owned() + "{% endfor %}{% endfor %}{% endwith %}";
    assert_eq!(
        render_with(&long, false).unwrap_err().code(),
        "template_output_too_large"
    );
}

/// Elsewhere an error makes a condition's operator false, and a wrong answer would be published.
#[test]
fn what_a_limit_stops_decides_no_condition() {
    for source in [
        "{% if not s|center:3000000 %}y{% endif %}",
        "{% if n == 5 or s|center:3000000 %}y{% endif %}{% for x in list %}{% if s|ljust:3000000 %}y{% endif %}{% endfor %}",
        "{% if s|stringformat:'3000000s' != 'x' %}y{% endif %}",
        "{% firstof price|floatformat:3000000 'y' %}",
        "{% widthratio n|rjust:3000000 2 3 %}",
    ] {
        let error = render_with(source, false).unwrap_err();
        assert_eq!(error.code(), "template_output_too_large", "{source}");
    }
    let limits = Limits {
        output_bytes: 4_000_000,
        ..Limits::default()
    };
    let mut templates = Templates::new(limits);
    let source = "{% if not s|center:3000000 %}y{% endif %}";
    let template = templates.compile(source, Options::default()).unwrap();
    let mut out = String::new();
    templates.render(&template, &context(), &mut out).unwrap();
    assert_eq!(out, "");
}

#[test]
fn one_expression_keeps_its_type() {
    let mut templates = Templates::new(Limits::default());
    let mut evaluate = |source: &str| {
        let template = templates.compile(source, Options::default()).unwrap();
        templates.evaluate(&template, &context()).unwrap()
    };
    assert_eq!(evaluate("{{ n }}"), Some(Value::from(5)));
    assert_eq!(evaluate("{{ n|add:1 }}"), Some(Value::from(6)));
    assert_eq!(evaluate("{{ missing }}"), Some(Value::from("")));
    assert_eq!(evaluate("{{ n }} "), None);
    assert_eq!(evaluate("{% if n %}{% endif %}"), None);
}

#[test]
fn texts_of_dates_have_their_parts() {
    for (source, expected) in [
        (
            "{{ made.year }}-{{ made.month }}-{{ made.day }}",
            "2024-1-2",
        ),
        (
            "{{ made.hour }}:{{ made.minute }}:{{ made.second }}",
            "3:4:5",
        ),
        ("{{ made.week }}|{{ s.year }}|{{ price.day }}", "||"),
        ("{% if made.year > 2023 %}new{% endif %}", "new"),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn texts_of_decimals_are_numbers_against_numbers_and_decimals() {
    for (source, expected) in [
        ("{% if price > 9 %}T{% endif %}", "T"),
        ("{% if price <= 9.99 %}T{% endif %}", "T"),
        ("{% if 0 > debt and debt > -1 %}T{% endif %}", "T"),
        ("{% if price == 9.99 and price != 9 %}T{% endif %}", "T"),
        (
            "{% if price == price2 and price in prices %}T{% endif %}",
            "T",
        ),
        ("{% if price > debt and price < ten %}T{% endif %}", "T"),
        // Against other texts they are texts, and so are literals and what filters give.
        ("{% if price > s %}T{% else %}F{% endif %}", "F"),
        ("{% if price == '9.99' %}T{% endif %}", "T"),
        ("{% if price2 == '9.99' %}T{% else %}F{% endif %}", "F"),
        ("{% if '12' > 9 %}T{% else %}F{% endif %}", "F"),
        ("{% if price|upper > 9 %}T{% else %}F{% endif %}", "F"),
        ("{% if '9' in price %}T{% endif %}", "T"),
        // An integer is a number only against a number or decimal.
        ("{% if ten > 9 and ten == 10 %}T{% endif %}", "T"),
        ("{% if ten > nine %}T{% else %}F{% endif %}", "F"),
        // The truth of a decimal is the number's, that of an integer the text's.
        ("{% if nil %}T{% else %}F{% endif %}", "F"),
        ("{% if zero_text %}T{% endif %}", "T"),
        (
            "{{ nil|default:'x' }} {{ nil|yesno }} {% firstof nil price %}",
            "x no 9.99",
        ),
        (
            "{{ price|add:1 }} {{ n|add:price }} {{ price|add:'x' }} {{ '9.99'|add:1 }}",
            "10 14 9.99x ",
        ),
        (
            "{{ price|stringformat:'.1f' }} {{ price|stringformat:'s' }} {{ ten|stringformat:'.1f' }}",
            "10.0 9.99 10.0",
        ),
        (
            "{{ price|divisibleby:3 }} {{ price|get_digit:1 }}",
            "True 9",
        ),
        ("{{ price|filesizeformat }}", "9\u{a0}bytes"),
        ("{{ price }} {{ price|floatformat:3 }}", "9.99 9.990"),
        (
            "{% for p in prices %}{% if p > 9 %}{{ p }};{% endif %}{% endfor %}",
            "9.990;12.5;",
        ),
        (
            "{% with p=price %}{% if p < 10 %}T{% endif %}{% endwith %}",
            "T",
        ),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn arithmetic_is_exact_to_the_last_digit() {
    for (source, expected) in [
        ("{{ long|add:1 }}", "12345678901234567891"),
        ("{{ long|floatformat:2 }}", "12345678901234567890.12"),
        ("{{ long|stringformat:'d' }}", "12345678901234567890"),
        (
            "{{ long|divisibleby:10 }} {{ long|get_digit:20 }}",
            "True 1",
        ),
        (
            "{% if long > 12345678901234567890.123456788 %}T{% endif %}",
            "T",
        ),
        (
            "{% if exact == 9007199254740993 and exact != 9007199254740992 %}T{% endif %}",
            "T",
        ),
        (
            "{{ exact|add:1 }} {{ '١٢'|add:'３' }}",
            "9007199254740994 15",
        ),
        (
            "{% if 0.1 == 0.10000000000000000001 %}T{% else %}F{% endif %}",
            "F",
        ),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn texts_of_instants_compare_as_instants() {
    for (source, expected) in [
        (
            "{% if made < later and made == same_made %}T{% endif %}",
            "T",
        ),
        (
            "{% if made == '2024-01-02T01:04:05Z' %}T{% else %}F{% endif %}",
            "F",
        ),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn variables_are_told_without_those_that_tags_bind() {
    let mut templates = Templates::new(Limits::default());
    let mut template = templates
        .compile(
            "{% for x in a.b %}{{ x.y }}{{ forloop.first }}{{ z|default:w }}{% endfor %}{{ x }}",
            Options::default(),
        )
        .unwrap();
    let variables = template.take_variables();
    let paths: Vec<String> = variables
        .iter()
        .map(|variable| variable.path.join("."))
        .collect();
    assert_eq!(paths, ["a.b", "z", "w", "x"]);
    assert_eq!(
        variables[0].span,
        Span {
            offset: 12,
            length: 3,
            line: 1,
            column: 13
        }
    );
}
