//! An event's own JSON text, put together from its parts.

use action_triggers_vocabulary::{Signal, quote};

/// The parts of an event; `instance` and `before` are JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// Left out where the event has none.
    pub(super) id: Option<&'a str>,
    pub(super) signal: Signal,
    pub(super) content_type: &'a str,
    pub(super) instance: &'a str,
    pub(super) before: Option<&'a str>,
    pub(super) created: Option<bool>,
    pub(super) time: Option<&'a str>,
}

impl Parts<'_> {
    /// The event as the sandbox reads it. JSON is spliced in as it is.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.size() + 128);
        text.push('{');
        if let Some(id) = self.id {
            text.push_str("\"id\":");
            quote::string(id, &mut text);
            text.push(',');
        }
        text.push_str("\"signal\":");
        quote::string(self.signal.as_str(), &mut text);
        text.push_str(",\"content_type\":");
        quote::string(self.content_type, &mut text);
        text.push_str(",\"instance\":");
        text.push_str(self.instance);
        if let Some(before) = self.before {
            text.push_str(",\"before\":");
            text.push_str(before);
        }
        if let Some(created) = self.created {
            text.push_str(",\"created\":");
            text.push_str(if created { "true" } else { "false" });
        }
        if let Some(time) = self.time {
            text.push_str(",\"time\":");
            quote::string(time, &mut text);
        }
        text.push('}');
        text
    }

    /// Bytes of its texts together.
    fn size(&self) -> usize {
        let optional = |text: Option<&str>| text.map_or(0, str::len);
        optional(self.id)
            + self.content_type.len()
            + self.instance.len()
            + optional(self.before)
            + optional(self.time)
    }
}
