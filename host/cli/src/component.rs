//! `component`: the component as files, for other hosts.

use std::{fs, path::Path};

use action_triggers_host::artefacts::{self, Artefact};
use serde_json::{Value, json};

use super::{error::CliError, outcome::Outcome, output::Output};

/// What `sha256sum --check` reads.
const CHECKSUMS: &str = "SHA256SUMS";

pub(crate) fn run(folder: &Path) -> Result<Outcome, CliError> {
    let files = files().map_err(|error| CliError::Artefact {
        path: folder.to_owned(),
        error,
    })?;
    write_all(folder, files)
}

/// Writes files and their checksums into a folder, and a line for each.
pub(crate) fn write_all(
    folder: &Path,
    files: impl IntoIterator<Item = Artefact>,
) -> Result<Outcome, CliError> {
    let mut checksums = Vec::new();
    let output = Output::new();
    for file in files {
        write(folder, &file)?;
        let sha256 = file.sha256();
        checksums.push(format!("{sha256}  {}\n", file.name));
        let line = line(&file, &sha256).map_err(|error| CliError::Artefact {
            path: folder.join(&*file.name),
            error,
        })?;
        output.write(format!("{line}\n").as_bytes())?;
    }
    write(
        folder,
        &Artefact::new(CHECKSUMS, checksums.concat().into_bytes()),
    )?;
    Ok(Outcome::Well)
}

#[cfg(not(feature = "edge"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "with `edge` it composes, which may fail"
)]
fn files() -> std::io::Result<Vec<Artefact>> {
    Ok(artefacts::component())
}

#[cfg(feature = "edge")]
fn files() -> std::io::Result<Vec<Artefact>> {
    let mut files = artefacts::component();
    let components = action_triggers_edge::components();
    files.extend(components.map_err(std::io::Error::other)?);
    Ok(files)
}

#[cfg(not(feature = "edge"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "with `edge` it compresses, which may fail"
)]
pub(crate) fn line(file: &Artefact, sha256: &str) -> std::io::Result<Value> {
    Ok(json!({"file": file.name, "bytes": file.bytes.len(), "sha256": sha256}))
}

/// With what goes over the wire.
#[cfg(feature = "edge")]
pub(crate) fn line(file: &Artefact, sha256: &str) -> std::io::Result<Value> {
    let sizes = action_triggers_edge::compressed(&file.bytes)?;
    Ok(json!({
        "file": file.name, "bytes": file.bytes.len(), "gzip": sizes.gzip, "brotli": sizes.brotli,
        "sha256": sha256,
    }))
}

fn write(folder: &Path, file: &Artefact) -> Result<(), CliError> {
    let path = folder.join(&*file.name);
    let place = path.parent().unwrap_or(folder);
    fs::create_dir_all(place)
        .and_then(|()| fs::write(&path, &file.bytes))
        .map_err(|error| CliError::Artefact { path, error })
}
