//! What a set declares of models' fields: `{"shop.sale": {"price": "decimal"}}`.

use std::sync::Arc;

use action_triggers_django::json::{FieldType, Fields, View};
use action_triggers_vocabulary::{
    Place, content_type, kind, members::MODELS, suggest::did_you_mean,
};
use minijinja::Value;

use super::reader::Reader;
use crate::{diagnostic::Faults, event::Models};

/// Reads the declarations of a set; a set that is a list has none.
pub(super) fn read(document: &Value, root: &Place, faults: &mut Faults) -> Models {
    let mut models = Models::new();
    let View::Object(_) = View::of(document) else {
        return models;
    };
    let declared = Reader::new(document, root, faults).and_then(|set| set.get(MODELS, faults));
    let Some((declared, place)) = declared else {
        return models;
    };
    let View::Object(members) = View::of(declared) else {
        faults.wrong_type(&place, kind::OBJECT, View::of(declared).kind());
        return models;
    };
    for (model, declared) in members.iter() {
        let place = place.member(model);
        let Some(content_type) = content_type::normalized(model) else {
            let message = content_type::invalid(model);
            faults.error("invalid_content_type", &place, message, content_type::HELP);
            continue;
        };
        let fields = fields(declared, &place, faults);
        models.insert(content_type.into(), Arc::new(fields));
    }
    models
}

fn fields(declared: &Value, place: &Place, faults: &mut Faults) -> Fields {
    let mut fields = Fields::default();
    let View::Object(members) = View::of(declared) else {
        faults.wrong_type(place, kind::OBJECT, View::of(declared).kind());
        return fields;
    };
    for (path, field_type) in members.iter() {
        let path: &str = path;
        let place = place.member(path);
        let View::String(name) = View::of(field_type) else {
            faults.wrong_type(&place, kind::STRING, View::of(field_type).kind());
            continue;
        };
        let Some(field_type) = FieldType::from_name(name) else {
            let message = format!("invalid type `{name}` of a field");
            let known = FieldType::ALL.map(|(name, _)| name);
            let help = did_you_mean(name, &known);
            faults.error("unknown_field_type", &place, message, &help);
            continue;
        };
        if !fields.declare(path, field_type) {
            let message = format!("invalid path `{path}` of a field: expected names and dots");
            faults.error("invalid_field_path", &place, message, "");
        }
    }
    fields
}
