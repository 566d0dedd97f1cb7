//! JSON text of which every value stands inside of a string. It is JSON whatever the values are, and
//! no value is a member's name: so that is found out when it is compiled, and what it comes to need
//! not be read again.

use super::Piece;
use crate::{
    json,
    json_text::{Form, Position},
};

/// The pieces of such a template, without the white space that JSON does not need; none of any
/// other template.
pub(crate) fn shaped(pieces: &[Piece]) -> Option<Box<[Piece]>> {
    let mut shape = Shape {
        position: Position::Start,
        has_value: false,
        skeleton: String::new(),
    };
    let mut compact = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                let start = shape.skeleton.len();
                shape.text(text)?;
                let kept = shape.skeleton.get(start..).unwrap_or_default();
                if kept.len() < text.len() {
                    compact.push(Piece::LeftOut(text.len() - kept.len()));
                }
                compact.push(Piece::Text(kept.into()));
                continue;
            }
            Piece::Variable(_) => shape.value()?,
            Piece::Filtered(filtered) if filtered.form() != Form::Content => shape.value()?,
            _ => return None,
        }
        compact.push(piece.clone());
    }
    // An escape may go on behind a value.
    let is_whole = !shape.skeleton.contains("\\u");
    (is_whole && json::has_unique_names(&shape.skeleton)).then(|| compact.into())
}

struct Shape {
    position: Position,
    /// Whether a value stands in the string that is open, or was closed last.
    has_value: bool,
    /// What all values but nothing come to.
    skeleton: String,
}

impl Shape {
    fn text(&mut self, text: &str) -> Option<()> {
        for (start, letter) in text.char_indices() {
            let before = self.position;
            let end = start + letter.len_utf8();
            self.position.pass(text.get(start..end)?);
            if matches!(before, Position::Start | Position::Outside) {
                match letter {
                    ' ' | '\t' | '\n' | '\r' => continue,
                    // A name that is not known could be there twice.
                    ':' if self.has_value => return None,
                    _ => self.has_value = false,
                }
            }
            self.skeleton.push(letter);
        }
        Some(())
    }

    fn value(&mut self) -> Option<()> {
        self.has_value = true;
        (self.position == Position::Inside).then_some(())
    }
}
