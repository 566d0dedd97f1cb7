//! Remedies for templates.

use serde_json::json;

use super::cases::{Case, Row, edited};

fn template(code: &'static str, wrong: &str, right: &str) -> Row {
    let case = |payload: &str| Case::Check(edited(&[("/triggers/0/payload", json!(payload))]));
    Row {
        area: "Templates",
        code,
        wrong: case(wrong),
        right: case(right),
    }
}

pub(super) fn rows() -> Vec<Row> {
    let deep = |levels: usize| "{% if id %}".repeat(levels) + "x" + &"{% endif %}".repeat(levels);
    let cycles = |uses: usize| {
        let values = "'a' ".repeat(200);
        format!("{{% cycle {values}as c %}}") + &"{% cycle c %}".repeat(uses)
    };
    let mut rows = vec![
        template("template_syntax", "{{ a b }}", "{{ a }}"),
        template("template_unknown_filter", "{{ a|uper }}", "{{ a|upper }}"),
        template(
            "template_filter_argument",
            "{{ a|upper:1 }}",
            "{{ a|upper }}",
        ),
        template("template_private_name", "{{ _a }}", "{{ a }}"),
        template(
            "template_unknown_tag",
            "{% iff a %}x{% endif %}",
            "{% if a %}x{% endif %}",
        ),
        template("template_web_tag", "{% csrf_token %}x", "x"),
        template(
            "template_unsupported_tag",
            "{% include 'head' %}",
            "Dear all",
        ),
        template(
            "template_unknown_library",
            "{% load humanise %}{{ a }}",
            "{% load humanize %}{{ a }}",
        ),
        template(
            "template_tag_arguments",
            "{% with %}x{% endwith %}",
            "{% with a=b %}x{% endwith %}",
        ),
        template(
            "template_unclosed_tag",
            "{% if a %}x",
            "{% if a %}x{% endif %}",
        ),
        template("template_too_deep", &deep(300), &deep(3)),
        template("template_too_complex", &cycles(1000), &cycles(2)),
        template(
            "unknown_event_variable",
            "{{ event.nope }}",
            "{{ instance.nope }}",
        ),
    ];
    rows.extend(
        JINJA
            .iter()
            .map(|(code, wrong, _, right)| template(code, wrong, right)),
    );
    rows
}

/// What people write who know Jinja, what they are told, and what they write then.
pub(super) const JINJA: &[(&str, &str, &str, &str)] = &[
    (
        "template_syntax",
        "{% for k, v in a.items() %}{{ k }}{% endfor %}",
        "parentheses are Jinja's; Django calls a method without them: `a.items`",
        "{% for k, v in a.items %}{{ k }}{% endfor %}",
    ),
    (
        "template_syntax",
        "{{ a[0].name }}",
        "brackets are Jinja's; in Django what is inside stands behind a dot: `a.0`",
        "{{ a.0.name }}",
    ),
    (
        "template_unknown_tag",
        "{% set x = a %}{{ x }}",
        "`set` is Jinja's; Django writes `{% with x=a %}…{% endwith %}`",
        "{% with x=a %}{{ x }}{% endwith %}",
    ),
    (
        "template_syntax",
        "{% for i in range(3) %}{{ i }}{% endfor %}",
        "`range` is Jinja's; Django loops over a list of the event's, where `forloop.counter` counts",
        "{% for i in a %}{{ forloop.counter }}{% endfor %}",
    ),
    (
        "template_syntax",
        "{{ a if b else c }}",
        "an `if` in an expression is Jinja's; Django writes `{% if … %}…{% else %}…{% endif %}`",
        "{% if b %}{{ a }}{% else %}{{ c }}{% endif %}",
    ),
    (
        "template_syntax",
        "{{ a ~ b }}",
        "`~` is Jinja's; in Django write one value behind the other: `{{ a }}{{ b }}`",
        "{{ a }}{{ b }}",
    ),
    (
        "template_unknown_tag",
        "{% raw %}{{ a }}{% endraw %}",
        "`raw` is Jinja's; Django writes `{% verbatim %}…{% endverbatim %}`",
        "{% verbatim %}{{ a }}{% endverbatim %}",
    ),
    (
        "template_unknown_tag",
        "{% if a %}x{% elseif b %}y{% endif %}",
        "Django writes `{% elif %}`",
        "{% if a %}x{% elif b %}y{% endif %}",
    ),
];

#[tokio::test]
async fn habits_from_jinja_are_called_that_and_what_django_has_instead_is_said() {
    for (code, wrong, help, _) in JINJA {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let config = edited(&[("/triggers/0/payload", json!(wrong))]);
        std::fs::write(&file, config.to_string()).unwrap();
        let (_, problems) = crate::configured::examined(&file).await;
        let told: Vec<_> = problems
            .iter()
            .map(|one| (one.code(), one.help()))
            .collect();
        assert!(told.contains(&(*code, Some(*help))), "{wrong}: {told:?}");
    }
}
