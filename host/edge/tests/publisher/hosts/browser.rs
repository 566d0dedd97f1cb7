//! A browser: the package in a page.

use std::{fs, process::Command};

use super::{
    files::{host, run},
    jobs::Jobs,
    node::{installed, skip},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_publishes() {
    if run(Command::new("chromium").arg("--version")).is_none() {
        return println!("skipped: there is no chromium here");
    }
    let Some(folder) = installed("browser") else {
        return skip();
    };
    let package = folder.join("node_modules/action-triggers-edge");
    fs::rename(package, folder.join("package")).unwrap();
    let jobs = Jobs::start().await;
    fs::write(folder.join("jobs.ndjson"), jobs.lines().join("\n")).unwrap();
    let mut page = Command::new("node");
    page.arg(host("browser/run.mjs")).arg(&folder);
    jobs.check("browser", &run(&mut page).unwrap());
}
