//! What bounds triggers, in every host alike.

use action_triggers_guest::{
    engine::{Decision, Engine, Outcome, Publication},
    event::Input,
    limits::Limits,
};

use crate::support::{TestEngine, TestHost, sale, trigger};

fn decided(set: &str, limits: Limits, events: usize) -> Vec<String> {
    let (engine, loaded) = Engine::load(set, Vec::new(), limits).unwrap();
    let mut host = TestHost {
        loaded: Some(loaded),
        ..TestHost::default()
    };
    let inputs = (0..events).map(|_| Input::from(sale())).collect();
    let outcomes = engine.process(inputs, &mut host);
    let shown: Vec<String> = outcomes.iter().map(shown).collect();
    let published = shown.iter().flat_map(|one| one.matches("ok")).count();
    assert_eq!(host.sent.len(), published, "{shown:?}");
    shown
}

fn shown(outcome: &Outcome<Publication>) -> String {
    match &outcome.decision {
        Decision::Done(all) => {
            let codes = all.iter().map(|one| match &one.receipt {
                Ok(_) => "ok",
                Err(failure) => failure.code(),
            });
            codes.collect::<Vec<_>>().join(" ")
        }
        Decision::Unreadable(error) => error.code.into(),
        Decision::Failed(failure) => failure.code().into(),
        Decision::NotProcessed => "not processed".into(),
    }
}

/// A loop of so many rounds.
fn rounds(count: usize) -> String {
    format!(
        "{{% for a in '{}' %}}{{{{ a|upper }}}}{{% endfor %}}",
        "x".repeat(count)
    )
}

#[test]
fn the_templates_of_a_trigger_share_its_fuel() {
    let limits = || Limits {
        fuel: 2_000,
        ..Limits::default()
    };
    let payload = |templates: &[&str]| {
        let payload = serde_json::to_string(templates).unwrap();
        trigger(&format!(r#""payload": {payload}"#))
    };
    let some = rounds(80);
    assert_eq!(decided(&payload(&[&some]), limits(), 2), ["ok", "ok"]);
    let twice = payload(&[&some, &some, &some]);
    let spent = "template_out_of_fuel";
    assert_eq!(decided(&twice, limits(), 2), [spent, spent]);
}

#[test]
fn events_that_a_call_has_no_fuel_for_are_not_started() {
    let payload = serde_json::to_string(&[rounds(200)]).unwrap();
    let set = trigger(&format!(r#""payload": {payload}"#));
    let limits = |call_fuel| Limits {
        call_fuel,
        ..Limits::default()
    };
    let not = "not processed";
    assert_eq!(decided(&set, limits(1_000_000), 3), ["ok", "ok", "ok"]);
    let some = decided(&set, limits(10_000), 8);
    assert_eq!(some.first().map(String::as_str), Some("ok"), "{some:?}");
    assert_eq!(some.last().map(String::as_str), Some(not), "{some:?}");
    assert!(some.is_sorted_by_key(|one| one == not), "{some:?}");
    assert_eq!(
        decided(&set, limits(100), 3),
        ["event_out_of_fuel", not, not]
    );
}

#[test]
fn events_whose_records_have_no_room_are_left_for_another_call() {
    let set = trigger(r#""payload": "x""#).replace(
        r#"[{"name": "kafka_1"}]"#,
        r#"[{"name": "a"}, {"name": "b"}, {"name": "c"}]"#,
    );
    let limits = |records| Limits {
        records,
        ..Limits::default()
    };
    let all = "ok ok ok";
    let not = "not processed";
    assert_eq!(decided(&set, limits(6), 3), [all, all, not]);
    assert_eq!(decided(&set, limits(5), 3), [all, not, not]);
    assert_eq!(decided(&set, limits(2), 2), ["ok ok too_many", not]);
}

#[test]
fn a_trigger_writes_only_so_many_bytes() {
    let limits = || Limits {
        output_bytes: 100,
        ..Limits::default()
    };
    // What a loop writes is known only with the event.
    let long = format!("{{% for a in '{}' %}}x{{% endfor %}}", "x".repeat(60));
    let one = trigger(&format!(r#""payload": ["{long}"]"#));
    assert_eq!(decided(&one, limits(), 1), ["ok"]);
    let two = trigger(&format!(r#""payload": ["{long}", "{long}"]"#));
    assert_eq!(decided(&two, limits(), 1), ["template_output_too_large"]);
}

#[test]
fn what_every_event_would_fail_for_is_told_at_load() {
    let told = |payload: &str, output_bytes| {
        let limits = Limits {
            output_bytes,
            ..Limits::default()
        };
        let set = trigger(&format!(r#""payload": {payload}"#));
        match Engine::load(&set, Vec::new(), limits) {
            Ok((_, loaded)) => loaded.diagnostics,
            Err(refusal) => refusal.diagnostics,
        }
    };
    for (payload, least) in [
        (r#"["xxxx", "{{ a }}yyy"]"#, 14),
        (r#"{"a": 1, "b": [true]}"#, 18),
        (r#""{{ a|center:20 }}""#, 20),
        (r#""plain text""#, 10),
        (r#"{"{{ a }}": "x", "{{ b }}": "y"}"#, 8),
    ] {
        assert!(told(payload, least).is_empty(), "{payload}");
        let faults = told(payload, least - 1);
        let codes: Vec<_> = faults.iter().map(|one| one.code).collect();
        assert_eq!(codes, ["template_output_too_large"], "{payload}");
        assert_eq!(faults[0].path, "$[0].payload");
    }
}

#[test]
fn what_an_event_does_not_use_of_its_fuel_is_not_kept() {
    let (engine, _) = TestEngine::load(&trigger(r#""payload": "x""#), Vec::new()).unwrap();
    for _ in 0..3 {
        let outcomes = engine.process(&[sale(), sale()], &mut TestHost::default());
        assert!(outcomes.iter().all(Result::is_ok));
    }
}

#[test]
fn a_set_that_a_call_has_no_fuel_for_is_refused_until_it_has() {
    let set = trigger(&format!(r#""payload": "{}""#, "x".repeat(6_400)));
    let load = |call_fuel| {
        let limits = Limits {
            call_fuel,
            ..Limits::default()
        };
        let refused = Engine::load(set.as_str(), Vec::new(), limits).err()?;
        Some(refused.diagnostics.iter().map(|fault| fault.code).collect())
    };
    assert_eq!(load(100), Some(vec!["set_out_of_fuel"]));
    assert_eq!(load(110), None);
}

#[test]
fn what_goes_through_a_value_takes_steps_by_its_size() {
    let numbers = format!("[{}0]", "0,".repeat(20_000));
    let members: Vec<_> = (0..5_000).map(|place| format!(r#""k{place}":0"#)).collect();
    let event = format!(
        r#"{{"signal": "post_save", "content_type": "shop.sale", "instance":
            {{"list": {numbers}, "same": {numbers}, "object": {{{}}}, "text": "{}"}}}}"#,
        members.join(","),
        "a b ".repeat(10_000)
    );
    let codes = |payload: &str| {
        let limits = Limits {
            fuel: 2_500,
            ..Limits::default()
        };
        let payload = serde_json::to_string(&[payload]).unwrap();
        let set = trigger(&format!(r#""payload": {payload}"#));
        let (engine, loaded) = Engine::load(set, Vec::new(), limits).unwrap();
        let mut host = TestHost {
            loaded: Some(loaded),
            ..TestHost::default()
        };
        let input = Input {
            text: event.clone(),
            id: "1".to_owned(),
        };
        let outcomes = engine.process(vec![input], &mut host);
        outcomes.iter().map(shown).collect::<Vec<_>>()
    };
    for cheap in [
        "{{ list.3 }}{{ object.k7 }}",
        "{% if 'k7' in object %}x{% endif %}",
        "{% if text %}x{% endif %}",
        "{{ text|default:'x'|length }}",
    ] {
        assert_eq!(codes(cheap), ["ok"], "{cheap}");
    }
    for dear in [
        "{% if list == same %}{% endif %}",
        "{% if 7 in list %}{% endif %}",
        "{% with x=list %}{% if 7 in x %}{% endif %}{% endwith %}",
        "{% if object.items %}{% endif %}",
        "{% with x=text.split %}{% endwith %}",
        "{{ text.title.nothing }}",
        "{{ list|wordcount }}",
        "{{ text|slugify|length }}",
        "{% ifchanged list %}{% endifchanged %}{% for a in 'aa' %}{% ifchanged list %}{% endifchanged %}{% endfor %}",
        "{% regroup object.items by 0 as groups %}",
        "{% firstof list as x %}",
    ] {
        assert_eq!(codes(dear), ["template_out_of_fuel"], "{dear}");
    }
}

#[test]
fn filters_and_the_tags_around_them_take_from_one_allowance() {
    let payload = serde_json::to_string(&[rounds(80)]).unwrap();
    let set = trigger(&format!(r#""payload": {payload}"#));
    let with = |fuel| {
        let limits = Limits {
            fuel,
            ..Limits::default()
        };
        decided(&set, limits, 1)
    };
    // Neither the tags nor the filters alone take so many.
    assert_eq!(with(1_200), ["template_out_of_fuel"]);
    assert_eq!(with(2_000), ["ok"]);
}
