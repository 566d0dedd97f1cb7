//! Events as the host takes them: what changed, and how.

use std::fmt;

/// What happened to a record: the four model signals of Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// The name upstream gives it, such as `post_save`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreSave => "pre_save",
            Self::PostSave => "post_save",
            Self::PreDelete => "pre_delete",
            Self::PostDelete => "post_delete",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A record was, or is about to be, saved or deleted.
///
/// The JSON texts stay text: only the sandbox takes them apart, so numbers and
/// member order reach the payload as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names the event; every record that comes of it carries it.
    pub id: String,
    /// What happened.
    pub signal: Signal,
    /// `app_label.model`.
    pub content_type: String,
    /// The record, a JSON object.
    pub instance: String,
    /// The record before the change, a JSON object.
    pub before: Option<String>,
    /// When it happened, RFC 3339.
    pub time: Option<String>,
}

impl Event {
    /// Bytes of its texts together: what size limits count.
    pub fn size(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.id.len()
            + self.content_type.len()
            + self.instance.len()
            + optional(&self.before)
            + optional(&self.time)
    }
}
