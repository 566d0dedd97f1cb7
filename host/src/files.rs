//! Reads small files: secrets and certificates.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Largest secret or certificate, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The content of a small file.
///
/// # Errors
///
/// When it cannot be read, is larger than 1 MiB, or is no regular file: a pipe could
/// be waited for without an end, and a device may have none.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Asked first, since opening a pipe waits for its writer.
    let mut is_regular = std::fs::metadata(path)?.is_file();
    let mut bytes = Vec::new();
    if is_regular {
        let file = File::open(path)?;
        is_regular = file.metadata()?.is_file();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if !is_regular {
        return Err(io::Error::other("it is not a regular file"));
    }
    if bytes.len() > usize::try_from(MOST_BYTES).unwrap_or(usize::MAX) {
        return Err(io::Error::other(format!(
            "it has more than {MOST_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
///
/// As [`read`], and when it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::other("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(read_text(&path).unwrap(), "s3cret\n");
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path).unwrap_err().to_string(), "it is not UTF-8");
        let most = usize::try_from(MOST_BYTES).unwrap();
        std::fs::write(&path, vec![b' '; most]).unwrap();
        assert_eq!(read(&path).unwrap().len(), most);
        std::fs::write(&path, vec![b' '; most + 1]).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert_eq!(error, "it has more than 1048576 bytes");
        let error = read(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "it is not a regular file");
    }
}
