//! Node: the host of a few lines, and the package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use super::{
    super::delivery::proxy,
    files::{artefacts, checked, copy, fresh, host, kept, root, run, skipped},
    jobs::{JOBS, Jobs},
};

/// What makes JavaScript of a component. From 1.34 on its code compiles a module in place,
/// which workers forbid.
const JCO: &str = "@bytecodealliance/jco@1.32.1";

/// A folder with this npm package, where it can be installed.
pub(super) fn npm(folder: &str, package: &str) -> Option<PathBuf> {
    let tools = kept(folder);
    let marker = tools.join("installed");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == package) {
        return Some(tools);
    }
    let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
    run(Command::new("npm").args(install).arg(&tools).arg(package))?;
    fs::write(marker, package).unwrap();
    Some(tools)
}

pub(super) fn jco() -> Option<&'static Path> {
    static TOOLS: OnceLock<Option<PathBuf>> = OnceLock::new();
    TOOLS.get_or_init(|| npm("npm", JCO)).as_deref()
}

/// The package as `npm pack` makes it of the component in a folder.
pub(super) fn packed(place: &str, component: &Path) -> Option<PathBuf> {
    let tools = jco()?;
    // A copy finds the tools, and leaves the sources as they are.
    let source = fresh(&format!("npm/{place}/js"));
    assert!(source.starts_with(tools));
    let names = [
        "package.json",
        "index.d.ts",
        "prepack.mjs",
        "README.md",
        "src",
    ];
    copy(&root().join("host/edge/js"), &source, &names);
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--pack-destination", ".."]);
    pack.current_dir(&source);
    let name = run(pack.env("ACTION_TRIGGERS_EDGE", component)).unwrap();
    Some(source.with_file_name(name.trim()))
}

/// The package of the plain component.
fn package() -> Option<&'static Path> {
    static PACKAGE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let pack = || {
        checked("edge.wasm");
        packed("plain", artefacts())
    };
    PACKAGE.get_or_init(pack).as_deref()
}

/// A fresh folder in which the package is installed.
pub(super) fn installed(folder: &str) -> Option<PathBuf> {
    Some(install(folder, package()?))
}

/// The same of another package.
pub(super) fn install(folder: &str, package: &Path) -> PathBuf {
    let folder = fresh(folder);
    let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
    run(Command::new("npm").args(install).arg(&folder).arg(package)).unwrap();
    folder
}

pub(super) fn skip() {
    skipped(&format!("there is no Node here, or no {JCO} for it"));
}

/// The host of a few lines, on the jobs of this folder.
pub(super) fn few_lines(folder: &Path) -> Option<Command> {
    let mut transpile = Command::new(jco()?.join("node_modules/.bin/jco"));
    transpile.args(["transpile", "--quiet", "-o", "edge"]);
    run(transpile.arg(checked("edge.wasm")).current_dir(folder)).unwrap();
    let mut node = Command::new("node");
    node.arg(host("node/publish.mjs"));
    node.args(["edge/edge.js", JOBS]).current_dir(folder);
    Some(node)
}

#[tokio::test(flavor = "multi_thread")]
async fn node_publishes_by_a_host_of_a_few_lines() {
    let folder = fresh("node");
    let Some(mut node) = few_lines(&folder) else {
        return skip();
    };
    let jobs = Jobs::start().await;
    jobs.write(&folder);
    jobs.check("node", &run(&mut node).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_javascript_keeps_its_promises_and_its_example_publishes() {
    let Some(folder) = installed("javascript") else {
        return skip();
    };
    copy(&root().join("host/edge/js"), &folder, &["test", "example"]);
    let mut tests = Command::new("node");
    let printed = run(tests.args(["--test", "test/"]).current_dir(&folder)).unwrap();
    for line in printed.lines().filter(|line| line.ends_with(" ms")) {
        println!("{line}");
    }
    let proxy = proxy().await;
    let mut example = Command::new("node");
    example.args(["example/publish.mjs", &proxy.url()]);
    run(example.current_dir(&folder)).unwrap();
    assert_eq!(proxy.records("my_topic").len(), 1);
}
