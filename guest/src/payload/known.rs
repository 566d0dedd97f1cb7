//! What is known of a payload before there is an event.

use action_triggers_django::{
    json::write,
    least::{self, Cost, Least},
};
use action_triggers_vocabulary::known::KnownValue;

use super::pieces::{Member, Piece, StringPlan, is_json};

pub(super) fn known_text(plan: &StringPlan) -> KnownValue {
    let template = &plan.template;
    if let Some(text) = template.is_static() {
        return if is_json(text) {
            let mut json = String::with_capacity(text.len());
            write::compact(text, &mut json);
            KnownValue::FixedJson(json)
        } else {
            KnownValue::FixedText(text.into())
        };
    }
    if plan.is_value() {
        return match template.least_bytes() {
            0 => KnownValue::Either(0),
            // Filters that make a width make a text.
            bytes => KnownValue::Text(bytes),
        };
    }
    match plan.least {
        Least::Text(bytes) => KnownValue::Text(bytes),
        Least::Either(bytes) => KnownValue::Either(bytes),
    }
}

/// What rendering a tree takes at least.
pub(super) fn cost(pieces: &[Piece]) -> Cost {
    let costs = pieces.iter().map(|piece| match piece {
        Piece::Json(_) => Cost::default(),
        Piece::String(template) => template.cost(),
        Piece::Native(template) => template.cost_of_value(),
        Piece::Object(members) => {
            let costs = members.iter();
            let costs = costs.map(|member| member.name.cost().and(cost(&member.value)));
            costs.fold(Cost::default(), Cost::and)
        }
    });
    costs.fold(Cost::default(), Cost::and)
}

/// The least that a tree comes to, in bytes.
pub(super) fn least_bytes(pieces: &[Piece]) -> usize {
    let bytes = pieces.iter().map(|piece| match piece {
        Piece::Json(text) => text.len(),
        Piece::String(template) => template.least_bytes(),
        Piece::Native(template) => match template.least_bytes() {
            0 if template.is_expression() => "0".len(),
            bytes => bytes.saturating_add("\"\"".len()),
        },
        Piece::Object(members) => {
            let members: Vec<_> = members.iter().map(Member::least).collect();
            least::object(&members)
        }
    });
    bytes.fold(0, usize::saturating_add)
}

impl Member {
    fn least(&self) -> least::Entry {
        let text = self.name.is_static();
        let mut written = String::new();
        if let Some(text) = text {
            write::string(text, &mut written);
        }
        let made = self.name.least_bytes().saturating_add("\"\"".len());
        least::Entry::Member(least::Member {
            name: least::Name {
                text: text.map(Into::into),
                bytes: written.len().max(made),
            },
            value: least_bytes(&self.value),
            occurrence: least::Occurrence::Once,
        })
    }
}

pub(super) fn are_constant(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Json(_) => true,
        Piece::String(template) | Piece::Native(template) => template.is_constant(),
        Piece::Object(members) => members
            .iter()
            .all(|member| member.name.is_constant() && are_constant(&member.value)),
    })
}
