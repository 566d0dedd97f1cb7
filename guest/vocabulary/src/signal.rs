//! What happened to an instance.

use std::fmt;

/// What happened to an instance: the four model signals of Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// About to be saved.
    PreSave,
    /// Saved.
    PostSave,
    /// About to be deleted.
    PreDelete,
    /// Deleted.
    PostDelete,
}

impl Signal {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::PreSave,
        Self::PostSave,
        Self::PreDelete,
        Self::PostDelete,
    ];

    /// Their names, in the same order.
    pub const NAMES: [&'static str; 4] = ["pre_save", "post_save", "pre_delete", "post_delete"];

    /// The name upstream gives it, such as `post_save`.
    pub const fn as_str(self) -> &'static str {
        let [pre_save, post_save, pre_delete, post_delete] = Self::NAMES;
        match self {
            Self::PreSave => pre_save,
            Self::PostSave => post_save,
            Self::PreDelete => pre_delete,
            Self::PostDelete => post_delete,
        }
    }

    /// The signal of this name; upper and lower case differ, as upstream's do.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.as_str() == name)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_found_by_its_name() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_name(signal.as_str()), Some(signal));
        }
        assert_eq!(Signal::from_name("POST_SAVE"), None);
    }
}
