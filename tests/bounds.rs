//! The component as every host meets it: what it takes of memory and of steps. wasmtime counts
//! the steps, so no clock is asked.

use std::sync::OnceLock;

use action_triggers_host::EMBEDDED;
use serde_json::json;
use wasmtime::{
    Config, Engine, ResourceLimiter, Store,
    component::{Component, Func, Instance, Linker, Val},
};

const MEBIBYTE: usize = 1 << 20;

/// The most memory that an instance has had.
#[derive(Default)]
struct Peak(usize);

impl ResourceLimiter for Peak {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.0 = self.0.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// An instance whose steps and memory are watched.
struct Watched {
    store: Store<Peak>,
    instance: Instance,
}

impl Watched {
    fn new() -> Self {
        static COMPONENT: OnceLock<Component> = OnceLock::new();
        let component = COMPONENT.get_or_init(|| {
            let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
            Component::new(&engine, EMBEDDED).unwrap()
        });
        let mut store = Store::new(component.engine(), Peak::default());
        store.limiter(|peak| peak);
        store.set_fuel(u64::MAX).unwrap();
        let mut linker = Linker::new(component.engine());
        linker.define_unknown_imports_as_traps(component).unwrap();
        let instance = linker.instantiate(&mut store, component).unwrap();
        Self { store, instance }
    }

    fn function(&mut self, name: &str) -> Func {
        let interface = "action-triggers:engine/triggers@0.2.0";
        let (store, instance) = (&mut self.store, &self.instance);
        let interface = instance.get_export_index(&mut *store, None, interface);
        let name = instance.get_export_index(&mut *store, interface.as_ref(), name);
        instance.get_func(store, name.unwrap()).unwrap()
    }

    /// The answer of a function, and the steps that it took.
    fn call(&mut self, name: &str, arguments: &[Val]) -> (Val, u64) {
        let function = self.function(name);
        let before = self.store.get_fuel().unwrap();
        let mut answer = [Val::Bool(false)];
        function
            .call(&mut self.store, arguments, &mut answer)
            .unwrap();
        let [answer] = answer;
        (answer, before - self.store.get_fuel().unwrap())
    }

    /// Loads a set; whether it was taken, and the steps.
    fn load(&mut self, set: &str) -> (bool, u64) {
        let limits = record([
            ("fuel", Val::U64(u64::MAX)),
            ("call-fuel", Val::U64(u64::MAX)),
            ("output-bytes", Val::U32(2 << 20)),
            ("records", Val::U32(10_000)),
            ("depth", Val::U32(128)),
            ("content-types", Val::List(Vec::new())),
        ]);
        let brokers = Val::List(Vec::new());
        let (answer, steps) = self.call("load", &[Val::String(set.into()), brokers, limits]);
        (matches!(answer, Val::Result(Ok(_))), steps)
    }

    /// Renders one event; what came of it in words, and the steps.
    fn render(&mut self, event: &str) -> (String, u64) {
        let input = record([
            ("text", Val::String(event.into())),
            ("id", Val::String("e".into())),
        ]);
        let (answer, steps) = self.call("render", &[Val::List(vec![input])]);
        (format!("{answer:?}"), steps)
    }
}

fn record<const N: usize>(fields: [(&str, Val); N]) -> Val {
    let fields = fields.into_iter();
    Val::Record(fields.map(|(name, value)| (name.into(), value)).collect())
}

fn trigger(number: usize, payload: &serde_json::Value) -> serde_json::Value {
    json!({
        "name": format!("trigger-{number}"),
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "shop", "model_name": format!("sale{}", number % 100)}],
        "msg_broker_queues": [{"name": "my_kafka_broker", "parameters": {"topic": "sales"}}],
        "payload": payload,
    })
}

/// As people write them: of four templates two have filters, and one asks something.
fn realistic(count: usize) -> String {
    let one = |number: usize| {
        let payload = json!({
            "customer": "{{ customer_name|default:\"nobody\"|title }}",
            "total": "{{ price|floatformat:2 }}",
            "size": format!("{{% if quantity > {number} %}}large{{% else %}}small{{% endif %}}"),
            "text": format!("{{{{ customer_name }}}} bought {{{{ quantity }}}} ({number})"),
        });
        trigger(number, &payload)
    };
    json!((0..count).map(one).collect::<Vec<_>>()).to_string()
}

/// With a loop in each, which needs the machine.
fn looping(count: usize) -> String {
    let one = |number: usize| {
        let template = format!("{{% for x in items %}}{{{{ x|add:{number} }}}} {{% endfor %}}");
        trigger(
            number,
            &json!({"a": template, "b": template, "c": template, "d": template}),
        )
    };
    json!((0..count).map(one).collect::<Vec<_>>()).to_string()
}

const EVENT: &str = r#"{"signal": "post_save", "content_type": "shop.sale7", "instance":
    {"id": 7, "customer_name": "ada", "quantity": 300, "price": "9.99", "items": [1, 2]}}"#;

/// The memory of an instance that loaded a set and rendered an event.
fn memory(set: &str, expected: &str) -> usize {
    let mut watched = Watched::new();
    assert!(watched.load(set).0);
    for _ in 0..3 {
        let (rendered, _) = watched.render(EVENT);
        assert!(rendered.contains(expected), "{rendered}");
    }
    watched.store.data().0
}

#[test]
fn a_thousand_triggers_of_four_templates_take_at_most_four_mebibytes() {
    for (set, expected) in [(realistic(1_000), "large"), (looping(1_000), "108 109 ")] {
        let taken = memory(&set, expected);
        assert!(taken <= 4 * MEBIBYTE, "{taken} bytes");
    }
}

#[test]
fn ten_thousand_triggers_take_at_most_thirty_two_mebibytes() {
    for (set, expected) in [(realistic(10_000), "large"), (looping(10_000), "108 109 ")] {
        let taken = memory(&set, expected);
        assert!(taken <= 32 * MEBIBYTE, "{taken} bytes");
    }
}

#[test]
fn an_event_is_copied_once_and_a_text_that_no_template_reads_not_again() {
    let length = 16 * MEBIBYTE;
    let event = |content_type: &str, note: usize| {
        let instance = json!({"id": 7, "name": "ada", "note": "x".repeat(note)});
        json!({"signal": "post_save", "content_type": content_type, "instance": instance})
            .to_string()
    };
    for (content_type, fires) in [("shop.sale7", true), ("shop.refund", false)] {
        let mut watched = Watched::new();
        assert!(watched.load(&payload("{{ id }} {{ name|upper }}")).0);
        watched.render(&event(content_type, 0));
        let before = watched.store.data().0;
        let (rendered, _) = watched.render(&event(content_type, length));
        assert_eq!(rendered.contains("7 ADA"), fires, "{rendered:.400}");
        let taken = watched.store.data().0 - before;
        assert!(taken <= length + MEBIBYTE, "{content_type}: {taken} bytes");
    }
}

/// Holds that twice as much takes at most three times the steps.
fn grows_evenly(what: &str, sizes: [usize; 3], steps: impl Fn(usize) -> u64) {
    let taken = sizes.map(&steps);
    for pair in taken.windows(2) {
        assert!(
            pair[1] <= 3 * pair[0],
            "{what}: {sizes:?} take {taken:?} steps"
        );
    }
}

fn load(set: &str, is_taken: bool) -> u64 {
    let (taken, steps) = Watched::new().load(set);
    assert_eq!(taken, is_taken, "{set:.400}");
    steps
}

fn payload(template: &str) -> String {
    json!([trigger(7, &json!([template]))]).to_string()
}

#[test]
fn loading_takes_steps_in_proportion_to_the_triggers() {
    let of = |text: &str, count: usize| payload(&text.repeat(count));
    grows_evenly("expressions", [2_000, 4_000, 8_000], |count| {
        load(&of("{{ x }}", count), true)
    });
    grows_evenly("filters", [2_000, 4_000, 8_000], |count| {
        load(&of("{{ x|upper|lower:\"\" }}", count), false)
    });
    grows_evenly("loops", [500, 1_000, 2_000], |count| {
        load(&of("{% for x in y %}{{ x }}{% endfor %}", count), true)
    });
    grows_evenly("nested `if`", [12, 24, 48], |depth| {
        let source = "{% if x %}".repeat(depth) + &"{% endif %}".repeat(depth);
        load(&payload(&source), true)
    });
    grows_evenly("`if` nested too deep", [1_000, 2_000, 4_000], |depth| {
        let source = "{% if x %}".repeat(depth) + &"{% endif %}".repeat(depth);
        load(&payload(&source), false)
    });
    grows_evenly("`elif`", [24, 48, 96], |count| {
        let source = format!("{{% if x %}}{}{{% endif %}}", "{% elif x %}y".repeat(count));
        load(&payload(&source), true)
    });
    grows_evenly("too many `elif`", [1_000, 2_000, 4_000], |count| {
        let source = format!("{{% if x %}}{}{{% endif %}}", "{% elif x %}y".repeat(count));
        load(&payload(&source), false)
    });
    grows_evenly("a chain of filters", [16, 32, 64], |count| {
        load(
            &payload(&format!("{{{{ x{} }}}}", "|upper".repeat(count))),
            true,
        )
    });
    grows_evenly(
        "too long a chain of filters",
        [2_000, 4_000, 8_000],
        |count| {
            load(
                &payload(&format!("{{{{ x{} }}}}", "|upper".repeat(count))),
                false,
            )
        },
    );
    grows_evenly("triggers", [250, 500, 1_000], |count| {
        load(&realistic(count), true)
    });
    grows_evenly("unknown members", [2_000, 4_000, 8_000], |count| {
        let members = (0..count).map(|number| (format!("key{number}"), json!(1)));
        let mut one = trigger(7, &json!("x"));
        one.as_object_mut().unwrap().extend(members);
        load(&json!([one]).to_string(), true)
    });
    grows_evenly("errors", [2_000, 4_000, 8_000], |count| {
        load(&of("{{ }}", count), false)
    });
    grows_evenly("unknown filters", [1_000, 2_000, 4_000], |count| {
        load(&of("{{ x|uppr }}", count), false)
    });
    grows_evenly("refused triggers", [250, 500, 1_000], |count| {
        let all: Vec<_> = (0..count)
            .map(|number| trigger(number, &json!("{{")))
            .collect();
        load(
            &json!(all).to_string().replace("my_kafka_broker", ""),
            false,
        )
    });
}

#[test]
fn rendering_takes_steps_in_proportion_to_the_event() {
    let render = |template: &str, instance: &serde_json::Value, expected: &str| {
        let mut watched = Watched::new();
        assert!(watched.load(&payload(template)).0);
        let event =
            json!({"signal": "post_save", "content_type": "shop.sale7", "instance": instance});
        let (rendered, steps) = watched.render(&event.to_string());
        assert!(rendered.contains(expected), "{template}: {rendered:.400}");
        steps
    };
    grows_evenly("keys", [2_500, 5_000, 10_000], |count| {
        let members = (0..count).map(|number| (format!("key{number}"), json!(number)));
        let instance = json!(members.collect::<serde_json::Map<_, _>>());
        render("{{ key1 }} {{ missing }}", &instance, "1 ")
    });
    grows_evenly("repeated keys", [2_500, 5_000, 10_000], |count| {
        let mut watched = Watched::new();
        let whole = json!([trigger(7, &serde_json::Value::Null)]).to_string();
        assert!(watched.load(&whole).0);
        let members = "\"key\": {\"a\": 1, \"a\": 2}, ".repeat(count);
        let event = format!(
            r#"{{"signal": "post_save", "content_type": "shop.sale7", "instance": {{{members} "id": 1}}}}"#
        );
        let (rendered, steps) = watched.render(&event);
        assert!(rendered.contains("key"), "{rendered:.400}");
        steps
    });
    grows_evenly("changed fields", [1_000, 2_000, 4_000], |count| {
        let mut watched = Watched::new();
        assert!(watched.load(&payload("{{ event.changed|length }}")).0);
        let state = |worth: usize| {
            let members = (0..count).map(|number| (format!("key{number}"), json!(number + worth)));
            json!(members.collect::<serde_json::Map<_, _>>())
        };
        let event = json!({"signal": "post_save", "content_type": "shop.sale7",
            "instance": state(0), "before": state(1)});
        let (rendered, steps) = watched.render(&event.to_string());
        assert!(rendered.contains(&count.to_string()), "{rendered:.400}");
        steps
    });
    let texts: &[(&str, &str, &str)] = &[
        ("{{ x|striptags }}", "<", "done"),
        ("{{ x|striptags }}", "<a ", "done"),
        ("{{ x|striptags }}", "<b>x</b", "done"),
        ("{{ x|striptags }}", "<!--", "done"),
        ("{{ x|striptags }}", "<a href='", "done"),
        ("{{ x|urlize }}", "a.com (", "a.com"),
        ("{{ x|urlize }}", "(((a@b.c", "a@b.c"),
        ("{{ x|wordwrap:5 }}", "ab c ", "ab"),
        ("{{ x|truncatewords_html:9 }}", "<b>x ", "x"),
        ("{{ x|truncatechars_html:9 }}", "<b>x&amp;", "x"),
        ("{{ x|linebreaks }}", "a\n\n", "a"),
        ("{{ x|title }}", "ab'c ", "Ab"),
        ("{{ x|slugify }}", "a-- ", "a"),
        ("{{ x|escapejs }}", "<'", "u003C"),
        ("{{ x|floatformat:2 }}", "9", "9"),
        ("{{ x|intcomma }}", "9", "9"),
        ("{{ x|add:1 }}", "9", "0"),
        ("{{ x|stringformat:'d' }}", "9", "done"),
    ];
    for (template, piece, expected) in texts {
        grows_evenly(
            &format!("{template} of {piece}"),
            [500, 1_000, 2_000],
            |count| render(template, &json!({"x": piece.repeat(count)}), expected),
        );
    }
    let lists: &[(&str, &str)] = &[
        ("{% for y in x %}{{ y.a }}{% endfor %}", "1"),
        ("{{ x|dictsort:\"a\"|length }}", "done"),
        ("{% regroup x by a as g %}{{ g|length }}", "done"),
        (
            "{% for y in x %}{% ifchanged y.a %}{{ y.a }}{% endifchanged %}{% endfor %}",
            "1",
        ),
        ("{{ x|join:', ' }}", "a"),
        ("{{ x|unordered_list }}", "li"),
        ("{% if 3 in x %}yes{% else %}no{% endif %}", "no"),
    ];
    for (template, expected) in lists {
        grows_evenly(template, [250, 500, 1_000], |count| {
            let items: Vec<_> = (0..count).map(|number| json!({"a": number})).collect();
            render(template, &json!({"x": items}), expected)
        });
    }
    grows_evenly("a chain of filters", [16, 32, 64], |count| {
        let template = format!("{{{{ x{} }}}}", "|upper".repeat(count));
        render(&template, &json!({"x": "y".repeat(5_000)}), "Y")
    });
}
