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
    /// One JSON value.
    One,
    /// An array of JSON values.
    Many,
    /// One JSON value a line.
    Lines,
    /// The data of an event whose attributes are headers.
    Data,
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

const ONE_CLOUD_EVENT: &str = "application/cloudevents+json";
const MANY_CLOUD_EVENTS: &str = "application/cloudevents-batch+json";

/// What the types of events begin with that do not stand in headers.
const CLOUD_EVENTS: &str = "application/cloudevents";

/// The header that says that the body is the data of a `CloudEvent`.
const SPEC_VERSION: &str = "ce-specversion";

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
        let has_attributes = || body.header(SPEC_VERSION).is_some();
        let layout = match essence {
            ONE_CLOUD_EVENT => Layout::One,
            MANY_CLOUD_EVENTS => Layout::Many,
            _ if TYPES_OF_LINES.contains(&essence) => Layout::Lines,
            _ => Layout::OneOrMany,
        };
        if let Some(name) = body.format {
            let format = Format::from_name(name).ok_or_else(|| unknown_format(name))?;
            let layout = match (format, layout) {
                (Format::Own, _) if name == NDJSON => Layout::Lines,
                (Format::CloudEvents, Layout::OneOrMany) if has_attributes() => Layout::Data,
                _ => layout,
            };
            return Ok(Self { format, layout });
        }
        let (format, layout) = match layout {
            Layout::One | Layout::Many => (Format::CloudEvents, layout),
            _ if essence.starts_with(CLOUD_EVENTS) => {
                return Err(media.unsupported(
                    "of the forms of CloudEvents send JSON, as `application/cloudevents+json`",
                ));
            }
            _ if has_attributes() => (Format::CloudEvents, Layout::Data),
            Layout::Lines => (Format::Own, layout),
            _ if TYPES_OF_JSON.contains(&essence) => (Format::Own, layout),
            _ => {
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

/// Whether a content type says that something is JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = MediaType::of(content_type).essence;
    TYPES_OF_JSON.contains(&essence.as_str()) || essence.ends_with("+json")
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
