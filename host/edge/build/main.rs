//! Builds the guest once more, without the filters that only web pages need; once more as a
//! core module; and what makes of it a publisher: the rules and the facade. And what makes
//! of that a proxy for wasi:http: the front, with and without the import for secrets.

#[path = "../../build/guest.rs"]
mod guest;
#[path = "../../build/script.rs"]
mod script;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::guest::{Guest, provide_target, variable};

fn main() -> ExitCode {
    script::run(make)
}

fn make() -> Result<(), String> {
    let edge = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = edge.ancestors().nth(2);
    let root = root.ok_or("the crate has no workspace around it")?;
    script::watch(root);
    for input in [
        "core",
        "config",
        "edge/rules",
        "edge/facade",
        "edge/front",
        "edge/module",
        "edge/wit",
    ] {
        let input = root.join("host").join(input);
        println!("cargo::rerun-if-changed={}", input.display());
    }
    provide_target()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let small = Guest {
        root,
        package: "action-triggers-guest",
        is_small: true,
        target_dir: &out.join("guest"),
        cargo_home: None,
    };
    embed("SMALL", &out.join("engine-small.wasm"), &small.component()?)?;
    let module = Guest {
        package: "action-triggers-module",
        is_small: false,
        ..small
    };
    embed("MODULE", &out.join("engine.core.wasm"), &module.module()?)?;
    for (package, is_small, name, file) in [
        ("action-triggers-rules", false, "RULES", "rules.wasm"),
        ("action-triggers-facade", false, "FACADE", "facade.wasm"),
        ("action-triggers-front", true, "FRONT", "front.wasm"),
        (
            "action-triggers-front",
            false,
            "FRONT_WITH_ENVIRONMENT",
            "front-with-environment.wasm",
        ),
    ] {
        let guest = Guest {
            package,
            is_small,
            ..small
        };
        embed(name, &out.join(file), &guest.component()?)?;
    }
    Ok(())
}

/// Writes a file and tells the library where it is.
fn embed(variable: &str, path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    println!(
        "cargo::rustc-env=ACTION_TRIGGERS_{variable}={}",
        path.display()
    );
    Ok(())
}
