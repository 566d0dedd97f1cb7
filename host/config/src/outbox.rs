//! The outbox's keys.

use std::time::Duration;

use super::{
    document::Value,
    keys,
    reading::{Reading, Table},
};
use crate::limits::{OutboxFile, OutboxLimits};

/// How long to go on delivering when asked to stop: less than the 30 s after
/// which Kubernetes kills.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(25);

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// What a configuration says of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outbox {
    /// Where it is; none where it is in memory.
    pub(super) file: Option<OutboxFile>,
    /// What bounds it in memory.
    pub(super) limits: OutboxLimits,
    pub(super) shutdown_grace: Duration,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            file: None,
            limits: OutboxLimits::default(),
            shutdown_grace: SHUTDOWN_GRACE,
        }
    }
}

impl<'a> Reading<'a> {
    pub(super) fn outbox(&mut self, root: &Table<'a>) -> Outbox {
        let mut outbox = Outbox::default();
        let Some(field) = root.get("outbox") else {
            return outbox;
        };
        if let Value::Text(text) = &field.node.value {
            if &**text != "memory" {
                let help = "write \"memory\", or an object with the `path` of a file";
                self.unknown_value(&field, text, help);
            }
            return outbox;
        }
        let Some(table) = self.table(&field) else {
            return outbox;
        };
        self.know(&table, &keys::OUTBOX);
        let given = table.get("shutdown_grace_secs");
        if let Some(given) = given.and_then(|field| self.pause(&field, 1.0)) {
            outbox.shutdown_grace = given;
        }
        let given = table.get("dedup_hours");
        if let Some(dedup) = given.and_then(|field| self.pause(&field, HOUR)) {
            outbox.limits.dedup = dedup;
        }
        let path = table.get("path");
        let path = path.and_then(|field| Some((self.text(&field)?, field)));
        match path {
            Some(("", field)) => {
                let help = "write the path of a file; it is made if it is missing";
                self.error("empty_path", &field, "`path` is empty".to_owned(), help);
            }
            Some((path, _)) => {
                let kinds = ["memory", "a file"];
                self.misplaced(&table, keys::OF_MEMORY, kinds, "remove it");
                let mut file = OutboxFile::new(self.directory.join(path));
                file.dedup = outbox.limits.dedup;
                outbox.file = Some(self.outbox_file(file, &table));
            }
            None => {
                let help = "add the `path` of a file, or remove it";
                self.misplaced(&table, keys::OF_FILE, ["a file", "memory"], help);
            }
        }
        if let Some(messages) = table.get("messages").and_then(|field| self.count(&field)) {
            outbox.limits.records = messages;
        }
        if let Some(bytes) = table.get("bytes").and_then(|field| self.count(&field)) {
            outbox.limits.bytes = bytes;
        }
        let given = table.get("stalled_after_secs");
        if let Some(given) = given.and_then(|field| self.duration(&field, 1.0)) {
            outbox.limits.stalled_after = given;
        }
        outbox
    }

    /// Says of keys that they bound an outbox that is held elsewhere than this one.
    fn misplaced(
        &mut self,
        table: &Table<'a>,
        names: &[&str],
        [meant, found]: [&str; 2],
        help: &str,
    ) {
        for name in names {
            if let Some(field) = table.get(name) {
                let message =
                    format!("`{name}` bounds an outbox in {meant}, and this one is in {found}");
                self.warning("outbox_key_unused", &field, message, help);
            }
        }
    }

    fn outbox_file(&mut self, mut file: OutboxFile, table: &Table<'a>) -> OutboxFile {
        for (name, bound) in [
            ("max_bytes", &mut file.max_bytes),
            ("dead_bytes", &mut file.dead_bytes),
        ] {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let given = table.get("dead_days");
        if let Some(age) = given.and_then(|field| self.pause(&field, DAY)) {
            file.dead_age = age;
        }
        file
    }
}
