//! Files as this crate reads them: plain ones, and only up to a bound.

use std::{fs::File, io, io::Read as _, path::Path};

/// Reads a file of at most so many bytes. Pipes, devices and files that wait for more
/// are refused: they may never end, or never begin.
///
/// ```
/// use std::path::Path;
///
/// assert!(action_triggers_host::read_file(Path::new("Cargo.toml"), 100_000).is_ok());
/// assert!(action_triggers_host::read_file(Path::new("Cargo.toml"), 1).is_err());
/// ```
///
/// # Errors
///
/// The file cannot be read, is not a plain one, or is larger.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Before it is opened, since opening a pipe waits for who writes it.
    check(&std::fs::metadata(path)?)?;
    let file = open(path)?;
    check(&file.metadata()?)?;
    let mut bytes = Vec::new();
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::other("it has no end: reading waits for more"),
        _ => error,
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("it has more than {most} bytes")))
    }
}

/// Opens a file so that reading never waits: some of Linux's own, such as
/// `/proc/kmsg`, are plain files and do.
#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn check(metadata: &std::fs::Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::other("it is a pipe or a device, not a file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err().to_string();
        assert_eq!(error, "it has more than 4 bytes");
        assert!(read(folder.path(), 4).is_err());
        assert!(read(&folder.path().join("nothing"), 4).is_err());
    }

    /// Only root may open it; whoever may not is refused for that.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_waits_for_more_is_refused() {
        let error = read(Path::new("/proc/kmsg"), u64::MAX).unwrap_err();
        let waits = error.to_string() == "it has no end: reading waits for more";
        assert!(
            waits
                || error.kind() == io::ErrorKind::PermissionDenied
                || error.kind() == io::ErrorKind::NotFound,
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_and_a_pipe_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [Path::new("/dev/zero"), &pipe] {
            let error = read(path, 4).unwrap_err().to_string();
            assert_eq!(error, "it is a pipe or a device, not a file");
        }
    }
}
