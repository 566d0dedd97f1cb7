//! Makes what the library embeds: the component, its WIT package and its bill of
//! materials. It finds them in variables that begin with `ACTION_TRIGGERS_`.
//!
//! Variables: `ACTION_TRIGGERS_COMPONENT_FILE` gives a ready component instead;
//! `ACTION_TRIGGERS_NO_RUSTUP` forbids installing the wasm target.

mod bill;
mod guest;
mod script;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::guest::{Guest, provide_target, variable};

fn main() -> ExitCode {
    script::run(make)
}

fn make() -> Result<(), String> {
    let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = host.parent().ok_or("the host has no workspace around it")?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    script::watch(root);
    println!("cargo::rerun-if-env-changed=ACTION_TRIGGERS_COMPONENT_FILE");
    let package = package(&root.join("wit"))?;
    embed("WIT_PACKAGE", &out.join("engine.wit.wasm"), &package)?;
    let bill = out.join("engine.cdx.json");
    if let Some(file) = env::var_os("ACTION_TRIGGERS_COMPONENT_FILE") {
        let path = fs::canonicalize(&file).map_err(|error| {
            format!("ACTION_TRIGGERS_COMPONENT_FILE {}: {error}", file.display())
        })?;
        println!("cargo::rerun-if-changed={}", path.display());
        name("COMPONENT", &path);
        // Nobody knows what a ready component was made of.
        return embed("BILL", &bill, b"");
    }
    provide_target()?;
    let guest = Guest {
        root,
        package: "action-triggers-guest",
        is_small: false,
        target_dir: &out.join("guest"),
        cargo_home: None,
    };
    let component = guest.component()?;
    embed("COMPONENT", &out.join("engine.wasm"), &component)?;
    let lock = root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let materials = bill::of_materials(&guest, &lock, &variable("CARGO_PKG_VERSION")?)?;
    embed("BILL", &bill, materials.as_bytes())
}

/// The WIT package in its binary form, which keeps its documentation.
fn package(wit: &Path) -> Result<Vec<u8>, String> {
    let mut resolve = wit_parser::Resolve::default();
    let encoded = resolve
        .push_dir(wit)
        .and_then(|(package, _)| wit_component::encode(&resolve, package));
    encoded.map_err(|error| format!("{}: {error:#}", wit.display()))
}

/// Writes a file and tells the library where it is.
fn embed(variable: &str, path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    name(variable, path);
    Ok(())
}

fn name(variable: &str, path: &Path) {
    println!(
        "cargo::rustc-env=ACTION_TRIGGERS_{variable}={}",
        path.display()
    );
}
