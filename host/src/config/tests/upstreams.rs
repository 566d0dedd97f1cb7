//! Upstream's settings, and what its own checks say of them.

use super::*;

#[test]
fn upstreams_settings_are_of_their_type() {
    let shown = table(
        "config.json",
        &[
            (
                "an allow-list in one string",
                r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": "a.b"}}"#,
            ),
            (
                "an allow-list of other things",
                r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": ["a.b", 7]}}"#,
            ),
            (
                "settings misspelt",
                r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATH": [], "MAX_BROKER_TIMEOUT": "5"}}"#,
            ),
            (
                "a whitelist of other things",
                r#"{"triggers": [], "ACTION_TRIGGERS": {"brokers": {}, "whitelisted_content_types": ["shop.sale", "sale", ".", 7]}}"#,
            ),
            (
                "brokers of the wrong type",
                r#"{"triggers": [], "ACTION_TRIGGERS": {"brokers": {"a": [], "b": {"conn_details": "x", "params": 7, "parms": {}}}}}"#,
            ),
            (
                "a broker of either spelling",
                r#"{"triggers": [], "ACTION_TRIGGERS": {"brokers": {"a": {}}}, "ACTION_BROKERS": {"a": {}}}"#,
            ),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn upstreams_checks_and_doubts_are_notes() {
    let texts = [
        r#"{"triggers": []}"#,
        r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {}, "ACTION_TRIGGERS": {"brokers": {"a": {}, "b": {"broker_type": "kafak"}, "c": {"broker_type": "redis"}}}}"#,
        r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": ["a.b"], "MAX_BROKER_TIMEOUT": 5},
 "ACTION_BROKERS": {"a": {"broker_type": "kafka", "conn_details": {"bootstrap_servers": "a:1"}}}}"#,
    ];
    let mut all = String::new();
    for text in texts {
        let (directory, problems) = problems("config.json", text.as_bytes(), None);
        assert!(problems.iter().all(Problem::is_note), "{problems:?}");
        all += &shown(directory.path(), &problems);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn upstreams_checks_do_not_stop_a_run() {
    let directory = directory();
    let file = directory.path().join("config.json");
    std::fs::write(&file, r#"{"triggers": []}"#).unwrap();
    assert!(Config::read(&file, None).is_ok());
}
