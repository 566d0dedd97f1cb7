//! What is wrong with a configuration, as a person is shown it: snapshots of
//! every kind of problem.

mod files;
mod hosts;
mod upstreams;

use std::fmt::Write as _;

use tempfile::TempDir;

use super::*;

/// What no problem may ever show.
const SECRET: &str = "hidden-secret";

/// This process with other variables: `SET` is set to this, and nothing else is set.
struct Set<'a>(&'a str);

impl Surroundings for Set<'_> {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        Process.read(path, most)
    }

    fn has_file(&self, path: &Path) -> bool {
        Process.has_file(path)
    }

    fn secret_variable(&self, name: &str) -> Option<String> {
        (name == "SET").then(|| self.0.to_owned())
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Process.environment()
    }

    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault> {
        Process.fault(cluster)
    }
}

/// A folder with the files that configurations name.
fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    let files: &[(&str, &[u8])] = &[
        ("latin.txt", b"caf\xe9"),
        ("two-lines.txt", b"hidden-\nsecret"),
        ("no.pem", b"hidden-secret, and no certificate"),
        ("latin.json", b"[\n  \"caf\xe9\"]"),
        ("cut.json", b"[{\"name\": \"a\","),
        ("triggers.yaml", b"[]"),
        ("triggers.json", b"[]"),
    ];
    for (name, bytes) in files {
        std::fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

/// Every problem of a file with these bytes, beside the files above.
fn problems(name: &str, bytes: &[u8], triggers: Option<&str>) -> (TempDir, Vec<Problem>) {
    let directory = directory();
    let file = directory.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let triggers = triggers.map(|name| directory.path().join(name));
    let problems = match Configuration::examine(&file, triggers.as_deref(), &Set(SECRET)) {
        Ok((_, problems)) => problems,
        Err(error) => error.problems().to_vec(),
    };
    (directory, problems)
}

/// Problems with the places they point at, and paths below the folder.
fn shown<'a>(directory: &Path, problems: impl IntoIterator<Item = &'a Problem>) -> String {
    let mut text = String::new();
    for problem in problems {
        writeln!(text, "{problem:#}").unwrap();
    }
    assert!(!text.contains(SECRET), "{text}");
    let folder = format!("{}{}", directory.display(), std::path::MAIN_SEPARATOR);
    text.replace(&folder, "")
}

/// One text per case: what keeps the configuration from being used.
fn table(name: &str, cases: &[(&str, &str)]) -> String {
    let mut table = String::new();
    for (title, text) in cases {
        let (directory, problems) = problems(name, text.as_bytes(), None);
        let faults = problems.iter().filter(|problem| !problem.is_note());
        let shown = shown(directory.path(), faults);
        assert!(!shown.is_empty(), "{title}: no problem found");
        writeln!(table, "## {title}\n{}\n", shown.trim_end()).unwrap();
    }
    table
}
