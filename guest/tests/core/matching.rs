use crate::support::{Event, TestHost, load, sale};
use action_triggers_guest::event::Signal;
use proptest::prelude::*;
use std::fmt::Write as _;

const MODELS: [&str; 3] = ["shop.sale", "shop.order", "crm.sale"];

fn set(triggers: &[(bool, Vec<usize>, Vec<usize>)]) -> String {
    let mut set = String::from("[");
    for (index, (active, signals, models)) in triggers.iter().enumerate() {
        let signals: Vec<_> = signals
            .iter()
            .map(|signal| Signal::ALL[*signal].as_str())
            .collect();
        let models: Vec<_> = models.iter().map(|model| MODELS[*model]).collect();
        let separator = if index > 0 { "," } else { "" };
        write!(
            set,
            r#"{separator}{{"active": {active}, "config_signals": {signals:?}, "content_types": {models:?},
               "payload": "x", "msg_broker_queues": [{{"name": "k"}}]}}"#
        )
        .unwrap();
    }
    set + "]"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_index_finds_what_asking_every_trigger_finds(
        triggers in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(0..4_usize, 0..4), prop::collection::vec(0..3_usize, 0..4)),
            0..8,
        ),
        signal in 0..4_usize,
        model in 0..3_usize,
    ) {
        let (engine, _) = load(&set(&triggers));
        let event = Event { signal: Signal::ALL[signal], content_type: MODELS[model], ..sale() };
        let fired: Vec<String> = engine
            .process(&[event], &mut TestHost::default())
            .remove(0)
            .unwrap()
            .iter()
            .map(|publication| publication.trigger.clone())
            .collect();
        let expected: Vec<String> = triggers
            .iter()
            .enumerate()
            .filter(|(_, (active, signals, models))| {
                *active && signals.contains(&signal) && models.contains(&model)
            })
            .map(|(index, _)| index.to_string())
            .collect();
        let explained: Vec<String> = engine
            .explain(&event)
            .unwrap()
            .into_iter()
            .filter(|explanation| explanation.fires)
            .map(|explanation| engine.name(explanation.trigger).to_owned())
            .collect();
        prop_assert_eq!(&fired, &expected);
        prop_assert_eq!(&explained, &expected);
    }
}

#[test]
fn only_the_model_is_compared_in_lower_case() {
    let (engine, _) = load(
        r#"[{"config_signals": ["post_save"], "payload": "x",
        "content_types": [{"app_label": "Shop", "model": "SALE"}], "msg_broker_queues": [{"name": "k"}]}]"#,
    );
    for (content_type, fires) in [
        ("Shop.sale", true),
        ("Shop.Sale", true),
        ("shop.sale", false),
        ("Shop.sales", false),
    ] {
        let event = Event {
            content_type,
            ..sale()
        };
        let outcome = engine.process(&[event], &mut TestHost::default()).remove(0);
        assert_eq!(!outcome.unwrap().is_empty(), fires, "{content_type}");
    }
}
