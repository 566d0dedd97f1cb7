//! Payload plans: what a trigger publishes, prepared when the set is loaded
//! and rendered to exact bytes for each event.
//!
//! A dict or list is a tree. Its shape, its numbers and the order of its
//! members are fixed when it is loaded; only strings are templates, and what
//! they render to is written as JSON strings, so no field's value can change
//! the shape. Should two names of an object render to the same text, the last
//! value counts, in the place of the first, as JSON readers have it.

mod known;
mod pieces;

use action_triggers_django::{
    Context, Rendered, Templates,
    json::{self, JsonObject, Members, View, write},
    least::{Cost, Least},
};
use action_triggers_vocabulary::{Place, codes::NUMBER_TOO_LARGE, known::KnownValue, quote};
use minijinja::Value;

pub(crate) use self::pieces::Types;
use self::{
    known::{are_constant, cost, known_text, least_bytes},
    pieces::{Member, Piece, StringPlan, is_json},
};
use crate::{compiled::PlacedTemplate, compiler::Compiler, failure::Failure, message::Payload};

/// A payload, ready to be rendered.
#[derive(Debug)]
pub(crate) enum Plan {
    /// None was given: the instance.
    Instance,
    /// A string: JSON if that is what it renders to, else plain text.
    Text(StringPlan),
    /// Anything else.
    Tree(Box<[Piece]>),
}

impl Plan {
    /// Prepares a payload. Null, `{}` and `""` mean that there is none; `[]`, `0`
    /// and `false` are payloads, though upstream takes them for none.
    pub(crate) fn new(
        payload: &Value,
        types: Types,
        compiler: &mut Compiler<'_>,
        place: &Place,
    ) -> Self {
        match View::of(payload) {
            View::Null | View::String("") => Self::Instance,
            View::Object(members) if members.is_empty() => Self::Instance,
            View::String(text) => match compiler.json_text(text, place) {
                Some((template, least, cost)) => {
                    compiler.bound_written("it writes", cost.bytes, place.as_str());
                    Self::Text(StringPlan {
                        template,
                        types,
                        least,
                        cost,
                    })
                }
                None => Self::Instance,
            },
            _ => {
                let mut builder = Builder {
                    compiler,
                    types,
                    pieces: Vec::new(),
                    json: String::new(),
                };
                builder.value(payload, place);
                let pieces = builder.finish();
                compiler.bound(least_bytes(&pieces), place);
                Self::Tree(pieces)
            }
        }
    }

    /// Tells of a payload that reads nothing of an event and can never be rendered.
    pub(crate) fn find_fault(&self, compiler: &mut Compiler<'_>, place: &Place) {
        let is_constant = match self {
            Self::Instance => false,
            Self::Text(plan) => plan.template.is_constant(),
            Self::Tree(pieces) => are_constant(pieces),
        };
        let nothing = json::parse("{}").unwrap_or_default();
        let Some(instance) = nothing.downcast_object_ref() else {
            return;
        };
        let render =
            |templates: &Templates, context: &Context| self.render(templates, context, instance);
        if is_constant {
            compiler.find_out(place, render);
        } else if self.is_never_json() {
            // What is JSON without any values is so with all that need no quotes.
            compiler.find_ambiguity(place, render);
        }
    }

    /// Whether it is no JSON with its values written as such, whatever they are.
    fn is_never_json(&self) -> bool {
        match self {
            Self::Text(plan) => matches!(plan.least, Least::Text(_)),
            Self::Instance | Self::Tree(_) => false,
        }
    }

    /// What is known of the value before there is an event.
    pub(crate) fn known(&self) -> KnownValue {
        match self {
            // An instance is an object.
            Self::Instance => KnownValue::Json("{}".len()),
            Self::Tree(pieces) => match &**pieces {
                [Piece::Json(text)] => KnownValue::FixedJson((**text).into()),
                pieces => KnownValue::Json(least_bytes(pieces)),
            },
            Self::Text(plan) => known_text(plan),
        }
    }

    /// What rendering it takes at least.
    pub(crate) fn cost(&self) -> Cost {
        match self {
            Self::Instance => Cost::default(),
            Self::Text(plan) if plan.is_value() => plan.template.cost_of_value(),
            Self::Text(plan) => plan.cost,
            Self::Tree(pieces) => cost(pieces),
        }
    }

    /// Renders the payload of one event.
    ///
    /// # Errors
    ///
    /// A template fails, or gives a value that has no JSON form.
    pub(crate) fn render(
        &self,
        templates: &Templates,
        context: &Context,
        instance: &JsonObject,
    ) -> Result<Payload, Failure> {
        let mut out = String::new();
        match self {
            Self::Instance => {
                out.reserve(instance.text().len());
                write::object(instance, &mut out);
            }
            Self::Tree(pieces) => {
                out.reserve(256);
                let mut renderer = Renderer {
                    templates,
                    context,
                    scratch: String::with_capacity(128),
                };
                renderer.pieces(pieces, &mut out)?;
            }
            Self::Text(StringPlan {
                template, types, ..
            }) => {
                if *types == Types::Native
                    && let Some(value) = template.evaluate(templates, context)?
                {
                    return lone_value(template, &value);
                }
                return text(template, templates, context);
            }
        }
        Ok(Payload::Json(out))
    }
}

/// A string payload. If it is JSON text, values are written so that none changes its shape; what
/// is no JSON then is published as the plain text, which must not be JSON by chance.
fn text(
    template: &PlacedTemplate,
    templates: &Templates,
    context: &Context,
) -> Result<Payload, Failure> {
    let mut out = String::new();
    let rendered = template.render_json_text(templates, context, &mut out)?;
    if rendered == Rendered::CompactJson {
        return Ok(Payload::Json(out));
    }
    if is_json(&out) {
        return Ok(compact(&out));
    }
    if rendered == Rendered::JsonText {
        out.clear();
        template.render(templates, context, &mut out)?;
        if is_json(&out) {
            return Err(Failure::PayloadAmbiguous(template.place().into()));
        }
    }
    Ok(Payload::Text(out))
}

fn compact(text: &str) -> Payload {
    let mut out = String::with_capacity(text.len());
    write::compact(text, &mut out);
    Payload::Json(out)
}

/// A whole payload that is one expression: a string is plain text, even if it looks like JSON, and
/// any other value is JSON.
fn lone_value(template: &PlacedTemplate, value: &Value) -> Result<Payload, Failure> {
    if let Some(text) = value.as_str() {
        return Ok(Payload::Text(text.into()));
    }
    let mut out = String::new();
    template.write_value(value, &mut out)?;
    Ok(Payload::Json(out))
}

struct Builder<'a, 'b> {
    compiler: &'a mut Compiler<'b>,
    types: Types,
    pieces: Vec<Piece>,
    /// The JSON text since the last piece.
    json: String,
}

impl Builder<'_, '_> {
    /// The pieces so far.
    fn finish(&mut self) -> Box<[Piece]> {
        self.flush();
        std::mem::take(&mut self.pieces).into()
    }

    fn flush(&mut self) {
        if !self.json.is_empty() {
            self.pieces.push(Piece::Json(self.json.as_str().into()));
            self.json.clear();
        }
    }

    fn push(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn value(&mut self, value: &Value, place: &Place) {
        match View::of(value) {
            View::Null => self.json("null"),
            View::Bool(value) => self.json(if value { "true" } else { "false" }),
            View::Number(text) => self.number(&text, place),
            View::String(text) => self.string(text, place),
            View::Array(items) => {
                self.json("[");
                for (index, item) in items.iter().enumerate() {
                    self.comma(index);
                    self.value(item, &place.item(index));
                }
                self.json("]");
            }
            View::Object(members) => self.object(members, place),
        }
    }

    /// A number goes as it is written, whoever reads it.
    fn number(&mut self, text: &str, place: &Place) {
        if text.parse().is_ok_and(f64::is_infinite) {
            let message = format!(
                "`{}` is larger than 64 bits of a float hold, so many readers refuse it",
                quote::shown(text)
            );
            let help = "write a smaller one, or a string";
            self.compiler
                .faults
                .warning(NUMBER_TOO_LARGE, place, message, help);
        }
        self.json(text);
    }

    fn object(&mut self, members: Members<'_>, place: &Place) {
        let open: Vec<_> = members
            .iter()
            .map(|(name, value)| {
                let place = place.member(name);
                (self.compiler.template(name, &place.name()), value, place)
            })
            .collect();
        let names: Option<Vec<&str>> = open
            .iter()
            .map(|(name, ..)| name.as_ref()?.is_static())
            .collect();
        match names {
            Some(names) if all_differ(&names) => self.fixed_object(&open),
            _ => self.open_object(open),
        }
    }

    fn fixed_object(&mut self, members: &[(Option<PlacedTemplate>, &Value, Place)]) {
        self.json("{");
        for (index, (name, value, place)) in members.iter().enumerate() {
            self.comma(index);
            let name = name.as_ref().and_then(PlacedTemplate::is_static);
            self.json_string(name.unwrap_or_default());
            self.json(":");
            self.value(value, place);
        }
        self.json("}");
    }

    fn open_object(&mut self, members: Vec<(Option<PlacedTemplate>, &Value, Place)>) {
        let mut open = Vec::with_capacity(members.len());
        for (name, value, place) in members {
            self.flush();
            let outer = std::mem::take(&mut self.pieces);
            self.value(value, &place);
            let value = self.finish();
            self.pieces = outer;
            open.extend(name.map(|name| Member { name, value }));
        }
        self.push(Piece::Object(open.into()));
    }

    fn string(&mut self, text: &str, place: &Place) {
        let Some(template) = self.compiler.template(text, place) else {
            return;
        };
        if let Some(text) = template.is_static() {
            self.json_string(text);
        } else if self.types == Types::Native {
            self.push(Piece::Native(template));
        } else {
            self.json("\"");
            self.push(Piece::String(template));
            self.json("\"");
        }
    }

    fn json_string(&mut self, text: &str) {
        write::string(text, &mut self.json);
    }

    fn json(&mut self, text: &str) {
        self.json.push_str(text);
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.json(",");
        }
    }
}

fn all_differ(names: &[&str]) -> bool {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair.first() != pair.last())
}

struct Renderer<'a> {
    templates: &'a Templates,
    context: &'a Context,
    /// A string's text before it is escaped; kept for its memory.
    scratch: String,
}

impl Renderer<'_> {
    fn pieces(&mut self, pieces: &[Piece], out: &mut String) -> Result<(), Failure> {
        for piece in pieces {
            match piece {
                Piece::Json(text) => out.push_str(text),
                Piece::String(template) => self.string(template, out)?,
                Piece::Native(template) => self.native(template, out)?,
                Piece::Object(members) => self.object(members, out)?,
            }
        }
        Ok(())
    }

    fn string(&mut self, template: &PlacedTemplate, out: &mut String) -> Result<(), Failure> {
        self.scratch.clear();
        template.render(self.templates, self.context, &mut self.scratch)?;
        write::string_content(&self.scratch, out);
        Ok(())
    }

    fn native(&mut self, template: &PlacedTemplate, out: &mut String) -> Result<(), Failure> {
        if let Some(value) = template.evaluate(self.templates, self.context)? {
            return template.write_value(&value, out);
        }
        out.push('"');
        self.string(template, out)?;
        out.push('"');
        Ok(())
    }

    fn object(&mut self, members: &[Member], out: &mut String) -> Result<(), Failure> {
        let mut written: Vec<(String, String)> = Vec::with_capacity(members.len());
        for member in members {
            let (mut name, mut value) = (String::new(), String::new());
            member
                .name
                .render(self.templates, self.context, &mut name)?;
            self.pieces(&member.value, &mut value)?;
            match written.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => written.push((name, value)),
            }
        }
        out.push('{');
        for (index, (name, value)) in written.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write::string(name, out);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        Ok(())
    }
}
