//! What a disk may have left when the power goes.

use std::{collections::BTreeMap, fs, path::Path};

use super::{super::kills::Random, trace::FileCall};

/// What a disk writes whole.
const SECTOR: usize = 512;

/// The outbox's files: what is on the disk for sure, and what may be.
#[derive(Debug, Default)]
pub(super) struct Disk {
    files: BTreeMap<String, File>,
    syncs: u64,
    is_lying: bool,
}

#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    /// Since the last sync, in order.
    unsynced: Vec<FileCall>,
    /// Whether its folder knows of it, for sure.
    is_there: bool,
    /// Whether it was removed, and the folder may know of it all the same.
    is_removed: bool,
}

impl Disk {
    /// One that calls a sync done and has done nothing.
    pub(super) fn lying() -> Self {
        Self {
            is_lying: true,
            ..Self::default()
        }
    }

    pub(super) fn syncs(&self) -> u64 {
        self.syncs
    }

    pub(super) fn note(&mut self, call: &FileCall) {
        match call {
            FileCall::Make(name) => {
                self.files.entry(name.clone()).or_default().is_removed = false;
            }
            FileCall::Write { name, .. } | FileCall::Truncate(name, _) => {
                let file = self.files.entry(name.clone()).or_default();
                file.unsynced.push(call.clone());
            }
            FileCall::Sync(name) => {
                self.syncs += 1;
                if !self.is_lying {
                    self.files.entry(name.clone()).or_default().sync();
                }
            }
            FileCall::SyncFolder => {
                self.files.retain(|_, file| !file.is_removed);
                for file in self.files.values_mut() {
                    file.is_there = true;
                }
            }
            FileCall::Remove(name) => {
                self.files.entry(name.clone()).or_default().is_removed = true;
            }
        }
    }

    /// Writes one of the states that a disk may have, by these numbers.
    pub(super) fn lay_out(&self, folder: &Path, random: &mut Random) {
        // Nothing of what was not synced, all of it, or some.
        let mood = random.below(4);
        for (name, file) in &self.files {
            let is_kept = match (file.is_there, file.is_removed) {
                (true, false) => true,
                _ => random.below(2) == 0,
            };
            if is_kept {
                fs::write(folder.join(name), file.left(mood, random)).unwrap();
            }
        }
    }
}

impl File {
    fn sync(&mut self) {
        for call in std::mem::take(&mut self.unsynced) {
            apply(&mut self.synced, &call, usize::MAX);
        }
    }

    fn left(&self, mood: u64, random: &mut Random) -> Vec<u8> {
        let mut left = self.synced.clone();
        for call in &self.unsynced {
            match mood {
                0 => {}
                1 => apply(&mut left, call, usize::MAX),
                _ => match random.below(3) {
                    0 => {}
                    1 => apply(&mut left, call, usize::MAX),
                    _ => {
                        let sectors = usize::try_from(random.below(8)).unwrap();
                        apply(&mut left, call, sectors * SECTOR);
                    }
                },
            }
        }
        left
    }
}

/// Does what a call did, as far as so many bytes of it.
fn apply(file: &mut Vec<u8>, call: &FileCall, most: usize) {
    match call {
        FileCall::Write { offset, bytes, .. } => {
            let begin = usize::try_from(*offset).unwrap();
            let bytes = &bytes[..bytes.len().min(most)];
            let end = begin + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[begin..end].copy_from_slice(bytes);
        }
        FileCall::Truncate(_, length) => file.resize(usize::try_from(*length).unwrap(), 0),
        _ => {}
    }
}
