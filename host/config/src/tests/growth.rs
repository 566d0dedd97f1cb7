//! Work grows with the number of faults, not with its square.

use super::*;
use crate::{
    outcome::{LoadedQueue, LoadedTrigger, Span},
    problem::steps,
};

/// Doubling the input at most triples the steps.
fn grows_slowly(what: &str, work: impl Fn(usize)) {
    let [once, twice] = [2_000, 4_000].map(|faults| steps::taken(|| work(faults)));
    assert!(once > 2_000, "{what}: {once} steps are not all of them");
    assert!(twice <= 3 * once, "{what}: {once} steps, then {twice}");
}

fn diagnostic(code: &str, path: String, span: Option<Span>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, path, "");
    diagnostic.span = span;
    diagnostic
}

#[test]
fn many_unknown_keys_are_found_in_few_steps() {
    for (what, end) in [("in one line", ""), ("in lines", "\n")] {
        grows_slowly(what, |faults| {
            let keys = (0..faults).map(|key| format!("\"é{key}\": 1,{end}"));
            let text = format!("{{{} \"triggers\": []}}", keys.collect::<String>());
            let (_, problems) = examined(&text);
            assert!(problems.len() >= faults);
        });
    }
}

#[test]
fn many_faulty_members_of_a_trigger_are_placed_in_few_steps() {
    grows_slowly("members", |faults| {
        let keys = (0..faults).map(|key| format!("\"k{key}\": 1,"));
        let members: String = keys.collect();
        let (config, _) = examined(&format!("{{\"triggers\": [{{{members} \"id\": 1}}]}}"));
        let found: Vec<_> = (0..faults)
            .map(|key| diagnostic("unknown_member", format!("$[0].k{key}"), None))
            .collect();
        assert_eq!(config.locate(&found).len(), faults);
    });
}

#[test]
fn many_faults_of_one_template_are_placed_in_few_steps() {
    grows_slowly("spans", |faults| {
        let payload = "\\n{{ x|no }}".repeat(faults);
        let (config, _) = examined(&format!(
            "{{\"triggers\": [{{\"payload\": \"{payload}\"}}]}}"
        ));
        // In any order, such as tags that are not closed from the inside out.
        let span = |fault: usize| Span {
            offset: u32::try_from(fault * 11 + 6).unwrap(),
            length: 2,
            line: 0,
            column: 0,
        };
        let spans = (0..faults).rev().map(span);
        let found: Vec<_> = spans
            .map(|span| diagnostic("x", "$[0].payload".to_owned(), Some(span)))
            .collect();
        assert_eq!(config.locate(&found).len(), faults);
    });
}

#[test]
fn many_queues_with_mistaken_names_are_examined_in_few_steps() {
    let queue = |place| LoadedQueue::new(format!("kafka-{place}"), "$[0]");
    grows_slowly("names", |faults| {
        let brokers = (0..faults).map(|place| format!("\"rabbit-{place}\": {{}},"));
        let brokers: String = brokers.collect();
        let (config, _) = examined(&format!(
            "{{\"ACTION_TRIGGERS\": {{\"brokers\": {{{brokers} \"last\": {{}}}}}}, \"triggers\": []}}"
        ));
        let mut trigger = LoadedTrigger::new("a");
        trigger.queues = (0..faults).map(queue).collect();
        let found = config.examine_triggers(&[], &[trigger], Arc::new(Nothing));
        assert!(found.len() >= faults);
    });
}
