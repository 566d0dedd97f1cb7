//! Parts of a JSON text, shared instead of copied.

use std::{ops::Deref, sync::Arc};

use action_triggers_vocabulary::kind;

/// A JSON text whose values are taken out of it without being copied.
#[derive(Clone, Debug)]
pub struct Document(Arc<Source>);

#[derive(Debug)]
struct Source {
    text: String,
    /// A member's name, and the member that takes its place in objects without it.
    substitute: Option<(&'static str, &'static str)>,
}

impl Document {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        let substitute = None;
        Self(Arc::new(Source { text, substitute }))
    }

    /// Takes a text over of whose objects those without the member `name` give the member
    /// `instead` for it, where templates look.
    pub fn with_substitute(text: String, name: &'static str, instead: &'static str) -> Self {
        let substitute = Some((name, instead));
        Self(Arc::new(Source { text, substitute }))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// All of the text.
    pub(super) fn whole(&self) -> Slice {
        Slice {
            document: self.0.clone(),
            start: 0,
            end: self.0.text.len(),
        }
    }

    /// A slice of the text; none of another text.
    pub(super) fn part(&self, part: &str) -> Option<Slice> {
        let range = self.0.text.as_bytes().as_ptr_range();
        range
            .contains(&part.as_ptr())
            .then(|| Slice::of(&self.0, part))
    }
}

/// What a JSON text is, in words, by its beginning.
pub fn kind(text: &str) -> &'static str {
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => kind::OBJECT,
        Some(b'[') => kind::LIST,
        Some(b'"') => kind::STRING,
        Some(b't' | b'f') => kind::BOOLEAN,
        Some(b'n') => kind::NULL,
        _ => kind::NUMBER,
    }
}

/// Part of a text that is shared with other parts.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    document: Arc<Source>,
    start: usize,
    end: usize,
}

impl Slice {
    pub(super) fn whole(text: &str) -> Self {
        Document::new(text.into()).whole()
    }

    /// The member that takes the place of this one in objects without it.
    pub(super) fn substitute(&self, name: &str) -> Option<&'static str> {
        let (known, instead) = self.document.substitute?;
        (known == name).then_some(instead)
    }

    /// The slice of a text that was read out of this one's.
    pub(super) fn part(&self, text: &str) -> Self {
        Self::of(&self.document, text)
    }

    fn of(document: &Arc<Source>, text: &str) -> Self {
        let start = text
            .as_ptr()
            .addr()
            .wrapping_sub(document.text.as_ptr().addr());
        Self {
            document: document.clone(),
            start,
            end: start.wrapping_add(text.len()),
        }
    }
}

impl Deref for Slice {
    type Target = str;

    fn deref(&self) -> &str {
        self.document
            .text
            .get(self.start..self.end)
            .unwrap_or_default()
    }
}
