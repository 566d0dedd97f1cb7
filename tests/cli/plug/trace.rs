//! What `strace -ff -ttt -T -y -xx` wrote.

use std::{fs, path::Path};

/// A call that matters.
#[derive(Debug)]
pub(super) enum Call {
    /// Bytes that went somewhere else than into the outbox's files.
    Sent(Vec<u8>),
    File(FileCall),
}

/// Something that was done to a file of the outbox, or to its folder.
#[derive(Clone, Debug)]
pub(super) enum FileCall {
    Make(String),
    Write {
        name: String,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate(String, u64),
    Sync(String),
    SyncFolder,
    Remove(String),
}

/// The calls of all threads, in the order in which they took effect.
pub(super) fn read(folder: &Path, prefix: &str) -> Vec<Call> {
    let folder = folder.canonicalize().unwrap();
    let mut calls = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(prefix)
        {
            let text = fs::read_to_string(path).unwrap();
            calls.extend(text.lines().filter_map(|line| call(line, &folder)));
        }
    }
    // Microseconds of one clock.
    calls.sort_by_key(|(at, _)| *at);
    calls.into_iter().map(|(_, call)| call).collect()
}

/// A line: `TIME name(arguments) = result <duration>`.
fn call(line: &str, folder: &Path) -> Option<(u64, Call)> {
    let (time, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") = ")?;
    if result.starts_with('-') {
        return None;
    }
    let began = micros(time)?;
    let took = result
        .rsplit_once('<')
        .and_then(|(_, took)| micros(took.strip_suffix('>')?));
    // Bytes are on their way when a call begins; what is synced is when it ends.
    let is_sync = matches!(name, "fsync" | "fdatasync");
    let at = if is_sync {
        began + took.unwrap_or(0)
    } else {
        began
    };
    let file = |path: &str| {
        let path = Path::new(path)
            .strip_prefix(folder)
            .ok()?
            .to_str()?
            .to_owned();
        (path.starts_with("outbox.db") && !path.ends_with("-shm")).then_some(path)
    };
    let place = descriptor(arguments);
    let own = place.as_deref().and_then(file);
    let texts = || texts(arguments);
    let number = || arguments.rsplit_once(", ")?.1.parse::<u64>().ok();
    let call = match (name, own) {
        ("openat", _) if arguments.contains("O_CREAT") => {
            let path = String::from_utf8(texts().into_iter().next()?).ok()?;
            // It is relative to the folder, or absolute.
            Call::File(FileCall::Make(file(folder.join(path).to_str()?)?))
        }
        ("unlink", _) => {
            let path = String::from_utf8(texts().into_iter().next()?).ok()?;
            Call::File(FileCall::Remove(file(folder.join(path).to_str()?)?))
        }
        ("pwrite64", Some(name)) => Call::File(FileCall::Write {
            name,
            offset: number()?,
            bytes: texts().concat(),
        }),
        ("ftruncate", Some(name)) => Call::File(FileCall::Truncate(name, number()?)),
        ("fsync" | "fdatasync", Some(name)) => Call::File(FileCall::Sync(name)),
        ("fsync" | "fdatasync", None) if place.as_deref().map(Path::new) == Some(folder) => {
            Call::File(FileCall::SyncFolder)
        }
        ("write" | "writev" | "sendto" | "sendmsg", None) => Call::Sent(texts().concat()),
        _ => return None,
    };
    Some((at, call))
}

fn micros(seconds: &str) -> Option<u64> {
    let (whole, part) = seconds.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 1_000_000 + part.parse::<u64>().ok()?)
}

/// The path behind the first argument: `7<\x2f…>`.
fn descriptor(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    String::from_utf8(bytes(path)).ok()
}

/// The texts among arguments.
fn texts(arguments: &str) -> Vec<Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(bytes).collect()
}

/// `\x2f\x77` as bytes.
fn bytes(text: &str) -> Vec<u8> {
    let parts = text.split("\\x").skip(1);
    parts
        .filter_map(|part| u8::from_str_radix(part.get(..2)?, 16).ok())
        .collect()
}
