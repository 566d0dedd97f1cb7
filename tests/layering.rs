//! The house's own rules, read from the sources: who may know what, and how
//! long a file may be. CONTRIBUTING.md gives the reasons.

use std::{
    fs,
    path::{Path, PathBuf},
};

const LONGEST_FILE: usize = 500;

/// A word, and the only places whose code may say it.
const KNOWN_ONLY_TO: &[(&str, &[&str])] = &[
    ("wasmtime::", &["host/src/sandbox/"]),
    (
        "bindings::",
        &["host/src/sandbox/boundary.rs", "guest/src/component.rs"],
    ),
    ("reqwest::", &["host/src/rest/"]),
    ("axum::", &["host/dev-proxy/src/"]),
    ("clap::", &["host/cli/src/"]),
    ("indicatif::", &["host/cli/src/"]),
    ("miette::", &["host/cli/src/"]),
    (
        "wit_bindgen::",
        &["guest/src/lib.rs", "guest/src/component.rs"],
    ),
    ("unsafe {", &["host/src/sandbox/cache.rs"]),
    ("std::process::exit", &[]),
];

/// Where the hosts' half of the project stands.
const HOST: &[&str] = &[
    "host/cli/src",
    "host/core/src",
    "host/dev-proxy/src",
    "host/src",
];

/// What the sandboxed half must do without, wherever it is compiled for.
const UNKNOWN_TO_THE_GUEST: &[&str] = &[
    "std::time",
    "std::fs",
    "std::env",
    "Socket",
    "TcpStream",
    "TcpListener",
    "thread::spawn",
    "HashMap",
];

/// What the hosts' pure half must do without: it runs where there is none of it.
const UNKNOWN_TO_THE_CORE: &[&str] = &[
    "tokio",
    "reqwest",
    "wasmtime",
    "std::time::Instant",
    "SystemTime",
    "std::fs",
    "std::env",
    "std::net",
    "std::thread",
];

fn root() -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    host.and_then(Path::parent).unwrap().to_path_buf()
}

/// Every Rust file below a folder of the project, with its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    assert!(!found.is_empty(), "no sources in {folder}");
    let name = |path: &Path| {
        let relative = path.strip_prefix(root()).unwrap();
        relative
            .to_string_lossy()
            .replace(std::path::MAIN_SEPARATOR, "/")
    };
    found
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The sandboxed half: the engine and the crates that it is made of.
fn guest() -> Vec<(String, String)> {
    ["guest/vocabulary/src", "guest/django/src", "guest/src"]
        .into_iter()
        .flat_map(sources)
        .collect()
}

/// Lines of code: neither comments nor documentation.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn a_library_is_known_only_to_its_own_module() {
    let mut faults = Vec::new();
    let host = HOST.iter().flat_map(|folder| sources(folder));
    for (path, text) in host.chain(guest()) {
        for (word, homes) in KNOWN_ONLY_TO {
            if homes.iter().any(|home| path.starts_with(home)) {
                continue;
            }
            let hits = code(&text).filter(|(_, line)| line.contains(word));
            faults.extend(hits.map(|(line, _)| format!("{path}:{line}: `{word}`")));
        }
    }
    assert!(
        faults.is_empty(),
        "known where it should not be:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_guest_has_no_clock_no_files_and_no_random_order() {
    do_without(&guest(), UNKNOWN_TO_THE_GUEST);
}

#[test]
fn the_core_has_no_clock_no_files_and_no_network() {
    do_without(&sources("host/core/src"), UNKNOWN_TO_THE_CORE);
}

/// Fails where code, its tests aside, says one of these words.
fn do_without(sources: &[(String, String)], words: &[&str]) {
    let mut faults = Vec::new();
    let is_test = |path: &str| {
        path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with("/vectors.rs")
    };
    for (path, text) in sources.iter().filter(|(path, _)| !is_test(path)) {
        let shipped = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        for word in words {
            let hits = code(shipped).filter(|(_, line)| line.contains(word));
            faults.extend(hits.map(|(line, _)| format!("{path}:{line}: `{word}`")));
        }
    }
    assert!(
        faults.is_empty(),
        "not for this half:\n{}",
        faults.join("\n")
    );
}

#[test]
fn files_stay_short_and_finished() {
    // Written in two halves, so that this file does not find itself.
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimple", "mented!"),
    ];
    let mut faults = Vec::new();
    for folder in HOST.iter().chain(&["guest", "host/benches", "tests"]) {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > LONGEST_FILE {
                faults.push(format!("{path}: {lines} lines, at most {LONGEST_FILE}"));
            }
            let marks = unfinished.iter().filter(|mark| text.contains(**mark));
            faults.extend(marks.map(|mark| format!("{path}: says `{mark}`")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_item_of_the_boundary_is_documented() {
    for file in ["settings.wit", "kafka.wit", "triggers.wit", "world.wit"] {
        let text = fs::read_to_string(root().join("wit").join(file)).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let declares = ["interface ", "record ", "variant ", "enum ", "world "]
                .iter()
                .any(|keyword| line.starts_with(keyword))
                || line.contains(": func(");
            if declares {
                let above = index.checked_sub(1).map_or("", |above| lines[above]);
                assert!(
                    above.starts_with("///"),
                    "{file}:{}: `{line}` has no words",
                    index + 1
                );
            }
        }
    }
}
