//! The errors of configuration files, as a person sees them.

use miette::{GraphicalReportHandler, GraphicalTheme};
use tempfile::TempDir;

use super::*;

/// Examines a file; every problem is rendered as `check` does on a pipe.
fn problems(name: &str, text: &str) -> Vec<Problem> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    let environment = |name: &str| (name == "SET").then(|| "hidden".to_owned());
    match Config::examine_with(&file, None, &environment) {
        Ok((_, problems)) => problems,
        Err(error) => error.0,
    }
}

/// Code and path of each error.
fn errors(text: &str) -> Vec<(String, String)> {
    let errors = problems("config.json", text)
        .into_iter()
        .filter(|one| one.is_error() && !one.is_note());
    errors
        .map(|one| (one.code().to_owned(), one.path().to_owned()))
        .collect()
}

fn rendered(problems: &[Problem]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    for problem in problems {
        handler.render_report(&mut text, problem).unwrap();
    }
    text
}

fn pair(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

#[test]
fn every_problem_is_found_at_once() {
    let text = r#"{
        "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": "myapp.settings.TOPIC", "MAX_BROKER_TIMEOUT": "5"},
        "clusters": {
            "a:1": {"rest_url": "http://localhost:8082", "api": "v4"},
            "b:1": {"api": "v2"},
            "c:1": {"rest_url": "http://localhost:8082", "auth": {"basic": {"username": "u", "password": "p"}}},
            "d:1": {"rest_url": "http://localhost:8082", "auth": {"bearer": {"env": "UNSET"}}}
        },
        "values": {"a.b": {"evn": "X"}},
        "limits": {"workers": 0},
        "tiggers": []
    }"#;
    assert_eq!(
        errors(text),
        [
            pair("missing_triggers", "$"),
            pair(
                "allow_list_is_text",
                "$.ACTION_TRIGGER_SETTINGS.ALLOWED_DYNAMIC_IMPORT_PATHS"
            ),
            pair("wrong_type", "$.ACTION_TRIGGER_SETTINGS.MAX_BROKER_TIMEOUT"),
            pair("unknown_value", r#"$.clusters["a:1"].api"#),
            pair("missing_key", r#"$.clusters["b:1"]"#),
            pair("literal_secret", r#"$.clusters["c:1"].auth.basic.password"#),
            pair("secret_unavailable", r#"$.clusters["d:1"].auth.bearer"#),
            pair("missing_key", r#"$.values["a.b"]"#),
            pair("unknown_key", r#"$.values["a.b"].evn"#),
            pair("out_of_range", "$.limits.workers"),
            pair("unknown_key", "$.tiggers"),
        ]
    );
}

#[test]
fn upstreams_checks_keep_their_codes() {
    let codes = |text| -> Vec<String> {
        problems("config.json", text)
            .iter()
            .map(|one| one.code().to_owned())
            .collect()
    };
    let bare = codes(r#"{"triggers": []}"#);
    assert_eq!(bare, ["action_triggers.E001", "action_triggers.E004"]);
    let brokers = codes(
        r#"{"triggers": [], "ACTION_TRIGGER_SETTINGS": {}, "ACTION_TRIGGERS": {"brokers": {"a": {}, "b": {"broker_type": "kafak"}}}}"#,
    );
    let expected =
        ["W003", "W001", "W002", "E002", "E003"].map(|code| format!("action_triggers.{code}"));
    assert_eq!(brokers, expected);
}

#[test]
fn upstreams_checks_do_not_stop_a_run() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    std::fs::write(&file, r#"{"triggers": []}"#).unwrap();
    assert!(Config::read(&file, None).is_ok());
}

#[test]
fn a_problem_points_into_the_file_and_secrets_are_covered() {
    let text = "{\n  \"triggers\": [],\n  \"clusters\": {\"a:1\": {\"rest_url\": \"http://x\",\n    \"auth\": {\"basic\": {\"username\": \"u\", \"password\": \"s3cret\"}}}}\n}\n";
    let all = rendered(&problems("config.json", text));
    assert!(!all.contains("s3cret"), "{all}");
    assert!(
        all.contains("********") && all.contains("literal_secret"),
        "{all}"
    );
    let broken = rendered(&problems("config.json", "{\"password\": \"s3cret\n"));
    assert!(
        !broken.contains("s3cret") && broken.contains("invalid_json"),
        "{broken}"
    );
}

#[test]
fn toml_is_read_as_well() {
    let text = "text_encoding = \"jsn\"\ntriggers = []\n[clusters.\"a:1\"]\nrest_url = \"http://x\"\nlinger_ms = 5\n";
    let found = problems("config.toml", text);
    let error = found
        .iter()
        .find(|one| one.code() == "unknown_value")
        .unwrap();
    assert_eq!(
        (error.path(), error.help()),
        ("$.text_encoding", Some("did you mean `json`?"))
    );
    assert_eq!(error.offset(), 16);
    assert_eq!(problems("config.toml", "a = \n")[0].code(), "invalid_toml");
}

#[test]
fn a_file_that_is_no_text_says_where() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    std::fs::write(&file, b"{\n  \"\xff\": 1}").unwrap();
    let error = Config::read(&file, None).unwrap_err();
    assert_eq!(error.0[0].code(), "file_not_utf8");
    assert!(
        error.0[0]
            .to_string()
            .ends_with("is not UTF-8 at line 2, column 4"),
        "{}",
        error.0[0]
    );
    let missing = Config::read(&directory.path().join("none.json"), None).unwrap_err();
    assert_eq!(missing.0[0].code(), "file_unreadable");
    let other = Config::read(&directory.path().join("config.yaml"), None).unwrap_err();
    assert_eq!(other.0[0].code(), "unknown_file_type");
}

#[test]
fn only_the_linger_may_be_nothing() {
    let found = |key: &str, value: &str| {
        errors(&format!(
            r#"{{"clusters": {{"a:1": {{"rest_url": "http://x", "{key}": {value}}}}}}}"#
        ))
    };
    for (key, value, is_fine) in [
        ("linger_ms", "0", true),
        ("linger_ms", "-1", false),
        ("time_to_live_secs", "0", false),
    ] {
        let path = format!(r#"$.clusters["a:1"].{key}"#);
        let is_error = found(key, value).contains(&pair("out_of_range", &path));
        assert_eq!(is_error, !is_fine, "{key}: {value}");
    }
}
