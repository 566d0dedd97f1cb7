//! Files that cannot be read, or not as what they are named.

use super::*;

#[test]
fn text_that_is_not_json_is_marked_where_it_breaks() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let long = format!("{{\"triggers\": [{}x]}}", "1, ".repeat(500));
    let shown = table(
        "config.json",
        &[
            ("empty", ""),
            ("cut off", "{\n  \"triggers\": [],\n  \"limits\": {"),
            ("comma too many", "{\n  \"triggers\": [],\n}\n"),
            ("behind other characters", "{\"träger\": \"é\", x}"),
            ("no object", "[]"),
            ("too deep", &deep),
            ("a long line is cut", &long),
            ("a comment", "// settings\n{}"),
            (
                "secrets are covered",
                "{\"auth\": {\"bearer\": \"hidden-secret\"},\n \"values\": {\"a.b\": \"hidden-secret\"},\n x}",
            ),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn text_that_is_not_toml_is_marked_where_it_breaks() {
    let shown = table(
        "config.toml",
        &[
            ("no value", "triggers = []\nlimits =\n"),
            ("given twice", "triggers = []\ntriggers = []\n"),
            ("json", "{\"triggers\": []}"),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn bytes_that_are_not_text_are_marked() {
    let text = "{\n  \"é\": \"caf\u{1}\"}".replace('\u{1}', "\0");
    let bytes: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == 0 { 0xe9 } else { byte })
        .collect();
    let (directory, problems) = problems("config.json", &bytes, None);
    let shown = shown(directory.path(), &problems);
    insta::assert_snapshot!(shown);
}

#[test]
fn files_that_are_not_there_or_of_no_known_kind_are_named() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("config.json"), "{}").unwrap();
    let read = |config: &str, triggers: Option<&str>| {
        let triggers = triggers.map(path);
        let error = Config::read(&path(config), triggers.as_deref()).unwrap_err();
        shown(directory.path(), error.problems())
    };
    let all = [
        read("none.json", None),
        read("config.yaml", None),
        read("config.json", Some("none.json")),
        read("config.json", Some("triggers.yaml")),
        read("config.json", Some("latin.json")),
        read("config.json", Some("cut.json")),
    ];
    let all = all.concat();
    insta::assert_snapshot!(all);
}

#[test]
fn triggers_stand_in_the_file_or_beside_it() {
    let shown = table(
        "config.json",
        &[
            ("none", "{}"),
            ("of the wrong type", r#"{"triggers": 7}"#),
            ("no such file", r#"{"triggers": "none.json"}"#),
            ("of no known kind", r#"{"triggers": "triggers.yaml"}"#),
            ("not UTF-8", r#"{"triggers": "latin.json"}"#),
            ("cut off", r#"{"triggers": "cut.json"}"#),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn triggers_of_the_call_come_before_those_of_the_file() {
    let (_directory, found) = problems("config.json", br#"{"triggers": 7}"#, Some("triggers.json"));
    assert!(found.iter().all(Problem::is_note), "{found:?}");
}
