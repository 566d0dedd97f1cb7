//! Builds a crate of the workspace for wasm32 and wraps it as a component: the same
//! bytes wherever it is built, with no path of the machine in them.
//!
//! Build scripts and the test of that promise share this file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// The most linear memory of a component, in bytes: four times what our host allows by
/// default (`limits.memory_bytes`), so that a host may allow more, and a bound in
/// every host that sets none.
pub(crate) const MAX_MEMORY: usize = 256 << 20;

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

/// What is built, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest<'a> {
    /// The workspace.
    pub(crate) root: &'a Path,
    /// The crate to build.
    pub(crate) package: &'a str,
    /// With the component's shell alone of its default features.
    pub(crate) is_small: bool,
    /// A target folder of its own: the outer cargo holds the lock of the usual one.
    pub(crate) target_dir: &'a Path,
    /// Cargo's home. The one in use, unless it is given.
    pub(crate) cargo_home: Option<&'a Path>,
}

impl Guest<'_> {
    /// Compiles the crate and makes a component of it.
    ///
    /// # Errors
    ///
    /// Cargo or the component's encoder failed; the text is theirs.
    pub(crate) fn component(&self) -> Result<Vec<u8>, String> {
        let module = self.module()?;
        ComponentEncoder::default()
            .module(&module)
            .and_then(|encoder| encoder.validate(true).encode())
            .map_err(|error| format!("{} does not make a component: {error:#}", self.package))
    }

    /// Compiles the crate to a core module.
    ///
    /// # Errors
    ///
    /// Cargo failed; the text is its own.
    pub(crate) fn module(&self) -> Result<Vec<u8>, String> {
        // Unpacks the sources, whose folders `flags` has to know.
        output(&mut self.cargo("tree")?)?;
        let mut cargo = self.cargo("build")?;
        cargo
            .args(["--lib", "--quiet", "--profile", "guest", "--target-dir"])
            .arg(self.target_dir)
            .env("CARGO_BUILD_BUILD_DIR", self.target_dir)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags()?);
        output(&mut cargo)?;
        let name = self.package.replace('-', "_") + ".wasm";
        let module = self.target_dir.join(TARGET).join("guest").join(name);
        fs::read(&module).map_err(|error| format!("{}: {error}", module.display()))
    }

    /// A cargo of the wasm build, free of what the outer build has set.
    pub(crate) fn cargo(&self, command: &str) -> Result<Command, String> {
        let mut cargo = Command::new(variable("CARGO")?);
        cargo
            .args([command, "--locked", "--target", TARGET])
            .args(["--package", self.package])
            .current_dir(self.root);
        if self.is_small {
            cargo.args(["--no-default-features", "--features", "component"]);
        }
        for name in NOT_FOR_THE_GUEST {
            cargo.env_remove(name);
        }
        if let Some(home) = self.cargo_home {
            cargo.env("CARGO_HOME", home).arg("--offline");
        }
        Ok(cargo)
    }

    /// Gives the memory its maximum and every path a name that is the same on all
    /// machines. Of the prefixes that fit a path the last one counts.
    fn flags(&self) -> Result<String, String> {
        let home = match self.cargo_home {
            Some(home) => home.to_path_buf(),
            None => cargo_home()?,
        };
        let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
        let version = rustc(&["--version", "--verbose"])?;
        let commit = version
            .lines()
            .find_map(|line| line.strip_prefix("commit-hash: "))
            .unwrap_or("rust");
        let mut names = vec![
            (home.clone(), "/cargo".to_owned()),
            (self.root.to_path_buf(), "/action-triggers".to_owned()),
            (self.target_dir.to_path_buf(), "/target".to_owned()),
            (sysroot.clone(), "/rust".to_owned()),
            // Where the standard library's sources are installed the compiler names those.
            (
                sysroot.join("lib/rustlib/src/rust"),
                format!("/rustc/{commit}"),
            ),
        ];
        // A folder for each registry, whose name depends on where the registry is.
        let registries = fs::read_dir(home.join("registry/src"))
            .into_iter()
            .flatten();
        names.extend(
            registries
                .flatten()
                .map(|registry| (registry.path(), "/crates".to_owned())),
        );
        let mut flags = vec![format!("-Clink-arg=--max-memory={MAX_MEMORY}")];
        for (path, name) in names {
            flags.push(format!("--remap-path-prefix={}={name}", path.display()));
        }
        Ok(flags.join("\u{1f}"))
    }
}

/// Makes sure that the toolchain in use can compile for wasm.
///
/// # Errors
///
/// It cannot; the text says which command mends that.
pub(crate) fn provide_target() -> Result<(), String> {
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
    rustc(&["--print", "target-libdir", "--target", TARGET])
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn rustc(arguments: &[&str]) -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output(Command::new(rustc).args(arguments))
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Result<PathBuf, String> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(home));
    }
    let home = env::home_dir().ok_or("there is neither CARGO_HOME nor a home folder")?;
    Ok(home.join(".cargo"))
}

/// What a command prints, if it succeeds.
///
/// # Errors
///
/// The command and what it says.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} failed:\n{said}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A variable that cargo sets.
///
/// # Errors
///
/// It is missing or not a text.
pub(crate) fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
