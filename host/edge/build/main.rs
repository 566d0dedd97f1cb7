//! Builds the guest once more, without the filters that only web pages need.

#[path = "../../build/guest.rs"]
mod guest;
#[path = "../../build/script.rs"]
mod script;

use std::{fs, path::PathBuf, process::ExitCode};

use self::guest::{Guest, provide_target, variable};

fn main() -> ExitCode {
    script::run(make)
}

fn make() -> Result<(), String> {
    let edge = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = edge.ancestors().nth(2);
    let root = root.ok_or("the crate has no workspace around it")?;
    script::watch(root);
    provide_target()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let guest = Guest {
        root,
        package: "action-triggers-guest",
        is_small: true,
        target_dir: &out.join("guest"),
        cargo_home: None,
    };
    let small = out.join("engine-small.wasm");
    fs::write(&small, guest.component()?)
        .map_err(|error| format!("{}: {error}", small.display()))?;
    println!("cargo::rustc-env=ACTION_TRIGGERS_SMALL={}", small.display());
    Ok(())
}
