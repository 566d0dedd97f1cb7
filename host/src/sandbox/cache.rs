//! Keeps the compiled component between runs: compiling takes seconds in a
//! debug build, loading what was compiled takes milliseconds.
//!
//! What is kept is native code, and whoever can write it can run anything. So
//! it is read only from a directory and a file that belong to this user and that
//! nobody else can enter or write, under a name that only the same component,
//! wasmtime and settings give. Everything else is compiled anew. Only Linux
//! tells the user without unsafe code, so only there is anything kept.
//! `ACTION_TRIGGERS_NO_CACHE` switches it off.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

/// Compiles the component, or takes it from the cache.
///
/// # Errors
///
/// The bytes are no component that this engine can compile. Troubles with the
/// cache itself are none: it is then left alone.
pub(super) fn compile(engine: &Engine, component: &[u8]) -> wasmtime::Result<Component> {
    let Some(folder) = folder() else {
        return Component::new(engine, component);
    };
    compile_in(&folder, engine, component)
}

fn compile_in(folder: &Path, engine: &Engine, component: &[u8]) -> wasmtime::Result<Component> {
    let file = folder.join(name(engine, component));
    if let Some(kept) = load(folder, &file, engine) {
        return Ok(kept);
    }
    let compiled = Component::new(engine, component)?;
    let stored = compiled.serialize()?;
    if let Err(error) = store(folder, &file, &stored) {
        tracing::debug!(%error, "the compiled component is not kept");
    }
    Ok(compiled)
}

fn folder() -> Option<PathBuf> {
    if cfg!(not(target_os = "linux")) || env::var_os("ACTION_TRIGGERS_NO_CACHE").is_some() {
        return None;
    }
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("action-triggers"))
}

/// Names what was compiled by all that it was compiled from.
fn name(engine: &Engine, component: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut digest = Sha256::new();
    digest.update(settings.finish().to_le_bytes());
    digest.update(component);
    format!("{:x}.cwasm", digest.finalize())
}

fn load(folder: &Path, file: &Path, engine: &Engine) -> Option<Component> {
    if !(is_ours_alone(folder) && is_ours_alone(file)) {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    #[expect(
        unsafe_code,
        reason = "the one audited exception: `is_ours_alone` holds that only this user, so only \
                  `store`, can have written these bytes"
    )]
    // SAFETY: the bytes come from `Component::serialize` of this program, as no
    // other user can reach the file; wasmtime refuses those of another version.
    let kept = unsafe { Component::deserialize(engine, bytes) };
    kept.ok()
}

/// Writes beside and renames, so that nobody ever reads half a file.
fn store(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    make_private(folder)?;
    if !is_ours_alone(folder) {
        return Err(io::Error::other(format!(
            "others can enter {}",
            folder.display()
        )));
    }
    let mut new = tempfile::Builder::new()
        .suffix(".new")
        .tempfile_in(folder)?;
    io::Write::write_all(&mut new, bytes)?;
    new.persist(file)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(target_os = "linux"))]
fn make_private(_folder: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether this user owns it and no other can read or write it. A link is
/// nobody's.
#[cfg(target_os = "linux")]
fn is_ours_alone(path: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let (Ok(found), Ok(process)) = (fs::symlink_metadata(path), fs::metadata("/proc/self")) else {
        return false;
    };
    !found.is_symlink()
        && found.uid() == process.uid()
        && found.permissions().mode().trailing_zeros() >= 6
}

#[cfg(not(target_os = "linux"))]
fn is_ours_alone(_path: &Path) -> bool {
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const EMPTY: &[u8] = b"(component)";

    fn engine() -> Engine {
        Engine::default()
    }

    fn component() -> Vec<u8> {
        wat::parse_bytes(EMPTY).unwrap().into_owned()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn what_was_compiled_is_taken_from_the_cache() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("cache");
        compile_in(&folder, &engine(), &component()).unwrap();
        let [file] = files(&folder).try_into().unwrap();
        assert!(load(&folder, &file, &engine()).is_some());
        compile_in(&folder, &engine(), &component()).unwrap();
        assert_eq!(files(&folder), [file]);
    }

    #[test]
    fn what_others_can_write_is_not_run() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("cache");
        compile_in(&folder, &engine(), &component()).unwrap();
        let [file] = files(&folder).try_into().unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o606)).unwrap();
        assert!(load(&folder, &file, &engine()).is_none());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(load(&folder, &file, &engine()).is_none());
        assert!(compile_in(&folder, &engine(), &component()).is_ok());
    }

    #[test]
    fn a_damaged_file_is_compiled_anew() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("cache");
        compile_in(&folder, &engine(), &component()).unwrap();
        let [file] = files(&folder).try_into().unwrap();
        fs::write(&file, b"not code").unwrap();
        assert!(load(&folder, &file, &engine()).is_none());
        compile_in(&folder, &engine(), &component()).unwrap();
        assert!(load(&folder, &file, &engine()).is_some());
    }

    #[test]
    fn another_component_has_another_name() {
        let other = wat::parse_bytes(b"(component (core module))").unwrap();
        assert_ne!(name(&engine(), &component()), name(&engine(), &other));
    }
}
