//! Builds the guest for wasm32 and wraps it as a component, whose path the
//! library finds in `ACTION_TRIGGERS_COMPONENT`.
//!
//! Variables: `ACTION_TRIGGERS_COMPONENT_FILE` gives a ready component instead;
//! `ACTION_TRIGGERS_NO_RUSTUP` forbids installing the wasm target.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// What the outer build may have set and a wasm build does not survive: flags
/// for the host's linker or for coverage, and clippy's own wrapper.
const NOT_FOR_THE_GUEST: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "LLVM_PROFILE_FILE",
];

fn main() -> ExitCode {
    match component() {
        Ok(path) => {
            println!(
                "cargo::rustc-env=ACTION_TRIGGERS_COMPONENT={}",
                path.display()
            );
            ExitCode::SUCCESS
        }
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn component() -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed=ACTION_TRIGGERS_COMPONENT_FILE");
    println!("cargo::rerun-if-env-changed=ACTION_TRIGGERS_NO_RUSTUP");
    if let Some(file) = env::var_os("ACTION_TRIGGERS_COMPONENT_FILE") {
        let path = fs::canonicalize(&file).map_err(|error| {
            format!("ACTION_TRIGGERS_COMPONENT_FILE {}: {error}", file.display())
        })?;
        println!("cargo::rerun-if-changed={}", path.display());
        return Ok(path);
    }
    let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = host.parent().ok_or("the host has no workspace around it")?;
    for input in ["guest", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    provide_target()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let module = build_guest(root, &out.join("guest"))?;
    let module = fs::read(&module).map_err(|error| format!("{}: {error}", module.display()))?;
    let component = ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("the guest does not make a component: {error:#}"))?;
    let path = out.join("action-triggers.component.wasm");
    fs::write(&path, component).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Makes sure that the toolchain in use can compile for wasm.
fn provide_target() -> Result<(), String> {
    if has_target() {
        return Ok(());
    }
    let help = format!("run this once: rustup target add {TARGET}");
    if env::var_os("ACTION_TRIGGERS_NO_RUSTUP").is_some() {
        return Err(format!("the Rust target {TARGET} is missing\n{help}"));
    }
    let installed = Command::new("rustup")
        .args(["target", "add", TARGET])
        .output();
    if installed.is_ok_and(|output| output.status.success()) && has_target() {
        return Ok(());
    }
    Err(format!(
        "the Rust target {TARGET} is missing and rustup could not add it\n{help}"
    ))
}

fn has_target() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    answer.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Compiles the guest in a target folder of its own: the outer cargo holds the
/// lock of the usual one.
fn build_guest(root: &Path, target_dir: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .args([
            "build",
            "--package",
            "action-triggers-guest",
            "--lib",
            "--locked",
            "--quiet",
        ])
        .args(["--profile", "guest", "--target", TARGET, "--target-dir"])
        .arg(target_dir)
        .env("CARGO_BUILD_BUILD_DIR", target_dir)
        .current_dir(root);
    for name in NOT_FOR_THE_GUEST {
        cargo.env_remove(name);
    }
    let output = cargo
        .output()
        .map_err(|error| format!("{cargo:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "{cargo:?} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(target_dir
        .join(TARGET)
        .join("guest/action_triggers_guest.wasm"))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
