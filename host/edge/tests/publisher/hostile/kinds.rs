//! Hostile templates: one for each thing that a template can do over and over, on values that
//! take long.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// What is done in three loops, each over `xs`, with the items `a`, `b` and `c`.
const INSIDE: &[&str] = &[
    "",
    "x",
    "{{ text }}",
    "{{ a }}",
    "{{ d }}",
    "{{ long }}",
    "{{ rows }}",
    "{{ obj }}",
    "{{ emp }}",
    "{{ deep }}",
    "{{ nope }}{{ a.b.c.d }}",
    "{{ forloop.counter }}",
    "{{ text|upper }}",
    "{{ price|floatformat:2 }}",
    "{{ d|date:'Y-m-d H:i' }}",
    "{% if a > b %}{% endif %}",
    "{% if a in xs %}{% endif %}",
    "{% if a == '10.50' and price > c %}{% endif %}",
    "{% with x=a y=b %}{{ x }}{% endwith %}",
    "{% with x=long %}{% endwith %}",
    "{% with x=lines %}{% endwith %}",
    "{% with x=spaces %}{% endwith %}",
    "{% with x=escapes %}{% endwith %}",
    "{% cycle 'a' 'b' %}",
    "{% ifchanged %}{{ c }}{% endifchanged %}",
    "{% ifchanged big %}{{ c }}{% endifchanged %}",
    "{% firstof a b c %}",
    "{% widthratio a b 100 %}",
    "{% spaceless %}<a> <b>{% endspaceless %}",
    "{% filter upper %}abc{% endfilter %}",
    "{% autoescape on %}{{ text }}{% endautoescape %}",
    "{% now 'Y' %}",
];

/// What is done in loops over other lists.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["xs", "xs", "rows"], "{{ c.name }}"),
    (
        &["xs", "xs", "rows"],
        "{{ c.name }}: {{ c.price|floatformat:2 }} ",
    ),
    (&["xs", "xs", "xs reversed"], ""),
    (&["xs", "xs"], "{% regroup rows by name as g %}"),
    (&["xs", "xs"], "{% for x, y in lists %}{% endfor %}"),
    (&["xs"], "{% for k, v in obj.items %}{% endfor %}"),
    (&["xs"], "{% for x in long reversed %}{% endfor %}"),
    (&["xs"], "{% for x in big %}{% endfor %}"),
    (&["dates", "dates"], "{% if a > b %}{% endif %}"),
    (&["decs", "decs"], "{% if a > b %}{% endif %}"),
];

const COMPARISONS: &[&str] = &[
    "long == long2",
    "emp == emp2",
    "emp < emp2",
    "obj == obj2",
    "deep == deep",
    "lists == lists",
    "big == big",
    "lines == lines",
    "spaces == 1",
    "bigdigits > bigdigits",
    "bigdigits == 1",
    "-1 in long",
    "n in texts",
    "text in texts",
    "price in decs",
    "d in dates",
    "'b' in big",
    "'zz' in obj",
];

/// What is looked up in a value, asked for and printed.
const ATTRIBUTES: &[&str] = &[
    "big.upper",
    "big.split",
    "big.title",
    "big.casefold",
    "big.isalpha",
    "big.isidentifier",
    "big.encode",
    "big.strip",
    "big.99999",
    "uni.49999",
    "words.split",
    "lines.splitlines",
    "spaces.strip",
    "long.29999",
    "obj.items",
    "obj.keys",
    "obj.values",
    "obj.k9999",
    "bigdigits.as_tuple",
    "bigdigits.bit_length",
];

/// What filters are given.
const VALUES: &[&str] = &[
    "big", "lt", "lines", "mixed", "long", "obj", "lists", "deep", "price",
];

/// Every filter, some with several arguments.
const FILTERS: &[&str] = &[
    "add:n",
    "add:long",
    "add:bigdigits",
    "addslashes",
    "apnumber",
    "capfirst",
    "center:200000",
    "cut:'a'",
    "cut:' '",
    "cut:'<'",
    "date:'Y-m-d'",
    "date:'r'",
    "default:'x'",
    "default_if_none:'x'",
    "dictsort:'name'",
    "dictsort:0",
    "dictsortreversed:'name'",
    "dictsortreversed:0",
    "divisibleby:n",
    "escape",
    "escapejs",
    "filesizeformat",
    "first",
    "floatformat",
    "floatformat:2",
    "floatformat:50000",
    "floatformat:-3",
    "force_escape",
    "get_digit:1",
    "get_digit:90000",
    "intcomma",
    "intword",
    "iriencode",
    "join:','",
    "json_script",
    "last",
    "length",
    "length_is:1",
    "linebreaks",
    "linebreaksbr",
    "linenumbers",
    "ljust:200000",
    "localize",
    "localtime",
    "lower",
    "make_list",
    "naturalday",
    "naturaltime",
    "ordinal",
    "phone2numeric",
    "pluralize",
    "pprint",
    "random",
    "rjust:200000",
    "safe",
    "safeseq",
    "slice:':5'",
    "slice:'::-1'",
    "slice:'99:'",
    "slugify",
    "stringformat:'s'",
    "stringformat:'d'",
    "stringformat:'r'",
    "stringformat:'100000d'",
    "stringformat:'.5000f'",
    "striptags",
    "time",
    "timesince",
    "timeuntil",
    "title",
    "truncatechars:5",
    "truncatechars:90000",
    "truncatechars_html:5",
    "truncatechars_html:90000",
    "truncatewords:5",
    "truncatewords:30000",
    "truncatewords_html:5",
    "truncatewords_html:30000",
    "unlocalize",
    "unordered_list",
    "upper",
    "urlencode",
    "urlize",
    "urlizetrunc:15",
    "utc",
    "wordcount",
    "wordwrap:5",
    "wordwrap:70000",
    "yesno",
];

/// A hostile template.
pub(in super::super) struct Kind {
    /// What it does over and over.
    pub(in super::super) name: String,
    pub(in super::super) payload: String,
}

impl Kind {
    fn of(lists: &[&str], body: &str) -> Self {
        let name = if lists == ["xs", "xs", "xs"] {
            body.to_owned()
        } else {
            format!("in {}: {body}", lists.join(", "))
        };
        Self {
            name,
            payload: loops(lists, body),
        }
    }

    fn usual(body: &str) -> Self {
        Self::of(&["xs", "xs", "xs"], body)
    }

    /// An event with the values that it names.
    pub(in super::super) fn event(&self) -> String {
        let mut instance: Map<_, _> = named(&self.payload).collect();
        instance.insert("id".to_owned(), json!(1));
        json!({
            "signal": "post_save",
            "content_type": "shop.sale",
            "time": "2026-01-02T03:04:05Z",
            "instance": instance,
        })
        .to_string()
    }

    /// A template that looks at each of the values once.
    pub(in super::super) fn reading(&self) -> String {
        let looks = named(&self.payload).map(|(name, _)| format!("{{{{ {name}|length }}}}"));
        looks.collect::<Vec<_>>().concat()
    }
}

/// The values that a template names.
fn named(payload: &str) -> impl Iterator<Item = (String, Value)> {
    let is_between = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let words: BTreeSet<_> = payload.split(is_between).collect();
    let words = words.into_iter();
    words.filter_map(|name| Some((name.to_owned(), value(name)?)))
}

fn loops(lists: &[&str], body: &str) -> String {
    let items = ["a", "b", "c"].iter().zip(lists);
    let begin = items.map(|(item, list)| format!("{{% for {item} in {list} %}}"));
    let begin: String = begin.collect();
    format!("{begin}{body}{}", "{% endfor %}".repeat(lists.len()))
}

/// All but the filters.
pub(in super::super) fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<_> = INSIDE.iter().map(|body| Kind::usual(body)).collect();
    let elsewhere = ELSEWHERE.iter();
    kinds.extend(elsewhere.map(|(lists, body)| Kind::of(lists, body)));
    let comparisons = COMPARISONS.iter();
    kinds.extend(comparisons.map(|one| Kind::usual(&format!("{{% if {one} %}}{{% endif %}}"))));
    for one in ATTRIBUTES {
        kinds.push(Kind::usual(&format!("{{% if {one} == 1 %}}{{% endif %}}")));
        kinds.push(Kind::usual(&format!("{{{{ {one}.nope }}}}")));
    }
    let text = loops(&["xs", "xs", "xs"], "{{ text }}");
    kinds.push(Kind {
        name: "JSON text with {{ text }}".to_owned(),
        payload: format!(r#"{{"a": [{text}]}}"#),
    });
    kinds
}

/// Every filter on every value.
pub(in super::super) fn filters() -> Vec<Kind> {
    let filters = FILTERS.iter();
    let kinds = filters.flat_map(|filter| {
        let values = VALUES.iter();
        values.map(move |value| Kind::usual(&format!("{{{{ {value}|{filter}|length }}}}")))
    });
    kinds.collect()
}

/// The value of an instance's member.
fn value(name: &str) -> Option<Value> {
    let numbers = |count: u32| (0..count).collect::<Value>();
    let repeated = |text: &str, count: usize| json!(text.repeat(count));
    let members = || {
        let members = (0..10_000).map(|place| (format!("k{place}"), json!(place)));
        Value::Object(members.collect())
    };
    Some(match name {
        "text" => json!("a \"b\""),
        "n" => json!(3),
        "price" => json!("10.50"),
        "d" => json!("2026-01-02T03:04:05Z"),
        "xs" => numbers(1_000),
        "long" | "long2" => numbers(30_000),
        "emp" | "emp2" => (0..30_000).map(|_| json!([])).collect(),
        "obj" | "obj2" => members(),
        "texts" => (0..10_000)
            .map(|place| json!(format!("t{place}")))
            .collect(),
        "decs" => (0..10_000)
            .map(|place| json!(format!("{place}.5")))
            .collect(),
        "dates" => (0..3_000).map(|_| json!("2026-01-02T03:04:05Z")).collect(),
        "lists" => (0..3_000).map(|place| json!([place, [place]])).collect(),
        "rows" => (0..1_000)
            .map(|place| json!({"name": format!("n{}", place % 7), "price": "10.50", "n": place}))
            .collect(),
        "deep" => (0..90).fold(json!([]), |inner, _| json!([inner])),
        "big" => repeated("a", 100_000),
        "bigdigits" => json!(format!("{}.5", "9".repeat(100_000))),
        "lt" => repeated("<", 100_000),
        "uni" => repeated("é", 50_000),
        "words" => repeated("ab ", 33_000),
        "lines" => repeated("a\n", 50_000),
        "spaces" => repeated(" ", 100_000),
        "escapes" => repeated("\\\"", 50_000),
        "mixed" => repeated("<a href='x'>&amp; b@c.de www.x.yz/(a) é😀\n", 1_500),
        _ => return None,
    })
}
