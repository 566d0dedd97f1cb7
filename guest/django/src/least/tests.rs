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
    payload(&parse(source).unwrap().nodes).0
}

#[test]
fn json_text_that_is_never_json_is_written_twice() {
    for (source, times) in [
        ("of {{ a }}", 1),
        ("{ \"a\": {{ b }} }", 1),
        ("{ \"a\": {{ b }}", 2),
        ("{'a': {{ b }}}", 2),
        ("{{ b }}{'a'", 1),
    ] {
        assert_eq!(payload(&parse(source).unwrap().nodes).1, times, "{source}");
    }
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
        // What no value makes a number or a word of.
        ("12 {{ a }} 3", 5),
        ("1{{ a }}x{{ b }}2", 3),
        ("tr{% if a %}u{% else %}a{% endif %} e", 5),
        ("{ \"a\": tru e }", 14),
        ("{ \"a\": nul }", 12),
        ("{ \"a\": 1 2 }", 12),
        ("{ \"a\": 01 }", 11),
        ("{ \"a\": 1{{ b }} 2 }", 12),
        ("{ \"a\": tr{{ b }}u }", 12),
        ("{ \"a\": \"b\" {{ c }} 2 }", 15),
        ("{ \"a\": 1, }", 11),
        ("{ \"a\" }", 7),
        ("{ \"a\": }", 8),
        ("{ a: {{ b }} }", 7),
        ("{ 1: {{ b }} }", 7),
        ("[ 1, , {{ a }} ]", 9),
        ("[ 1 {% if a %}2{% else %}{{ b }}3{% endif %} ]", 7),
        ("[ {% for a in b %}x{% empty %}y{% endfor %} ]", 5),
        ("{ \"a\": \"\\x {{ b }}\" }", 14),
        ("{ \"a\": \"\n {{ b }}\" }", 13),
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
        ("12{{ a }}3", 3),
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
        // What a value may make a number, a word or a name of.
        ("[ 1{{ a }}5 , -{{ b }} , 0.{{ c }}e1 ]", 11),
        ("[ tr{{ a }}ue , {{ b }} null ]", 11),
        ("[ {% for a in b %}1{{ c }}{% endfor %}5 ]", 3),
        ("[ 1 {% if a %}, 2{% else %}{{ b }} {% endif %} ]", 3),
        ("{ {{ a }} : 1 }", 6),
        ("{ {{ a|ljust:20 }} : 1 }", 26),
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
        // Branches that have members of different names.
        (
            "{\"a\": 1, {% if b %}\"cc\": 2{% else %}\"d\": \"long\"{% endif %} }",
            14,
        ),
        (
            "{ {% if b %}\"c\": 2, \"d\": 3,{% else %}\"e\": \"long\",{% endif %} \"a\": 1}",
            18,
        ),
        (
            "{ {% if b %}\"c\": \"long\", \"d\": 1{% else %}\"c\": 2, \"e\": \"long\"{% endif %} }",
            18,
        ),
        // One of them counts for its name, wherever that stands.
        (
            "{\"c\": \"long\", {% if b %}\"c\": 2{% else %}\"d\": 3{% endif %} }",
            7,
        ),
        (
            "{ {% if b %}\"c\": \"long\"{% else %}\"d\": 3{% endif %}, {% if e %}\"c\": 4{% else %}\"f\": 5{% endif %} }",
            7,
        ),
        (
            "{ {% if a %}{% if b %}\"c\": 1{% else %}\"d\": 12{% endif %}{% else %}\"e\": 123{% endif %} }",
            7,
        ),
        // A name that an event makes may be that of any of them.
        (
            "{ {% if b %}\"c\": \"long\"{% else %}\"d\": \"longer\"{% endif %}, \"{{ e }}\": 1 }",
            7,
        ),
        (
            "{ {% if b %}\"{{ c }}\": 1{% else %}\"{{ d }}\": 2{% endif %} }",
            6,
        ),
        ("{ {% if b %}\"c\": 1{% endif %} }", 2),
        // Lists of which branches have different items.
        ("[ {% if a %}1, 2{% else %}\"long\"{% endif %} ]", 5),
        ("[ {% if a %}\"longer\"{% else %}1, 2{% endif %}, 3 ]", 7),
        ("[ {% if a %}1,{% else %}\"b\",{% endif %} {{ c }} ]", 5),
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
