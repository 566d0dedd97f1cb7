use super::{Least, bytes, payload};
use crate::parser::parse;

#[test]
fn only_what_every_event_gets_counts() {
    for (source, least) in [
        ("", 0),
        ("abc", 3),
        ("a{{ b }}ü", 3),
        ("{{ \"abü\" }}", 4),
        ("{{ \"abü\"|upper }}", 3),
        ("{{ b|center:30 }}!", 31),
        ("{{ b|ljust:\"30\"|rjust:5|title|safe }}", 30),
        ("{{ b|center:30|truncatechars:3 }}", 0),
        ("{{ b|center:c }}", 0),
        (
            "{% if a %}one{% elif b %}three{% else %}seven{% endif %}",
            3,
        ),
        ("{% if a %}one{% endif %}", 0),
        ("{% for a in b %}one{% endfor %}", 0),
        ("{% for a in b %}one{% empty %}two2{% endfor %}", 3),
        ("{% ifchanged a %}one{% else %}on{% endifchanged %}", 2),
        (
            "{% with a=b %}{% autoescape off %}ab{% endautoescape %}{% endwith %}",
            2,
        ),
        ("{% filter cut:\"a\" %}aaa{% endfilter %}", 0),
        ("{{ b|center:99999999999999999999999 }}", 0),
    ] {
        let parsed = parse(source).unwrap();
        assert_eq!(bytes(&parsed.nodes), least, "{source}");
    }
}

fn least(source: &str) -> Least {
    payload(&parse(source).unwrap().nodes)
}

#[test]
fn what_is_never_json_keeps_its_white_space() {
    for (source, bytes) in [
        ("of {{ a }} and {{ b }}.", 9),
        ("a{% if b %}one{% else %}three{% endif %}bc", 6),
        ("{{ a }} and b.", 7),
        ("a{{ b|ljust:20 }}", 21),
        ("{'a': '{{ b }}'}", 9),
        ("{\"a\": \"{{ b }}\"", 8),
        ("[{{ a }}}", 2),
        ("{ \"a\": {% if b %}'c'{% else %}'longer'{% endif %} }", 12),
        (" {% if a %}{% endif %} ", 2),
    ] {
        assert_eq!(least(source), Least::Text(bytes), "{source}");
    }
}

#[test]
fn what_may_be_json_is_compact() {
    for (source, bytes) in [
        ("{{ id }}", 0),
        // Padding is white space.
        ("{{ id|ljust:200 }}", 1),
        // A value may make JSON of it, or a part of it.
        ("{{ a }} 1 ", 1),
        ("{{ a }}, \"b\": \"long\"}", 1),
        ("12 {{ a }} 3", 3),
        ("{% if a %}{\"b\": 1}{% else %}5{% endif %}", 1),
        // JSON text.
        ("{ \"a b\" : \"{{ a }}\" , \"c\":{{ c }} }", 16),
        ("{\"a\\\"b\": \"{{ a }}\"}", 11),
        ("{\"a\": \"b \\\" c\", \"d\": {{ d }}}", 20),
        ("{\"a\": {{ a|rjust:20 }}, \"b\": \"{{ b|ljust:20 }}\"}", 53),
        ("[{{ a }}]", 2),
        ("[{{ a }},{{ b }}]", 3),
        ("[{{ a }}  , {{ b }}]", 5),
        ("\"a {{ b }}\"", 4),
    ] {
        assert_eq!(least(source), Least::Either(bytes), "{source}");
    }
}

#[test]
fn of_members_of_one_name_the_last_counts() {
    for (source, bytes) in [
        ("{\"a\": \"long\", \"a\": {{ a }}}", 7),
        ("{\"a\": {{ a }}, \"\\u0061\": \"long\"}", 12),
        ("{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}}", 25),
        // A name that an event makes may be any of those before it.
        ("{\"a\": \"long\", \"{{ b }}\": 1}", 7),
        ("{\"{{ b }}\": 1, \"a\": \"long\"}", 12),
        ("{\"a\": 10, \"b\": \"long\", \"{{ c }}\": 1}", 14),
        ("{\"{{ a }}\": \"long\"}", 11),
        ("{\"{{ a }}\": 12, \"{{ b }}\": \"long\"}", 7),
        (
            "{\"a\": \"long\", \"b\": 12{% for c in d %}, \"{{ c }}\": 10{% endfor %}}",
            13,
        ),
        (
            "{\"a\": \"long\", \"b\": 12{% for c in d %}, \"e\": 10{% endfor %}}",
            19,
        ),
    ] {
        assert_eq!(least(source), Least::Either(bytes), "{source}");
    }
}

#[test]
fn of_branches_the_least_counts() {
    for (source, bytes) in [
        ("{\"a\": \"{% if b %}yes{% else %}no{% endif %}\"}", 10),
        (
            "{\"a\": {% if b %}\"yes\"{% else %}[1, 2, 3]{% endif %}}",
            11,
        ),
        ("{\"a\": 1{% if b %}, \"c\": 2{% endif %}}", 7),
        ("{ {% if b %}\"c\": 2, {% endif %}\"a\": 1}", 7),
        ("{ {% if b %}\"c\": 2, {% endif %}\"c\": 10}", 8),
        ("{\"c\": 10{% if b %}, \"c\": 2{% endif %}}", 7),
        (
            "{ {% if b %}\"a\": 12{% elif c %}\"a\": 3{% else %}\"a\": 45{% endif %}, \"d\": 6}",
            13,
        ),
        ("{\"{% if b %}c{% else %}dd{% endif %}\": 1}", 7),
        ("{ {% if b %}\"c\"{% else %}\"dd\"{% endif %}: 1}", 7),
        ("{% if a %}{\"b\": 1}{% else %}[\"long\"]{% endif %}", 7),
        ("{\"a\": {% if b %}1{% else %}'c'{% endif %}}", 7),
        ("[{% for a in b %}{{ a }},{% endfor %} 12 ]", 4),
        ("{\"a\": [{% for a in b %}{\"a\": 1},{% endfor %} 12 ]}", 10),
        ("{\"a\": \"{% filter upper %}b {{ c }}{% endfilter %}\"}", 8),
        // Nothing is known of what is closed elsewhere, or filtered as a whole.
        ("{\"a\": 1{% if b %}}{% else %}, \"c\": 2}{% endif %}", 1),
        ("{\"a\": {% filter upper %}\"b\"{% endfilter %}}", 1),
        (
            "{\"a\": \"{% filter upper %}b\", \"c\": \"{% endfilter %}\"}",
            1,
        ),
    ] {
        assert_eq!(least(source), Least::Either(bytes), "{source}");
    }
}
