//! The house's own rules, read from the sources: who may know what, and how
//! long a file may be. CONTRIBUTING.md gives the reasons.

use std::{
    fs,
    path::{Path, PathBuf},
};

mod allowed;
mod homes;
mod house;
mod names;
mod public;

use allowed::{Allowed, CRATES, KNOWN_ONLY_TO, PURE};
use house::{House, Source};

const LONGEST_FILE: usize = 500;

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

/// A crate of the project as the parser sees it.
fn house(folder: &str) -> House {
    House::new(house::read(&root(), folder))
}

/// Arrows between modules that the list does not have, and listed ones that are gone.
fn faults_of_arrows(folder: &str, house: &House, allowed: Allowed) -> Vec<String> {
    let arrows = house.arrows();
    let is_listed = |(from, to): &(String, String)| {
        allowed
            .iter()
            .any(|(room, known)| room == from && known.contains(&to.as_str()))
    };
    let new = arrows
        .iter()
        .filter(|arrow| arrow.rooms.0 != arrow.rooms.1 && !is_listed(&arrow.rooms))
        .map(|arrow| {
            let (from, to) = &arrow.rooms;
            format!(
                "{folder}: `{from}` uses `{to}` ({} -> {})",
                arrow.from, arrow.to
            )
        });
    let is_seen = |from: &str, to: &str| {
        arrows
            .iter()
            .any(|arrow| (&*arrow.rooms.0, &*arrow.rooms.1) == (from, to))
    };
    let gone = allowed.iter().flat_map(|(from, known)| {
        let unused = known.iter().filter(|to| !is_seen(from, to));
        unused
            .map(move |to| format!("{folder}: `{from}` uses `{to}` no more: take it off the list"))
    });
    new.chain(gone).collect()
}

/// Libraries that are said outside of their home.
fn faults_of_libraries(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, name) in house.outside() {
        for (library, homes) in KNOWN_ONLY_TO {
            let is_home = homes.iter().any(|home| file.starts_with(home));
            if name.split("::").next() == Some(library) && !is_home {
                faults.push(format!("{file}: `{name}`"));
            }
        }
    }
    faults
}

/// Names that code without clock, files, threads and environment does not say.
fn faults_of_purity(house: &House, forbidden: &[&str]) -> Vec<String> {
    let said = house.outside().into_iter();
    let is_forbidden = |name: &str| {
        let begins = |word: &&str| name == *word || name.starts_with(&format!("{word}::"));
        forbidden.iter().any(begins)
    };
    said.filter(|(_, name)| is_forbidden(name))
        .map(|(file, name)| format!("{file}: `{name}`"))
        .collect()
}

#[track_caller]
fn none(faults: &[String], what: &str) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

#[test]
fn modules_use_only_what_the_list_allows() {
    let faults: Vec<_> = CRATES
        .iter()
        .flat_map(|(folder, allowed)| faults_of_arrows(folder, &house(folder), allowed))
        .collect();
    none(
        &faults,
        "arrows that are not on the list of tests/layering/allowed.rs",
    );
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    let circles = CRATES
        .iter()
        .flat_map(|(folder, _)| house(folder).circles());
    let faults: Vec<_> = circles.map(|circle| circle.join(", ")).collect();
    none(&faults, "files that use each other in a circle");
}

#[test]
fn a_library_is_known_only_to_its_own_module() {
    let faults: Vec<_> = CRATES
        .iter()
        .flat_map(|(folder, _)| faults_of_libraries(&house(folder)))
        .collect();
    none(&faults, "known where it should not be");
}

/// Files of the host that name a type generated from `wit/`.
fn files_with_generated_types(sources: &[(String, String)]) -> Vec<&str> {
    let names = |text: &str| text.contains("bindgen!") || text.contains("bindings::");
    let found = sources.iter().filter(|(_, text)| names(text));
    found.map(|(path, _)| &**path).collect()
}

#[test]
fn generated_types_appear_in_one_file_of_the_host() {
    let found = sources("host/src");
    let home = "host/src/sandbox/boundary.rs";
    assert_eq!(files_with_generated_types(&found), [home]);
    let planted = "use super::boundary::bindings::exports::Guest;".to_owned();
    let planted = [("host/src/sandbox/guest.rs".to_owned(), planted)];
    assert_eq!(files_with_generated_types(&planted).len(), 1);
}

#[test]
fn the_pure_crates_have_no_clock_no_files_and_no_threads() {
    let faults: Vec<_> = PURE
        .iter()
        .flat_map(|(folder, forbidden)| faults_of_purity(&house(folder), forbidden))
        .collect();
    none(&faults, "not for a pure crate");
}

/// The crates that an embedder's signatures come from.
const FACE: [&str; 4] = [
    "host/src",
    "host/config/src",
    "host/core/src",
    "guest/vocabulary/src",
];

#[test]
fn an_embedder_meets_no_type_of_wasmtime_or_of_another_library_that_may_change() {
    let found = FACE.map(|folder| public::foreign(house::read(&root(), folder)));
    let faults = found.iter().flatten();
    let faults: Vec<_> = faults
        .map(|(item, name)| format!("{item}: `{name}`"))
        .collect();
    none(&faults, "types of other crates in public signatures");
}

#[test]
fn what_may_grow_is_non_exhaustive() {
    let mut faults = Vec::new();
    for folder in FACE {
        let sources = house::read(&root(), folder);
        for (_, file, item) in public::items(&sources) {
            let is_closed = public::CLOSED.iter().any(|(name, _)| *name == item.name);
            if item.is_open && !item.is_non_exhaustive && !is_closed && is_face(&item.name) {
                faults.push(format!("{file}: `{}`", item.name));
            }
        }
    }
    none(
        &faults,
        "neither `#[non_exhaustive]` nor on the list of tests/layering/public.rs",
    );
}

/// Whether the host's root hands a name on.
fn is_face(name: &str) -> bool {
    let root = fs::read_to_string(root().join("host/src/lib.rs")).unwrap();
    let handed_on = root.split("pub use ").skip(1);
    let mut names = handed_on.flat_map(|text| {
        let text = text.split(';').next().unwrap_or_default();
        text.split(|character: char| !character.is_alphanumeric() && character != '_')
    });
    names.any(|one| one == name)
}

#[test]
fn a_planted_foreign_type_is_found_wherever_it_stands() {
    for code in [
        "pub struct A { pub engine: wasmtime::Engine }",
        "use wasmtime::Engine; pub struct A(pub Option<Vec<Engine>>);",
        "use wasmtime as w; pub enum A { B { c: w::Engine } }",
        "pub struct A; impl A { pub fn new(engine: &wasmtime::Engine) -> Self { A } }",
        "pub struct A; impl From<wasmtime::Error> for A { fn from(_: wasmtime::Error) -> A { A } }",
        "pub trait A { fn engine(&self) -> impl Iterator<Item = wasmtime::Engine>; }",
        "pub type A = Result<(), wasmtime::Error>;",
        "pub fn a(engine: impl Fn(wasmtime::Engine)) {}",
    ] {
        let source = |text: &str| Source {
            file: "planted.rs".into(),
            module: Vec::new(),
            text: text.into(),
        };
        assert_eq!(public::foreign(vec![source(code)]).len(), 1, "{code}");
        let hidden = code.replace("pub ", "pub(crate) ");
        assert_eq!(public::foreign(vec![source(&hidden)]).len(), 0, "{hidden}");
    }
}

/// A house of two rooms, of which `lower` says this.
fn planted(lower: &str) -> House {
    let source = |file: &str, module: &[&str], text: &str| Source {
        file: file.into(),
        module: module.iter().map(ToString::to_string).collect(),
        text: text.into(),
    };
    House::new(vec![
        source(
            "lib.rs",
            &[],
            "pub mod lower; pub mod upper; pub use self::upper::Sign;",
        ),
        source(
            "upper.rs",
            &["upper"],
            "mod deep; pub use self::deep::Sign; use crate::lower::f; pub fn h() { f() }",
        ),
        source(
            "upper/deep.rs",
            &["upper", "deep"],
            "pub struct Sign; pub fn g() {}",
        ),
        source("lower.rs", &["lower"], lower),
    ])
}

#[test]
fn a_planted_arrow_is_found_however_it_is_written() {
    const UPWARD: (&str, &str) = ("lower", "upper");
    for lower in [
        "use crate::upper::Sign;",
        "use super::{upper::{self as up}};",
        "use crate::Sign as Other;",
        "fn f() { crate::upper::Sign; }",
        "fn f() -> super::Sign { loop {} }",
        "fn f() { println!(\"{:?}\", crate::upper::Sign); }",
        "fn f() { { use crate::upper::*; } }",
        "mod inner { use super::super::upper::Sign; }",
        "impl From<crate::Sign> for u8 {}",
    ] {
        let house = planted(&format!("pub fn f() {{}} {lower}").replacen(
            "pub fn f() {} fn f()",
            "pub fn f()",
            1,
        ));
        let arrows = house.arrows();
        let is_found = arrows
            .iter()
            .any(|arrow| (&*arrow.rooms.0, &*arrow.rooms.1) == UPWARD);
        assert!(is_found, "{lower}: {arrows:?}");
        let allowed: Allowed = &[("upper", &["lower"])];
        assert_eq!(
            faults_of_arrows("planted", &house, allowed).len(),
            1,
            "{lower}"
        );
    }
    let clean = planted("#[cfg(test)] mod tests { use crate::upper::Sign; }\npub fn f() {}");
    assert!(clean.circles().is_empty());
    assert_eq!(
        faults_of_arrows("planted", &clean, &[("upper", &["lower"])]),
        [""; 0]
    );
    assert_eq!(
        faults_of_arrows("planted", &clean, &[("upper", &["lower", "lib"])]).len(),
        1
    );
}

#[test]
fn a_planted_circle_library_and_clock_are_found() {
    let circle = planted("pub fn f() { crate::upper::deep::g(); super::upper::h(); }");
    assert_eq!(circle.circles(), [["lower.rs", "upper.rs"]]);
    let library = planted("use reqwest as web; pub fn f() { web::get(\"\"); }");
    assert!(!faults_of_libraries(&library).is_empty());
    let clock = planted("use std::time; pub fn f() { time::Instant::now(); }");
    assert!(!faults_of_purity(&clock, &["std::time::Instant"]).is_empty());
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
    for folder in ["guest", "host", "tests"] {
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
