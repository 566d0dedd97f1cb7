//! Python: the host of a few lines, and the package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use super::{
    super::delivery::proxy,
    files::{artefacts, checked, fresh, host, kept, root, run, skipped},
    jobs::{JOBS, Jobs},
};

/// What the package needs, what builds it, and what checks its types.
const NEEDS: &[&str] = &["wasmtime==50.0.1", "urllib3==2.8.0", "hatchling", "mypy"];

/// A Python that has what the package needs, where it can be made.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let make = || {
        let folder = kept("python");
        let python = folder.join("bin/python");
        let marker = folder.join("installed");
        let needs = NEEDS.join(" ");
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == needs) {
            return Some(python);
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(NEEDS))?;
        fs::write(marker, needs).unwrap();
        Some(python)
    };
    PYTHON.get_or_init(make).as_deref()
}

pub(super) fn skip() {
    let needs = NEEDS.join(", ");
    skipped(&format!("there is no Python here, or not {needs}"));
}

/// The host of a few lines, on the jobs of this folder.
pub(super) fn few_lines(folder: &Path) -> Option<Command> {
    let mut command = Command::new(python()?);
    command
        .arg(host("python/publish.py"))
        .arg(checked("edge.wasm"));
    command.arg(JOBS).current_dir(folder);
    Some(command)
}

/// A Python in which the package is installed.
pub(super) fn installed() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<&Path>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let python = python()?;
        checked("edge.wasm");
        let mut install = install(python, artefacts());
        run(install.arg("--force-reinstall")).unwrap();
        Some(python)
    })
}

/// Installs the package, made of the component in a folder.
fn install(python: &Path, component: &Path) -> Command {
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    install.arg("--no-build-isolation");
    install.arg(root().join("host/edge/python"));
    install.env("ACTION_TRIGGERS_EDGE", component);
    install
}

/// A Python that finds the package, made of the component in a folder, before the usual one.
pub(super) fn with_package_of(component: &Path) -> Option<Command> {
    let python = python()?;
    let folder = fresh("python-baked");
    run(install(python, component).arg("--target").arg(&folder)).unwrap();
    let mut command = Command::new(python);
    command.env("PYTHONPATH", folder);
    Some(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn python_publishes_by_a_host_of_a_few_lines() {
    let folder = fresh("python-host");
    let Some(mut python) = few_lines(&folder) else {
        return skip();
    };
    let jobs = Jobs::start().await;
    jobs.write(&folder);
    jobs.check("python", &run(&mut python).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_python_keeps_its_promises_and_its_example_publishes() {
    let Some(python) = installed() else {
        return skip();
    };
    let source = root().join("host/edge/python");
    let printed = run(Command::new(python).arg(source.join("tests/test_publisher.py"))).unwrap();
    print!("{printed}");
    let mut types = Command::new(python);
    types.args(["-m", "mypy", "--cache-dir"]).arg(kept("mypy"));
    run(types.args(["src", "tests", "example"]).current_dir(&source)).unwrap();
    let proxy = proxy().await;
    let mut example = Command::new(python);
    run(example
        .arg(source.join("example/publish.py"))
        .arg(proxy.url()))
    .unwrap();
    assert_eq!(proxy.records("my_topic").len(), 1);
}
