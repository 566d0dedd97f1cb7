//! What a request says of its body: which format it has, and how its events are laid out in it.

use action_triggers_vocabulary::suggest::did_you_mean;

use super::{
    body::Body,
    error::{BodyError, shown},
    format::{Format, NDJSON},
};

/// How the events of a body are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One JSON value, or an array of them.
    OneOrMany,
    /// One JSON value a line.
    Lines,
}

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) format: Format,
    pub(super) layout: Layout,
}

const TYPES_OF_JSON: &[&str] = &["application/json", "text/json"];

const TYPES_OF_LINES: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
];

impl Shape {
    /// What a request says of its body. One without a content type is JSON.
    ///
    /// # Errors
    ///
    /// It names a format that there is not, or a content type that tells none.
    pub(super) fn of(body: &Body<'_>) -> Result<Self, BodyError> {
        let media = MediaType::of(body.content_type.unwrap_or("application/json"));
        if !media.is_utf8 {
            return Err(media.unsupported("send the body as UTF-8"));
        }
        let essence = media.essence.as_str();
        let layout = match essence {
            _ if TYPES_OF_LINES.contains(&essence) => Layout::Lines,
            _ => Layout::OneOrMany,
        };
        if let Some(name) = body.format {
            let format = Format::from_name(name).ok_or_else(|| unknown_format(name))?;
            let layout = match (format, layout) {
                (Format::Own, _) if name == NDJSON => Layout::Lines,
                _ => layout,
            };
            return Ok(Self { format, layout });
        }
        let (format, layout) = match layout {
            Layout::Lines => (Format::Own, layout),
            _ if TYPES_OF_JSON.contains(&essence) => (Format::Own, layout),
            Layout::OneOrMany => {
                return Err(media.unsupported(
                    "send `application/json` or `application/x-ndjson`, or say the format, such as `?format=json`",
                ));
            }
        };
        Ok(Self { format, layout })
    }
}

fn unknown_format(name: &str) -> BodyError {
    let known: Vec<&str> = Format::names().collect();
    BodyError::UnknownFormat {
        given: shown(name),
        help: did_you_mean(name, &known),
    }
}

/// A content type, taken apart.
struct MediaType<'a> {
    written: &'a str,
    /// Type and subtype, in lower case.
    essence: String,
    /// Whether its `charset`, if any, is UTF-8 or a part of it.
    is_utf8: bool,
}

impl<'a> MediaType<'a> {
    fn of(written: &'a str) -> Self {
        let mut parts = written.split(';');
        let essence = parts.next().unwrap_or_default();
        let charset = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_charset = name.trim().eq_ignore_ascii_case("charset");
            is_charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        let known = ["utf-8", "utf8", "us-ascii"];
        Self {
            written,
            essence: essence.trim().to_ascii_lowercase(),
            is_utf8: charset.is_none_or(|charset| known.contains(&&*charset)),
        }
    }

    fn unsupported(&self, help: &'static str) -> BodyError {
        BodyError::UnsupportedType {
            given: shown(self.written),
            help,
        }
    }
}
