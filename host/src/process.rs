//! The process's own surroundings, where settings may come from.

use std::{fmt, path::Path};

use crate::{
    file,
    settings::{Environment, MAX_VALUE, without_line_break},
};

/// Reads the variables and files of this process.
pub(crate) struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<String> {
        let value = std::env::var(name).ok()?;
        Some(without_line_break(&value).to_owned())
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        let failed = |what: &dyn fmt::Display| Err(format!("the file `{}` {what}", path.display()));
        let most = u64::try_from(MAX_VALUE).unwrap_or(u64::MAX);
        let bytes = match file::read(path, most) {
            Ok(bytes) => bytes,
            Err(error) => return failed(&format_args!("cannot be read: {error}")),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return failed(&"is not UTF-8");
        };
        Ok(without_line_break(&text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_text_without_the_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        for (content, value) in [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n")] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(Process.file(&file).as_deref(), Ok(value));
        }
    }

    #[test]
    fn a_text_loses_its_last_line_break() {
        for (text, value) in [("x", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), ("", "")] {
            assert_eq!(without_line_break(text), value);
        }
    }

    #[test]
    fn a_bad_file_is_a_failure_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let failed = || Process.file(&file).unwrap_err();
        assert!(failed().contains("secret` cannot be read"));
        std::fs::write(&file, [0xff]).unwrap();
        assert!(failed().contains("not UTF-8"));
        std::fs::write(&file, vec![b'x'; 65_537]).unwrap();
        assert!(failed().contains("more than 65536 bytes"));
    }
}
