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
        "Records that are refused",
        "not_publishing",
        "what_is_published_in_another_call_than_process_is_never_delivered",
    ),
    (
        DELIVERIES,
        "unknown_topic",
        "a_topic_that_the_proxy_does_not_know_either_is_permanent_and_not_posted_to_again",
    ),
    (
        DELIVERIES,
        "unknown_partition",
        "a_partition_beyond_the_topics_is_permanent_and_its_neighbours_stand",
    ),
    (
        DELIVERIES,
        "not_in_metadata",
        "a_topic_that_is_there_or_not_told_of_is_tried_again",
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
        "cluster_id_unknown",
        "nothing_is_unknown_while_the_cluster_id_is",
    ),
    (
        DELIVERIES,
        "invalid_partition",
        "records_that_a_proxy_cannot_carry_are_refused",
    ),
    (
        DELIVERIES,
        "key_required",
        "a_record_without_a_key_is_named_as_that_where_it_is_refused",
    ),
    (
        DELIVERIES,
        "foreign_answer",
        "what_is_not_the_proxys_own_answer_is_tried_again_and_shown",
    ),
    (
        DELIVERIES,
        "record_refused",
        "one_refused_record_sends_its_batch_apart",
    ),
    (
        DELIVERIES,
        "unauthorized",
        "a_refusal_is_tried_again_and_then_final_in_the_proxys_own_words_only",
    ),
    (
        DELIVERIES,
        "not_found",
        "a_proxy_that_is_another_than_configured_is_named_with_a_remedy",
    ),
    (
        DELIVERIES,
        "redirected",
        "a_redirect_is_tried_again_and_never_followed",
    ),
    (
        DELIVERIES,
        "format_refused",
        "a_proxy_that_is_another_than_configured_is_named_with_a_remedy",
    ),
    (DELIVERIES, "throttled", "confluent_v2_answers"),
    (DELIVERIES, "proxy_unavailable", "retry_after_is_passed_on"),
    (
        DELIVERIES,
        "proxy_error",
        "headers_of_ones_own_are_sent_and_their_secrets_never_shown",
    ),
    (DELIVERIES, "kafka_unavailable", "confluent_v2_answers"),
    (DELIVERIES, "kafka_error", "confluent_v2_answers"),
    (DELIVERIES, "expired", "confluent_v2_answers"),
    (
        DELIVERIES,
        "unreachable",
        "a_proxy_that_is_not_there_is_retriable",
    ),
    (
        DELIVERIES,
        "tls_failed",
        "a_certificate_that_signed_itself_is_trusted_or_named_with_its_remedy",
    ),
    (
        DELIVERIES,
        "timed_out",
        "a_proxy_that_does_not_answer_leaves_the_outcome_unknown",
    ),
    (
        DELIVERIES,
        "connection_lost",
        "a_connection_that_breaks_leaves_the_outcome_unknown",
    ),
    (DELIVERIES, "connection_idle", "confluent_v3_answers"),
    (DELIVERIES, "stream_expired", "confluent_v3_answers"),
    (DELIVERIES, "stream_broken", "confluent_v3_answers"),
    (
        DELIVERIES,
        "report_missing",
        "an_answer_without_length_that_ends_early_is_counted",
    ),
    (
        DELIVERIES,
        "bad_answer",
        "truncated_json_leaves_the_outcome_unknown",
    ),
    (
        DELIVERIES,
        "answer_too_large",
        "a_huge_answer_is_not_read_to_its_end",
    ),
    (
        DELIVERIES,
        "time_to_live_exceeded",
        "a_record_is_given_up_when_its_time_to_live_is_over_with_the_last_reason",
    ),
    (
        DELIVERIES,
        "outcome_unknown",
        "a_record_that_may_have_been_written_says_so_at_its_end",
    ),
    (DELIVERIES, "outbox_failed", UNREACHED),
    (DELIVERIES, "publisher_failed", UNREACHED),
    (
        DELIVERIES,
        "shut_down",
        "shutdown_waits_for_its_grace_and_then_reports_what_is_left",
    ),
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
    (
        "Configurations",
        "invalid_config",
        "faults_of_the_host_and_of_the_triggers_are_shown_together",
    ),
    (
        "Configurations",
        "duplicate_broker",
        "every_fault_of_brokers_and_clusters_is_found",
    ),
    (
        "Configurations",
        "duplicate_cluster",
        "every_fault_of_brokers_and_clusters_is_found",
    ),
    ("Configurations", "invalid_brokers", UNREACHED),
    (
        "Templates",
        "template_left_out",
        "what_is_left_out_is_refused_by_name",
    ),
    (
        "The program",
        "file_not_written",
        "a_folder_that_cannot_be_written_is_named",
    ),
    (
        "The program",
        "needs_start",
        "a_bad_reload_says_why_and_everything_goes_on_as_before",
    ),
    (
        "Configurations",
        "zero_timeout",
        "every_fault_of_brokers_and_clusters_is_found",
    ),
    (
        DELIVERIES,
        "tombstone_unsupported",
        "records_that_a_proxy_cannot_carry_are_refused",
    ),
    (
        "The program",
        "component_unreadable",
        "a_component_that_cannot_be_read_is_named_with_its_path",
    ),
    (
        "The program",
        "invalid_component",
        "a_component_that_wants_more_than_the_two_imports_is_refused",
    ),
    (
        "The program",
        "invalid_triggers",
        "faults_of_the_host_and_of_the_triggers_are_shown_together",
    ),
    ("The program", "no_threads", UNREACHED),
    ("The program", "http_client_failed", UNREACHED),
    (
        "The program",
        "events_unreadable",
        "a_call_that_is_wrong_says_so",
    ),
    (
        "The program",
        "output_failed",
        "a_reader_that_goes_away_ends_a_run",
    ),
    (
        "The program",
        "cannot_listen",
        "a_call_that_is_wrong_says_so",
    ),
    ("The program", "demo_failed", UNREACHED),
];

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
