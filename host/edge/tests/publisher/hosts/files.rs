//! Files and commands of hosts.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use action_triggers_edge::components;
use action_triggers_host::artefacts::{Artefact, component};

/// The project's own folder.
pub(super) fn root() -> PathBuf {
    let edge = Path::new(env!("CARGO_MANIFEST_DIR"));
    edge.ancestors().nth(2).unwrap().to_owned()
}

/// A host of tests/hosts.
pub(super) fn host(name: &str) -> PathBuf {
    root().join("tests/hosts").join(name)
}

/// A folder for what a host needs, kept between runs.
pub(super) fn kept(name: &str) -> PathBuf {
    let folder = root().join("target/hosts").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The same, empty.
pub(super) fn fresh(name: &str) -> PathBuf {
    let folder = kept(name);
    fs::remove_dir_all(&folder).unwrap();
    kept(name)
}

/// The folder that `action-triggers component` writes.
pub(super) fn artefacts() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("artefacts");
        write(
            &folder,
            component().into_iter().chain(components().unwrap()),
        );
        folder
    })
}

/// Writes files and their checksums, as the command does.
pub(super) fn write(folder: &Path, files: impl IntoIterator<Item = Artefact>) {
    let mut sums = Vec::new();
    for file in files {
        let path = folder.join(&*file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
        sums.push(format!("{}  {}\n", file.sha256(), file.name));
    }
    fs::write(folder.join("SHA256SUMS"), sums.concat()).unwrap();
}

/// An artefact that has the digest which stands in `SHA256SUMS`.
pub(super) fn checked(name: &str) -> PathBuf {
    let path = artefacts().join(name);
    let file = Artefact::new(name.to_owned(), fs::read(&path).unwrap());
    let sums = fs::read_to_string(artefacts().join("SHA256SUMS")).unwrap();
    let line = format!("{}  {name}", file.sha256());
    assert!(sums.lines().any(|sum| sum == line), "{line}:\n{sums}");
    path
}

/// What a command prints; none if it is not there or fails, which is said.
pub(super) fn run(command: &mut Command) -> Option<String> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            println!("{command:?}: {error}");
            return None;
        }
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        println!("{command:?}: {}\n{printed}\n{said}", output.status);
        return None;
    }
    Some(printed.into_owned())
}

/// Says that a runtime is missing. What a test that passes prints is captured; this is not.
pub(super) fn skipped(why: &str) {
    writeln!(io::stderr(), "skipped: {why}").ok();
}

/// Copies files and folders.
pub(super) fn copy(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        let (from, to) = (from.join(name), to.join(name));
        if from.is_dir() {
            fs::create_dir_all(&to).unwrap();
            let inside = fs::read_dir(&from).unwrap();
            let inside = inside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let inside: Vec<_> = inside.collect();
            let inside: Vec<_> = inside.iter().map(String::as_str).collect();
            copy(&from, &to, &inside);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

#[test]
fn the_engine_in_the_publisher_is_the_engine_byte_for_byte() {
    let publisher = fs::read(checked("edge.wasm")).unwrap();
    let engine = fs::read(checked("engine.wasm")).unwrap();
    let mut places = publisher.windows(engine.len());
    assert!(places.any(|place| place == engine));
}

#[test]
fn hosts_that_show_how_little_it_takes_have_at_most_forty_lines() {
    let lines = |name: &str| {
        let text = fs::read_to_string(host(name)).unwrap();
        let lines = text.lines().map(str::trim);
        let is_code = |line: &&str| !line.is_empty() && !line.starts_with(['#', '/']);
        lines.filter(is_code).count()
    };
    for name in ["node/publish.mjs", "python/publish.py"] {
        assert!(lines(name) <= 40, "{name}: {}", lines(name));
    }
}
