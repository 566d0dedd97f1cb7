//! Placeholders in a queue's `conn_details` and `parameters`.
//!
//! `{{ dotted.path }}` in any string of the tree, but not in names, stands for
//! the host's value at that path. A string that is one placeholder and nothing
//! else keeps the value's JSON type, unless the member must be text. Values are
//! not searched for placeholders again.

use action_triggers_django::{
    Span,
    json::{self, Members, View, write},
};
use action_triggers_vocabulary::{
    Place, SettingError,
    placeholder::{self, Part},
    setting::{self, Scalar},
};
use minijinja::Value;

use crate::{failure::Failure, host::Host};

/// A JSON object whose placeholders are found, ready to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pieces: Box<[Piece]>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// JSON text, copied.
    Json(Box<str>),
    /// A placeholder that is a whole value.
    Value { path: Box<str> },
    /// A placeholder inside a string.
    Text { path: Box<str> },
}

/// A placeholder, and where in the set it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSetting {
    /// The dotted path that it asks for.
    pub name: String,
    /// Where the string is that it stands in.
    pub path: String,
    /// Which part of that string the dotted path is.
    pub span: Span,
}

impl Fields {
    /// An empty object.
    pub(crate) fn empty() -> Self {
        Self {
            pieces: [Piece::Json("{}".into())].into(),
        }
    }

    /// Prepares the JSON object at this place, without the members that the host
    /// sets itself. Of the others, the one named `text_member` must be text for
    /// the host, so a number becomes one.
    pub(crate) fn new(
        members: Members<'_>,
        place: &Place,
        text_member: &str,
        set_by_host: &[String],
    ) -> (Self, Vec<NamedSetting>) {
        let is_own = |(name, _): &(&str, &Value)| !set_by_host.iter().any(|set| set == name);
        let mut builder = Builder::default();
        builder.object(members.iter().filter(is_own), place, Some(text_member));
        builder.flush();
        let fields = Self {
            pieces: builder.pieces.into(),
        };
        (fields, builder.settings)
    }

    /// The same with a text beside its members.
    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        if let Some(Piece::Json(json)) = self.pieces.last_mut()
            && let Some(open) = json.strip_suffix('}')
        {
            let mut out = open.to_owned();
            if open != "{" {
                out.push(',');
            }
            write::string(name, &mut out);
            out.push(':');
            write::string(text, &mut out);
            out.push('}');
            *json = out.into();
        }
        self
    }

    /// Whether there are no placeholders.
    pub(crate) fn is_fixed(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Json(_)))
    }

    /// The object, its placeholders as they are written.
    pub(crate) fn written(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Json(text) => out.push_str(text),
                Piece::Value { path } => write::string(&format!("{{{{ {path} }}}}"), &mut out),
                Piece::Text { path } => {
                    write::string_content(&format!("{{{{ {path} }}}}"), &mut out);
                }
            }
        }
        out
    }

    /// The placeholders, as the paths that they ask for.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Json(_) => None,
            Piece::Value { path } | Piece::Text { path } => Some(&**path),
        })
    }

    /// Writes the object, asking the host for every placeholder.
    ///
    /// # Errors
    ///
    /// The host gives no value for a placeholder, or one that is no text where
    /// text is needed.
    pub(crate) fn resolve(&self, host: &mut impl Host) -> Result<String, Failure> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Json(text) => out.push_str(text),
                Piece::Value { path } => write::compact(&setting(path, host)?, &mut out),
                Piece::Text { path } => text_of(path, &setting(path, host)?, &mut out)?,
            }
        }
        Ok(out)
    }
}

fn setting(path: &str, host: &mut impl Host) -> Result<String, Failure> {
    let result = host.setting(path).and_then(|text| {
        // What the host sends ends up inside JSON, so it must be JSON.
        match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err(SettingError::not_json()),
        }
    });
    result.map_err(|error| failed(path, error))
}

/// Writes a setting as part of a JSON string.
fn text_of(path: &str, setting: &str, out: &mut String) -> Result<(), Failure> {
    let value = json::parse(setting).unwrap_or_default();
    let view = View::of(&value);
    let scalar = match &view {
        View::String(text) => Scalar::Text(text),
        View::Number(text) => Scalar::Number(text),
        View::Bool(value) => Scalar::Bool(*value),
        other => Scalar::Other(other.kind()),
    };
    let text = setting::as_text(scalar).map_err(|error| failed(path, error))?;
    write::string_content(text, out);
    Ok(())
}

fn failed(path: &str, error: SettingError) -> Failure {
    Failure::Setting {
        path: path.into(),
        error,
    }
}

#[derive(Default)]
struct Builder {
    pieces: Vec<Piece>,
    json: String,
    settings: Vec<NamedSetting>,
}

impl Builder {
    fn flush(&mut self) {
        if !self.json.is_empty() {
            self.pieces
                .push(Piece::Json(std::mem::take(&mut self.json).into()));
        }
    }

    fn placeholder(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn value(&mut self, value: &Value, place: &Place) {
        match View::of(value) {
            View::Null => self.json.push_str("null"),
            View::Bool(value) => self.json.push_str(if value { "true" } else { "false" }),
            View::Number(text) => self.json.push_str(&text),
            View::String(text) => self.string(text, place, false),
            View::Array(items) => {
                self.json.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.comma(index);
                    self.value(item, &place.item(index));
                }
                self.json.push(']');
            }
            View::Object(members) => self.object(members.iter(), place, None),
        }
    }

    fn object<'a>(
        &mut self,
        members: impl Iterator<Item = (&'a str, &'a Value)>,
        place: &Place,
        text_member: Option<&str>,
    ) {
        self.json.push('{');
        for (index, (name, member)) in members.enumerate() {
            self.comma(index);
            write::string(name, &mut self.json);
            self.json.push(':');
            let place = place.member(name);
            match (View::of(member), text_member) {
                (View::String(text), Some(needed)) if needed == name => {
                    self.string(text, &place, true);
                }
                _ => self.value(member, &place),
            }
        }
        self.json.push('}');
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.json.push(',');
        }
    }

    fn string(&mut self, text: &str, place: &Place, must_be_text: bool) {
        let parts = placeholder::parts(text);
        for part in &parts {
            if let Part::Path(path) = part {
                let offset = path.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
                self.settings.push(NamedSetting {
                    name: (*path).into(),
                    path: place.as_str().into(),
                    span: Span::of(text, offset, path.len()),
                });
            }
        }
        if let [Part::Path(path)] = parts.as_slice()
            && !must_be_text
        {
            let path = (*path).into();
            self.placeholder(Piece::Value { path });
            return;
        }
        self.json.push('"');
        for part in parts {
            match part {
                Part::Text(text) => write::string_content(text, &mut self.json),
                Part::Path(path) => self.placeholder(Piece::Text { path: path.into() }),
            }
        }
        self.json.push('"');
    }
}
