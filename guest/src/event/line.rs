//! Events as they come: JSON text, of which the header is read first.

use std::borrow::Cow;

use action_triggers_vocabulary::{Signal, content_type, quote, suggest::did_you_mean};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::EventError;

/// Most bytes of an event's id: it travels with every record.
const LONGEST_ID: usize = 512;

/// An event's text, its header read. `instance` and `before` are JSON, and not
/// taken apart yet.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    /// Its own id, where it has one.
    pub(crate) id: Option<String>,
    pub(crate) signal: Signal,
    /// In its normal form.
    pub(crate) content_type: Cow<'a, str>,
    pub(crate) instance: &'a str,
    pub(crate) before: Option<&'a str>,
    /// Whether a save made the instance, where that is known.
    pub(crate) created: Option<bool>,
    /// As JSON text.
    pub(crate) time: Option<&'a str>,
}

/// The members of an event. Unknown ones are refused, so that a misspelt
/// `before` does not go unnoticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an event: a JSON object")]
struct Members<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    signal: &'a RawValue,
    #[serde(borrow)]
    content_type: &'a RawValue,
    #[serde(borrow)]
    instance: &'a RawValue,
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    created: Option<bool>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    /// Reads an event's header. The whole text is checked to be JSON.
    ///
    /// # Errors
    ///
    /// The text is not an event; the error says what is wrong, and where.
    pub(crate) fn read(text: &'a str) -> Result<Self, EventError> {
        let body = text.trim_ascii_start();
        if body.starts_with('[') {
            // serde would take its items for the members, in order.
            let bracket = body.get(..1).unwrap_or_default();
            let message =
                "the event is not of the right form: an array, where an object is expected";
            return Err(EventError::at(
                "event_malformed",
                text,
                bracket,
                message.into(),
            ));
        }
        let members: Members<'a> =
            serde_json::from_str(text).map_err(|error| EventError::unreadable(text, &error))?;
        Ok(Self {
            text,
            id: members.id.map(|raw| id(text, raw)).transpose()?,
            signal: signal(text, members.signal)?,
            content_type: content_type(text, members.content_type)?,
            instance: members.instance.get(),
            before: members.before.map(RawValue::get),
            created: members.created,
            time: members.time.map(RawValue::get),
        })
    }
}

fn id(text: &str, raw: &RawValue) -> Result<String, EventError> {
    let written = raw.get();
    let is_integer = || {
        let digits = written.trim_start_matches('-');
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let id = match string(written) {
        Some(id) => Some(id.into_owned()),
        None => is_integer().then(|| written.to_owned()),
    };
    id.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)
        .ok_or_else(|| {
            let message =
                format!("the event's id must be a text of 1 to {LONGEST_ID} bytes or an integer");
            EventError::at("invalid_event_id", text, written, message)
        })
}

fn signal(text: &str, raw: &RawValue) -> Result<Signal, EventError> {
    let written = raw.get();
    let name = string(written).ok_or_else(|| {
        EventError::at(
            "event_malformed",
            text,
            written,
            "`signal` must be a text".into(),
        )
    })?;
    Signal::from_name(&name).ok_or_else(|| {
        let shown = quote::shown(&name);
        let known = Signal::NAMES.join("`, `");
        let help = did_you_mean(&name, &Signal::NAMES);
        let message = if help.starts_with("did") {
            format!("unknown signal `{shown}`: {help}")
        } else {
            format!("unknown signal `{shown}`: expected one of `{known}`")
        };
        EventError::at("unknown_signal", text, written, message)
    })
}

#[derive(Deserialize)]
struct Parts {
    app_label: String,
    #[serde(alias = "model")]
    model_name: String,
}

/// A content type in its normal form, written as a text or as an object of its
/// two parts.
fn content_type<'a>(text: &str, raw: &'a RawValue) -> Result<Cow<'a, str>, EventError> {
    let written = raw.get();
    let parts = || serde_json::from_str::<Parts>(written).ok();
    let joined = |parts: Parts| Cow::Owned(format!("{}.{}", parts.app_label, parts.model_name));
    let Some(name) = string(written).or_else(|| parts().map(joined)) else {
        let message = "`content_type` must be `app_label.model` or an object with `app_label` and `model_name`";
        return Err(EventError::at(
            "event_malformed",
            text,
            written,
            message.into(),
        ));
    };
    let normalized = match &name {
        Cow::Borrowed(name) => content_type::normalized(name),
        Cow::Owned(name) => {
            content_type::normalized(name).map(|name| Cow::Owned(name.into_owned()))
        }
    };
    normalized.ok_or_else(|| {
        let message = content_type::invalid(&name);
        EventError::at("invalid_content_type", text, written, message)
    })
}

/// A JSON string, borrowed where it has no escapes.
pub(super) fn string(written: &str) -> Option<Cow<'_, str>> {
    let inside = written.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        return serde_json::from_str(written).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inside))
}
