//! What the build scripts that build the guest say to cargo.

use std::{path::Path, process::ExitCode};

/// Does the work of a build script; a fault is told as cargo's error.
pub(crate) fn run(make: impl FnOnce() -> Result<(), String>) -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Has the script run again when the guest may have become another.
pub(crate) fn watch(root: &Path) {
    for input in ["guest", "wit", "host/build", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    println!("cargo::rerun-if-env-changed=ACTION_TRIGGERS_NO_RUSTUP");
}
