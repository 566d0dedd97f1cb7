//! A browser: the package in a page.

use std::{fs, path::PathBuf, process::Command};

use super::{
    files::{host, run, skipped},
    jobs::Jobs,
    node::installed,
};

/// The page, on the jobs of a fresh folder.
pub(super) fn page() -> Option<(Command, PathBuf)> {
    run(Command::new("chromium").arg("--version"))?;
    let folder = installed("browser")?;
    let package = folder.join("node_modules/action-triggers-edge");
    fs::rename(package, folder.join("package")).unwrap();
    let mut page = Command::new("node");
    page.arg(host("browser/run.mjs")).arg(&folder);
    Some((page, folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_publishes() {
    let Some((mut page, folder)) = page() else {
        return skipped("there is no chromium or no Node here");
    };
    let jobs = Jobs::start().await;
    jobs.write(&folder);
    jobs.check("browser", &run(&mut page).unwrap());
}
