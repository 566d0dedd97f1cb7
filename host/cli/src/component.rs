//! `component`: the component as files, for other hosts.

use std::{fs, path::Path};

use action_triggers_host::artefacts::{self, Artefact};
use serde_json::json;

use super::{error::CliError, outcome::Outcome, output::Output};

/// What `sha256sum --check` reads.
const CHECKSUMS: &str = "SHA256SUMS";

pub(crate) fn run(folder: &Path) -> Result<Outcome, CliError> {
    let files = artefacts::component();
    let mut checksums = Vec::new();
    let output = Output::new();
    for file in &files {
        write(folder, file)?;
        let sha256 = file.sha256();
        checksums.push(format!("{sha256}  {}\n", file.name));
        let line = json!({"file": file.name, "bytes": file.bytes.len(), "sha256": sha256});
        output.write(format!("{line}\n").as_bytes())?;
    }
    write(
        folder,
        &Artefact::new(CHECKSUMS, checksums.concat().into_bytes()),
    )?;
    Ok(Outcome::Well)
}

fn write(folder: &Path, file: &Artefact) -> Result<(), CliError> {
    let path = folder.join(&*file.name);
    let place = path.parent().unwrap_or(folder);
    fs::create_dir_all(place)
        .and_then(|()| fs::write(&path, &file.bytes))
        .map_err(|error| CliError::Artefact { path, error })
}
