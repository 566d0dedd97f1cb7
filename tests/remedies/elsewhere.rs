//! Codes whose remedies need more than a configuration, events, requests and a proxy:
//! another component, a disk, a crate of its own. Each names the test that follows it, or
//! says why none can.

use std::{fs, path::Path};

use Remedy::{Followed, Unreached};

/// What is done about a code that no table here has.
enum Remedy {
    /// This test raises the code, and does what its remedy says.
    Followed(&'static str),
    /// Why no test raises it.
    Unreached(&'static str),
}

pub(super) fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ELSEWHERE.iter().map(|(area, code, _)| (*area, *code))
}

const ELSEWHERE: &[(&str, &str, Remedy)] = &[
    (
        "Sets of triggers",
        "set_out_of_fuel",
        Followed("a_set_that_a_call_has_no_fuel_for_is_refused_until_it_has"),
    ),
    (
        "Sets of triggers",
        "already_loaded",
        Followed("a_set_with_faults_is_refused_with_all_of_them"),
    ),
    (
        "Sets of triggers",
        "not_loaded",
        Followed("what_is_no_call_is_refused_with_what_to_write"),
    ),
    (
        "Templates",
        "template_left_out",
        Followed("what_is_left_out_is_refused_by_name"),
    ),
    (
        DELIVERIES,
        "invalid_topic",
        Followed("topics_that_a_path_would_lose_are_not_sent"),
    ),
    (
        DELIVERIES,
        "unknown_cluster",
        Followed("a_cluster_that_is_not_configured_is_not_reached"),
    ),
    (
        DELIVERIES,
        "tls_failed",
        Followed("a_certificate_that_signed_itself_is_trusted_or_named_with_its_remedy"),
    ),
    (
        DELIVERIES,
        "cluster_stalled",
        Followed("a_stalled_cluster_takes_the_event_again_once_it_works_or_has_more_room"),
    ),
    (
        DELIVERIES,
        "outbox_full",
        Followed("a_full_disk_refuses_and_loses_nothing"),
    ),
    (
        DELIVERIES,
        "outbox_read_only",
        Followed("a_file_that_must_not_be_written_refuses_and_is_named"),
    ),
    (
        DELIVERIES,
        "outbox_sync_failed",
        Followed("after_a_failed_sync_nothing_is_accepted_any_more"),
    ),
    (
        DELIVERIES,
        "outbox_in_use",
        Followed("two_services_do_not_share_a_file"),
    ),
    (
        DELIVERIES,
        "outbox_busy",
        Followed("who_finds_nothing_waits_for_nobody_and_who_waits_for_too_long_is_told"),
    ),
    (
        DELIVERIES,
        "outbox_foreign",
        Followed("a_file_that_is_no_outbox_is_refused"),
    ),
    (
        DELIVERIES,
        "outbox_unopened",
        Followed("a_file_that_is_no_outbox_is_refused"),
    ),
    (
        DELIVERIES,
        "trigger_gone",
        Followed("a_whole_event_is_replayed_under_another_id_and_a_trigger_that_is_gone_is_said"),
    ),
    (
        DELIVERIES,
        "purged",
        Followed("a_record_that_is_purged_before_its_turn_ends_as_that"),
    ),
    (
        PROGRAM,
        "no_outbox",
        Followed("no_outbox_in_a_file_is_said"),
    ),
    (
        PROGRAM,
        "no_record",
        Followed("dead_letters_are_listed_shown_and_sent_again_while_a_run_is_under_way"),
    ),
    (
        PROGRAM,
        "asks_for_all",
        Followed("dead_letters_are_listed_shown_and_sent_again_while_a_run_is_under_way"),
    ),
    (
        PROGRAM,
        "backup_exists",
        Followed("a_cluster_that_is_paused_keeps_what_waits_until_it_goes_on"),
    ),
    (
        PROGRAM,
        "baked_mismatch",
        Followed("a_baked_engine_for_other_brokers_is_refused_until_it_is_baked_again"),
    ),
    (
        EDGE,
        "not_configured",
        Followed("calls_that_come_too_early_or_twice_say_so"),
    ),
    (
        EDGE,
        "already_configured",
        Followed("calls_that_come_too_early_or_twice_say_so"),
    ),
    (
        EDGE,
        "not_started",
        Followed("secrets_come_with_the_start_under_the_names_that_the_configuration_has"),
    ),
    (
        EDGE,
        "outbox_in_memory",
        Followed("an_outbox_in_a_file_is_said_to_be_in_memory_here"),
    ),
    (
        EDGE,
        "entropy_too_short",
        Followed("few_random_bytes_are_refused"),
    ),
    (
        EDGE,
        "outbox_full",
        Followed("a_full_outbox_takes_no_more_events_until_some_records_end"),
    ),
    (
        EDGE,
        "wrong_composition",
        Followed("what_an_engine_says_of_records_that_it_did_not_hand_over_is_a_wrong_composition"),
    ),
    (
        MODULE,
        "invalid_call",
        Followed("what_is_no_call_is_refused_with_what_to_write"),
    ),
    (
        "Records that are refused",
        "not_publishing",
        Followed("a_foreign_component_is_told_that_only_process_publishes_and_the_own_one_knows"),
    ),
    (
        SANDBOX,
        "guest_misbehaved",
        Followed("the_component_of_this_host_is_right_where_a_foreign_one_lies"),
    ),
    (
        SANDBOX,
        "guest_trapped",
        Followed("a_guest_that_traps_fails_its_event"),
    ),
    (
        DELIVERIES,
        "publisher_failed",
        Followed("a_publisher_that_panics_is_told_of_and_writes_once_it_is_corrected"),
    ),
    (
        DELIVERIES,
        "outbox_corrupt",
        Followed("a_damaged_outbox_is_moved_away_and_asked_what_is_left"),
    ),
    (
        DELIVERIES,
        "outbox_failed",
        Followed("a_table_that_is_gone_is_named_and_put_back"),
    ),
    (
        SANDBOX,
        "engine_stopped",
        Followed("a_setting_whose_own_code_panics_stops_no_other_event_and_is_corrected"),
    ),
    (
        PROGRAM,
        "bake_failed",
        Followed("a_memory_without_a_free_page_is_refused_with_what_to_do"),
    ),
    (
        PROGRAM,
        "secret_not_named",
        Followed("a_secret_stands_in_it_only_where_it_was_named"),
    ),
    (
        PROGRAM,
        "unknown_secret",
        Followed("a_secret_stands_in_it_only_where_it_was_named"),
    ),
    (APP, "unknown_path", Followed(REFUSED)),
    (APP, "wrong_method", Followed(REFUSED)),
    (APP, "body_too_large", Followed(REFUSED)),
    (APP, "too_many_events", Followed(REFUSED)),
    (APP, "body_too_slow", Followed(REFUSED)),
    (
        APP,
        "body_cut_short",
        Unreached("hosts drop a request that breaks off themselves"),
    ),
    (
        PROGRAM,
        "no_threads",
        Followed("threads_with_more_stack_than_there_can_be_are_refused_and_with_less_start"),
    ),
    (
        PROGRAM,
        "http_client_failed",
        Unreached("whatever the HTTP client could refuse is checked before"),
    ),
    (
        PROGRAM,
        "demo_failed",
        Unreached("all that the demo talks to is in its own process"),
    ),
];

const SANDBOX: &str = "The sandbox";
const PROGRAM: &str = "The program";
const EDGE: &str = "The publisher `edge.wasm`";
const MODULE: &str = "The core module `engine.core.wasm`";
const DELIVERIES: &str = "Deliveries that fail";
const APP: &str = "The proxy `app.wasm`";

const REFUSED: &str = "what_is_not_answered_in_time_is_unknown_and_what_is_no_request_is_refused";

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_tests_that_are_named_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = String::new();
    for folder in ["guest", "host", "tests"] {
        sources(&root.join(folder), &mut text);
    }
    for (_, code, remedy) in ELSEWHERE {
        let (named, reason) = match remedy {
            Followed(name) => (Some(name), None),
            Unreached(reason) => (None, Some(reason)),
        };
        let is_there = named.is_none_or(|name| text.contains(&format!("fn {name}()")));
        assert!(is_there, "`{code}` is said to be raised by {named:?}");
        assert!(reason.is_none_or(|reason| !reason.is_empty()), "{code}");
    }
}
