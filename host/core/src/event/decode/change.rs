//! A changed row of a table, as tools that watch databases tell it.

use std::borrow::Cow;

use action_triggers_vocabulary::Signal;

use super::decoded::Content;
use crate::event::text::Parts;

/// What was done with a row, and what the row was before and is now: JSON objects.
#[derive(Debug)]
pub(super) enum Row<'a> {
    Created(Cow<'a, str>),
    Updated {
        now: Cow<'a, str>,
        before: Option<Cow<'a, str>>,
    },
    /// It is there; nobody says since when.
    Seen(Cow<'a, str>),
    Deleted(Cow<'a, str>),
}

/// A row that changed.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) id: Option<String>,
    pub(super) content_type: String,
    pub(super) row: Row<'a>,
    /// RFC 3339.
    pub(super) time: Option<String>,
}

impl Change<'_> {
    /// The event that says the same. Tools tell what has happened, so its signal is that of a
    /// save or a delete that is over.
    pub(super) fn content(self) -> Content<'static> {
        let (signal, instance, before, created) = match &self.row {
            Row::Created(now) => (Signal::PostSave, now, None, Some(true)),
            Row::Updated { now, before } => (Signal::PostSave, now, before.as_deref(), Some(false)),
            Row::Seen(now) => (Signal::PostSave, now, None, None),
            // The sandbox takes it for the instance too.
            Row::Deleted(before) => (
                Signal::PostDelete,
                &Cow::Borrowed("null"),
                Some(&**before),
                None,
            ),
        };
        let parts = Parts {
            id: self.id.as_deref(),
            signal,
            content_type: &self.content_type,
            instance,
            before,
            created,
            time: self.time.as_deref(),
        };
        Content::Event(parts.text().into())
    }
}
