//! Parts of a JSON text, shared instead of copied.

use std::{ops::Deref, sync::Arc};

/// A JSON text whose values are taken out of it without being copied.
#[derive(Clone, Debug)]
pub struct Document(Arc<String>);

impl Document {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(Arc::new(text))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// A slice of the text; none of another text.
    pub(super) fn part(&self, part: &str) -> Option<Slice> {
        let is_part = self.0.as_bytes().as_ptr_range().contains(&part.as_ptr());
        is_part.then(|| Slice::of(&self.0, part))
    }
}

/// What a JSON text is, in words, by its beginning.
pub fn kind(text: &str) -> &'static str {
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Part of a text that is shared with other parts.
#[derive(Clone, Debug)]
pub struct Slice {
    document: Arc<String>,
    start: usize,
    end: usize,
}

impl Slice {
    pub(super) fn whole(text: &str) -> Self {
        Self {
            document: Arc::new(text.into()),
            start: 0,
            end: text.len(),
        }
    }

    /// The slice of a text that was read out of this one's.
    pub(super) fn part(&self, text: &str) -> Self {
        Self::of(&self.document, text)
    }

    fn of(document: &Arc<String>, text: &str) -> Self {
        let start = text.as_ptr().addr().wrapping_sub(document.as_ptr().addr());
        Self {
            document: document.clone(),
            start,
            end: start.wrapping_add(text.len()),
        }
    }

    pub(super) fn trimmed(&self) -> Self {
        self.part(self.trim_ascii())
    }
}

impl Deref for Slice {
    type Target = str;

    fn deref(&self) -> &str {
        self.document.get(self.start..self.end).unwrap_or_default()
    }
}
