//! Every code that the sources give stands in the table, and no other.

use std::{collections::BTreeSet, fs, path::Path};

use action_triggers_vocabulary::codes;

/// Words that stand where codes stand and are none.
const NO_CODES: &[&str] = &["whitelisted_content_types"];

/// What comes right before a code.
const BEFORE: &[&str] = &[
    ".error(",
    ".warning(",
    "faults.error(",
    "Problem::error(",
    "Problem::warning(",
    "code: ",
    "Retriable(",
    "Permanent(",
    "Refused(",
    "Unknown(",
    "refuse(",
    "code == ",
    "Fault::new(",
    "fault(",
];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "tests" | "target" | "benches" | "snapshots") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let shipped = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            found.push((path.display().to_string(), shipped.to_owned()));
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for half in ["guest", "host"] {
        sources(&root.join(half), &mut found);
    }
    assert!(found.len() > 50);
    found
}

fn is_code(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with("action_triggers.") || (text.contains('_') && text.chars().all(letters))
}

/// The literal that a text begins with.
fn literal(text: &str) -> Option<&str> {
    Some(text.trim_start().strip_prefix('"')?.split_once('"')?.0)
}

/// The codes that a source gives: what stands behind the words above, and what
/// a function called `code` returns.
fn given(source: &str) -> BTreeSet<&str> {
    let mut given = BTreeSet::new();
    for before in BEFORE {
        let places = source.match_indices(before);
        given.extend(
            places.filter_map(|(place, _)| literal(source.split_at(place + before.len()).1)),
        );
    }
    for (place, _) in source.match_indices("fn code(") {
        let body = source.split_at(place).1;
        let body = body.split("\n    }").next().unwrap_or_default();
        given.extend(body.split('"').skip(1).step_by(2));
    }
    given.retain(|text| is_code(text) && !NO_CODES.contains(text));
    given
}

#[test]
fn every_code_of_the_sources_stands_in_the_table() {
    let mut missing = Vec::new();
    for (path, source) in all_sources() {
        let unknown = given(&source)
            .into_iter()
            .filter(|code| codes::find(code).is_none());
        missing.extend(unknown.map(|code| format!("{path}: `{code}`")));
    }
    assert!(
        missing.is_empty(),
        "not in codes.md:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_code_of_the_table_stands_in_the_sources() {
    let sources = all_sources();
    let is_given = |code: &codes::Code| {
        let quoted = format!("\"{}\"", code.name);
        sources.iter().any(|(_, source)| source.contains(&quoted))
    };
    let idle: Vec<_> = codes::all().filter(|code| !is_given(code)).collect();
    assert!(idle.is_empty(), "given nowhere: {idle:?}");
}

#[test]
fn a_code_that_a_source_gives_is_found() {
    let source =
        "faults.error(\n    \"made_up\", place);\nfn code(&self) {\n \"and_this\"\n    }\n";
    assert_eq!(given(source), BTreeSet::from(["and_this", "made_up"]));
}
