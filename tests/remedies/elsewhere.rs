//! Codes whose remedies need more than a configuration and events: a proxy, another
//! component, a disk. Each names a test that raises the code, or says why none can.

use std::{fs, path::Path};

/// Area, code, and the test that raises it.
pub(super) const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("Sets of triggers", "already_loaded", UNREACHED),
    ("Sets of triggers", "not_loaded", UNREACHED),
    (
        "Sets of triggers",
        "set_out_of_fuel",
        "a_set_that_a_call_has_no_fuel_for_is_refused_until_it_has",
    ),
    (
        "Events",
        "unsupported_encoding",
        "what_is_wrong_with_a_change_is_said_with_its_place",
    ),
    (
        "Events",
        "unknown_event_type",
        "what_is_wrong_with_a_cloud_event_is_said_with_its_place",
    ),
    (
        "Events",
        "other_format",
        "an_event_of_another_tool_is_told_its_format",
    ),
    (
        BODIES,
        "unknown_format",
        "what_a_request_says_decides_the_format",
    ),
    (
        BODIES,
        "unsupported_content_type",
        "what_a_request_says_decides_the_format",
    ),
    (
        BODIES,
        "body_malformed",
        "a_body_that_cannot_be_cut_says_where_and_what_to_do",
    ),
    (
        BODIES,
        "event_not_utf8",
        "a_body_that_cannot_be_cut_says_where_and_what_to_do",
    ),
    (
        SERVICE,
        "no_room",
        "a_full_outbox_refuses_at_once_and_keeps_nothing_of_what_it_refuses",
    ),
    (
        SERVICE,
        "batch_too_large",
        "a_batch_that_no_outbox_could_hold_is_too_large",
    ),
    (
        SERVICE,
        "event_trapped",
        "a_trap_costs_its_event_and_no_other",
    ),
    (
        SERVICE,
        "unauthenticated",
        "only_who_shows_the_token_is_served",
    ),
    (
        SERVICE,
        "unknown_path",
        "requests_that_are_no_events_are_refused_as_a_whole",
    ),
    (
        SERVICE,
        "wrong_method",
        "requests_that_are_no_events_are_refused_as_a_whole",
    ),
    (
        SERVICE,
        "body_too_large",
        "requests_that_are_no_events_are_refused_as_a_whole",
    ),
    (
        SERVICE,
        "body_too_slow",
        "a_client_that_does_not_go_on_is_given_up",
    ),
    (
        SERVICE,
        "body_cut_short",
        "a_client_that_does_not_go_on_is_given_up",
    ),
    (
        SERVICE,
        "unsupported_content_encoding",
        "requests_that_are_no_events_are_refused_as_a_whole",
    ),
    (
        SERVICE,
        "too_many_events",
        "more_than_an_answer_should_hold_is_too_much",
    ),
    (
        SERVICE,
        "rendering_too_large",
        "more_than_an_answer_should_hold_is_too_much",
    ),
    (
        SERVICE,
        "invalid_idempotency_key",
        "requests_that_are_no_events_are_refused_as_a_whole",
    ),
    (
        SERVICE,
        "busy",
        "bodies_together_have_a_budget_that_comes_back",
    ),
    (
        SERVICE,
        "too_many_connections",
        "connections_beyond_the_most_are_told_so",
    ),
    (
        "Records that are refused",
        "not_publishing",
        "what_is_published_in_another_call_than_process_is_never_delivered",
    ),
    (
        DELIVERIES,
        "invalid_topic",
        "topics_that_a_path_would_lose_are_not_sent",
    ),
    (
        DELIVERIES,
        "unknown_cluster",
        "a_cluster_that_is_not_configured_is_not_reached",
    ),
    (
        DELIVERIES,
        "tls_failed",
        "a_certificate_that_signed_itself_is_trusted_or_named_with_its_remedy",
    ),
    (DELIVERIES, "stream_broken", "confluent_v3_answers"),
    (
        DELIVERIES,
        "outcome_unknown",
        "a_record_that_may_have_been_written_says_so_at_its_end",
    ),
    (
        DELIVERIES,
        "cluster_stalled",
        "a_cluster_that_is_away_holds_the_others_for_ten_seconds_at_most",
    ),
    (DELIVERIES, "outbox_failed", UNREACHED),
    (
        DELIVERIES,
        "outbox_full",
        "a_full_disk_refuses_and_loses_nothing",
    ),
    (
        DELIVERIES,
        "outbox_read_only",
        "a_file_that_must_not_be_written_refuses_and_is_named",
    ),
    (
        DELIVERIES,
        "outbox_corrupt",
        "a_damaged_file_is_named_and_nothing_is_accepted_into_it",
    ),
    (
        DELIVERIES,
        "outbox_sync_failed",
        "after_a_failed_sync_nothing_is_accepted_any_more",
    ),
    (DELIVERIES, "outbox_in_use", "a_second_service_is_refused"),
    (
        DELIVERIES,
        "outbox_foreign",
        "a_file_that_is_no_outbox_is_refused",
    ),
    (
        DELIVERIES,
        "outbox_unopened",
        "a_file_that_is_no_outbox_is_refused",
    ),
    (
        DELIVERIES,
        "event_id_reused",
        "an_event_sent_twice_is_published_once_and_another_of_its_id_is_refused",
    ),
    (
        DELIVERIES,
        "trigger_gone",
        "a_whole_event_is_replayed_under_another_id_and_a_trigger_that_is_gone_is_said",
    ),
    (
        DELIVERIES,
        "purged",
        "a_record_that_is_purged_before_its_turn_ends_as_that",
    ),
    ("The program", "no_outbox", "no_outbox_in_a_file_is_said"),
    (
        "The program",
        "no_record",
        "dead_letters_are_listed_shown_and_sent_again_while_a_run_is_under_way",
    ),
    (
        "The program",
        "asks_for_all",
        "dead_letters_are_listed_shown_and_sent_again_while_a_run_is_under_way",
    ),
    (
        "The program",
        "backup_exists",
        "a_cluster_that_is_paused_keeps_what_waits_until_it_goes_on",
    ),
    (DELIVERIES, "publisher_failed", UNREACHED),
    (
        "The sandbox",
        "guest_trapped",
        "a_guest_that_traps_fails_its_event",
    ),
    (
        "The sandbox",
        "guest_misbehaved",
        "too_many_and_too_few_outcomes_are_a_false_answer",
    ),
    ("The sandbox", "engine_stopped", UNREACHED),
    ("Configurations", "invalid_brokers", UNREACHED),
    (
        EDGE,
        "not_configured",
        "calls_that_come_too_early_or_twice_say_so",
    ),
    (
        EDGE,
        "already_configured",
        "calls_that_come_too_early_or_twice_say_so",
    ),
    (
        EDGE,
        "not_started",
        "secrets_come_with_the_start_under_the_names_that_the_configuration_has",
    ),
    (
        EDGE,
        "outbox_in_memory",
        "an_outbox_in_a_file_is_said_to_be_in_memory_here",
    ),
    (EDGE, "entropy_too_short", "few_random_bytes_are_refused"),
    (
        EDGE,
        "outbox_full",
        "a_full_outbox_takes_no_more_events_until_some_records_end",
    ),
    (
        EDGE,
        "wrong_composition",
        "what_an_engine_says_of_records_that_it_did_not_hand_over_is_a_wrong_composition",
    ),
    (
        "The core module `engine.core.wasm`",
        "invalid_call",
        "what_is_no_call_is_refused_with_what_to_write",
    ),
    (
        "Templates",
        "template_left_out",
        "what_is_left_out_is_refused_by_name",
    ),
    (
        "The program",
        "baked_mismatch",
        "a_baked_engine_for_other_brokers_is_refused_until_it_is_baked_again",
    ),
    ("The program", "bake_failed", UNREACHED),
    ("The program", "no_threads", UNREACHED),
    ("The program", "http_client_failed", UNREACHED),
    ("The program", "demo_failed", UNREACHED),
];

const SERVICE: &str = "The service";
const EDGE: &str = "The publisher `edge.wasm`";
const BODIES: &str = "Bodies of requests";
const DELIVERIES: &str = "Deliveries that fail";

/// Only a broken host, component or machine gives it.
const UNREACHED: &str = "";

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
    for (_, code, test) in ELSEWHERE {
        let is_there = test.is_empty() || text.contains(&format!("fn {test}()"));
        assert!(is_there, "`{code}` is said to be raised by {test}");
    }
}
