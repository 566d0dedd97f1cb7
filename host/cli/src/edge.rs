//! `edge`: a proxy for wasi:http, as one file.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use action_triggers_edge::{App, AppOptions};
use action_triggers_host::artefacts::Artefact;

use super::{component, error::CliError, outcome::Outcome, output::Output, report};

pub(crate) async fn run(
    config: &Path,
    file: &Path,
    options: &AppOptions,
) -> Result<Outcome, CliError> {
    let app = action_triggers_edge::app(config, options).await?;
    report::problems(&app.warnings);
    let failed = |error| CliError::Artefact {
        path: file.to_owned(),
        error,
    };
    write(file, &app).map_err(failed)?;
    let made = Artefact::new(file.display().to_string(), app.wasm);
    let line = component::line(&made, &made.sha256()).map_err(failed)?;
    Output::new().write(format!("{line}\n").as_bytes())?;
    Ok(Outcome::Well)
}

/// Writes the file; one with secrets for this user alone.
fn write(file: &Path, app: &App) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if app.has_secrets {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        // One that is there already keeps its mode when it is opened.
        if file.exists() {
            fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
        }
    }
    options.open(file)?.write_all(&app.wasm)
}
