//! Passwords, tokens and keys: named in the file, never written in it.

use std::path::{Path, PathBuf};

use super::{
    document::Value,
    keys,
    reading::{Field, Reading},
};
use crate::cluster::{self, Secret};

impl<'a> Reading<'a> {
    /// `{"env": NAME}` or `{"file": PATH}`.
    pub(super) fn secret(&mut self, field: &Field<'a>) -> Option<Secret> {
        const HELP: &str = "write {\"env\": NAME} or {\"file\": PATH}";
        if matches!(field.node.value, Value::Text(_)) {
            let message = "a secret must not stand in the file".to_owned();
            self.error("literal_secret", field, message, HELP);
            return None;
        }
        match self.origin(field)? {
            Origin::Env(name) => {
                let value = self.around.secret_variable(name);
                if value.is_none() {
                    let message = format!("the environment variable `{name}` is not set");
                    self.error(
                        "secret_unavailable",
                        field,
                        message,
                        "set it before you start",
                    );
                }
                value.map(|value| Secret::new(&value, cluster::Origin::Env(name.to_owned())))
            }
            Origin::File(path) => self.secret_file(field, path),
        }
    }

    /// Where a value comes from, when it is not written in the file.
    pub(super) fn origin(&mut self, field: &Field<'a>) -> Option<Origin<'a>> {
        let table = self.table(field)?;
        self.know(&table, &keys::ORIGIN);
        match (table.get("env"), table.get("file")) {
            (Some(env), None) => self.text(&env).map(Origin::Env),
            (None, Some(file)) => {
                let path = self.text(&file)?;
                Some(Origin::File(self.directory.join(path)))
            }
            _ => {
                let message = "exactly one of `env` and `file` is needed".to_owned();
                self.error(
                    "missing_key",
                    field,
                    message,
                    "write {\"env\": NAME} or {\"file\": PATH}",
                );
                None
            }
        }
    }

    pub(super) fn secret_file(&mut self, field: &Field<'a>, path: PathBuf) -> Option<Secret> {
        let bytes = self.bytes(field, &path)?;
        let Ok(text) = String::from_utf8(bytes) else {
            let message = format!("the file `{}` is not UTF-8", path.display());
            self.error("secret_unavailable", field, message, "");
            return None;
        };
        Some(Secret::new(&text, cluster::Origin::File(path)))
    }

    /// The bytes of the file that this text names, with certificates.
    pub(super) fn pem(&mut self, field: &Field<'a>) -> Option<Vec<u8>> {
        let path = self.directory.join(self.text(field)?);
        self.bytes(field, &path)
    }

    /// A file that the configuration names, with a secret or a certificate.
    pub(super) fn bytes(&mut self, field: &Field<'a>, path: &Path) -> Option<Vec<u8>> {
        let read = self.around.read_secret(path);
        read.map_err(|error| {
            let message = format!("the file `{}` cannot be read: {error}", path.display());
            self.error(
                "file_unreadable",
                field,
                message,
                "paths are relative to this file",
            );
        })
        .ok()
    }
}

/// Where a value comes from.
pub(super) enum Origin<'a> {
    Env(&'a str),
    File(PathBuf),
}
