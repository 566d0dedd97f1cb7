//! Where the compiled component is kept, so that only the first call compiles it.

use std::{env, path::PathBuf};

use action_triggers_host::Builder;

/// Switches it off.
const OFF: &str = "ACTION_TRIGGERS_NO_CACHE";

/// Lets the component be kept where this user's programs keep what they can make
/// again.
pub(crate) fn keep(builder: Builder) -> Builder {
    match folder().filter(|_| env::var_os(OFF).is_none()) {
        Some(folder) => builder.code_cache(folder),
        None => builder,
    }
}

fn folder() -> Option<PathBuf> {
    let given = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = given.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("action-triggers"))
}
