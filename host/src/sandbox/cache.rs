//! Keeps the compiled component between runs: compiling takes seconds in a
//! debug build, loading what was compiled takes milliseconds.
//!
//! What is kept is native code, and whoever can write it can run anything. So
//! it is read only from a folder and a file that belong to this user and that
//! nobody else can enter or write, under a name that only the same component,
//! wasmtime and settings give. Both are asked for by the open handle, so nobody
//! can put another in their place meanwhile. A checksum finds what a disk or a
//! full file system broke. Everything else is compiled anew and replaced. Only
//! Linux tells all this without unsafe code, so only there is anything kept.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

/// Bytes of a checksum, with which a file begins.
const CHECKSUM: usize = 32;

/// Compiles the component, or takes it from this folder, if there is one.
///
/// # Errors
///
/// The bytes are no component that this engine can compile. Troubles with the
/// folder are none: it is then left alone.
pub(super) fn compile(
    engine: &Engine,
    component: &[u8],
    folder: Option<&Path>,
) -> wasmtime::Result<Component> {
    let Some(folder) = folder else {
        return Component::new(engine, component);
    };
    let name = name(engine, component);
    if let Some(kept) = load(folder, &name, engine) {
        return Ok(kept);
    }
    let compiled = Component::new(engine, component)?;
    let bytes = compiled.serialize()?;
    if let Err(error) = store(folder, &name, &bytes) {
        tracing::debug!(%error, "the compiled component is not kept");
    }
    Ok(compiled)
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

fn load(folder: &Path, name: &str, engine: &Engine) -> Option<Component> {
    let bytes = private::Folder::open(folder).ok()?.read(name).ok()?;
    let (checksum, code) = bytes.split_at_checked(CHECKSUM)?;
    if Sha256::digest(code).as_slice() != checksum {
        return None;
    }
    #[expect(
        unsafe_code,
        reason = "the one audited exception: only this user, so only `store`, can have written \
                  these bytes, and the checksum says that they are whole"
    )]
    // SAFETY: the bytes come from `Component::serialize` of this program, as no
    // other user can reach the file; wasmtime refuses those of another version.
    let kept = unsafe { Component::deserialize(engine, code) };
    kept.ok()
}

fn store(folder: &Path, name: &str, code: &[u8]) -> std::io::Result<()> {
    let checksum = Sha256::digest(code);
    private::Folder::make(folder)?.write(name, &[&checksum, code])
}

/// A folder that no other user can enter.
#[cfg(target_os = "linux")]
mod private {
    use std::{
        fs::{DirBuilder, File, Metadata},
        io::{self, Read as _, Write as _},
        os::{
            fd::AsRawFd as _,
            unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
        },
        path::{Path, PathBuf},
    };

    use rustix::fs::{Mode, OFlags, open, openat};

    pub(super) struct Folder(File);

    impl Folder {
        pub(super) fn make(path: &Path) -> io::Result<Self> {
            DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            Self::open(path)
        }

        /// Opens a folder that is not a link, and asks the handle whose it is.
        pub(super) fn open(path: &Path) -> io::Result<Self> {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
            let folder = File::from(open(path, flags, Mode::empty())?);
            check(&folder.metadata()?)?;
            Ok(Self(folder))
        }

        pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
            // A pipe in its place must not wait for who writes it.
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
            let mut file = File::from(openat(&self.0, name, flags, Mode::empty())?);
            let metadata = file.metadata()?;
            check(&metadata)?;
            if !metadata.is_file() {
                return Err(io::Error::other("not a file"));
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        }

        /// Writes beside and renames, so that nobody ever reads half a file.
        pub(super) fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
            // The folder as it is open, whatever its name means by now.
            let folder = PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()));
            let mut new = tempfile::Builder::new()
                .suffix(".new")
                .tempfile_in(&folder)?;
            for part in parts {
                new.write_all(part)?;
            }
            new.persist(folder.join(name))?;
            Ok(())
        }
    }

    /// Whether this user owns it and no other can read or write it.
    fn check(found: &Metadata) -> io::Result<()> {
        let process = std::fs::metadata("/proc/self")?;
        if found.uid() == process.uid() && found.permissions().mode().trailing_zeros() >= 6 {
            Ok(())
        } else {
            Err(io::Error::other("other users can reach it"))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod private {
    use std::{io, path::Path};

    pub(super) enum Folder {}

    impl Folder {
        pub(super) fn make(path: &Path) -> io::Result<Self> {
            Self::open(path)
        }

        pub(super) fn open(_path: &Path) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) fn read(&self, _name: &str) -> io::Result<Vec<u8>> {
            match *self {}
        }

        pub(super) fn write(&self, _name: &str, _parts: &[&[u8]]) -> io::Result<()> {
            match *self {}
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

    use super::*;

    fn component() -> Vec<u8> {
        wat::parse_bytes(b"(component)").unwrap().into_owned()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// A folder with what was compiled, which must be taken from there after
    /// this is done to it; or else be compiled anew and replaced.
    fn after(harm: impl Fn(&Path, &Path)) -> (bool, bool) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("cache");
        let engine = Engine::default();
        let kept = || load(&folder, &name(&engine, &component()), &engine).is_some();
        compile(&engine, &component(), Some(&folder)).unwrap();
        let [file] = files(&folder).try_into().unwrap();
        harm(&folder, &file);
        let was_kept = kept();
        compile(&engine, &component(), Some(&folder)).unwrap();
        (was_kept, kept())
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_was_compiled_is_taken_from_the_folder() {
        assert_eq!(after(|_, _| {}), (true, true));
    }

    #[test]
    fn a_file_that_others_can_write_is_not_run_but_replaced() {
        assert_eq!(after(|_, file| set_mode(file, 0o606)), (false, true));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_left_alone() {
        assert_eq!(after(|folder, _| set_mode(folder, 0o755)), (false, false));
    }

    #[test]
    fn a_link_is_not_followed() {
        let harm = |folder: &Path, file: &Path| {
            let elsewhere = folder.join("elsewhere");
            fs::rename(file, &elsewhere).unwrap();
            std::os::unix::fs::symlink(&elsewhere, file).unwrap();
        };
        assert_eq!(after(harm), (false, true));
        let harm = |folder: &Path, _: &Path| {
            let elsewhere = folder.with_extension("moved");
            fs::rename(folder, &elsewhere).unwrap();
            std::os::unix::fs::symlink(&elsewhere, folder).unwrap();
        };
        assert_eq!(after(harm), (false, false));
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let harm = |_: &Path, file: &Path| {
            fs::remove_file(file).unwrap();
            let made = std::process::Command::new("mkfifo")
                .args(["-m", "600"])
                .arg(file)
                .status();
            assert!(made.unwrap().success());
        };
        assert_eq!(after(harm), (false, true));
    }

    #[test]
    fn a_broken_file_is_not_run_but_replaced() {
        assert_eq!(
            after(|_, file| fs::write(file, b"not code").unwrap()),
            (false, true)
        );
        // Any bit of the code, which wasmtime itself would not miss.
        for place in [0, CHECKSUM, 2000, usize::MAX] {
            let harm = |_: &Path, file: &Path| {
                let mut bytes = fs::read(file).unwrap();
                let place = place.min(bytes.len() - 1);
                bytes[place] ^= 1;
                fs::write(file, bytes).unwrap();
            };
            assert_eq!(after(harm), (false, true), "{place}");
        }
    }

    #[test]
    fn another_component_has_another_name() {
        let engine = Engine::default();
        let other = wat::parse_bytes(b"(component (core module))").unwrap();
        assert_ne!(name(&engine, &component()), name(&engine, &other));
    }
}
