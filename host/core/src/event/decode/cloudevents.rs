//! `CloudEvents` 1.0: attributes around data, which is an event in our own form, an instance,
//! or a change event of Debezium.

mod attributes;

use std::borrow::Cow;

use action_triggers_vocabulary::{Place, Signal, content_type, quote};
use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(super) use self::attributes::Attributes;
use super::{
    body::Body,
    debezium,
    decoded::Content,
    error::{DecodeError, shown},
    shape::is_json,
    sources::{CloudEventsSource, EventType},
};
use crate::event::object::Object;
use crate::event::text::Parts;

/// What types end with that say what happened, and whether a save made the instance.
const ENDINGS: &[(&str, Signal, Option<bool>)] = &[
    (Signal::PreSave.as_str(), Signal::PreSave, None),
    (Signal::PostSave.as_str(), Signal::PostSave, None),
    (Signal::PreDelete.as_str(), Signal::PreDelete, None),
    (Signal::PostDelete.as_str(), Signal::PostDelete, None),
    ("created", Signal::PostSave, Some(true)),
    ("updated", Signal::PostSave, Some(false)),
    ("deleted", Signal::PostDelete, None),
];

/// Decodes `CloudEvents` of one body.
pub(super) struct Reader<'s> {
    source: &'s CloudEventsSource,
    debezium: debezium::Reader<'s>,
    /// The last event's attributes as headers, where they are wanted.
    headers: Vec<(String, String)>,
}

/// An id and what stands under it.
type Named<'a> = (Option<String>, Content<'a>);

/// The data of an event, and where it stands.
struct Data<'a> {
    text: &'a str,
    place: Place,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s CloudEventsSource, debezium: debezium::Reader<'s>) -> Self {
        Self {
            source,
            debezium,
            headers: Vec::new(),
        }
    }

    /// Takes the headers that records of the last event carry.
    pub(super) fn headers(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.headers)
    }

    /// Decodes an event whose attributes stand beside its data.
    ///
    /// # Errors
    ///
    /// It is not a `CloudEvent`, has no data that is JSON, or nothing says what happened to
    /// which model.
    pub(super) fn structured(&mut self, text: &str) -> Result<Named<'static>, DecodeError> {
        let event = Object::read(text).ok_or_else(|| {
            let message = "expected a CloudEvent: a JSON object";
            DecodeError::malformed(Place::root(), message)
        })?;
        let attributes = Attributes::of_members(&event)?;
        let root = Place::root();
        if let Some(encoded) = event.text("data_base64") {
            let place = root.member("data_base64");
            let text = STANDARD.decode(encoded.as_bytes()).ok();
            let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| {
                let message = "`data_base64` must be the base64 of JSON in UTF-8";
                DecodeError::unsupported_encoding(place.clone(), message)
            })?;
            return self.event(&attributes, &Data { text: &text, place });
        }
        let place = root.member("data");
        let text = event.get("data").ok_or_else(|| {
            DecodeError::malformed(place.clone(), "`data` is missing: it must be an object")
        })?;
        self.event(&attributes, &Data { text, place })
    }

    /// Decodes an event whose attributes are headers and whose data is the body.
    ///
    /// # Errors
    ///
    /// As with [`Reader::structured`].
    pub(super) fn binary(&mut self, body: &Body<'_>) -> Result<Named<'static>, DecodeError> {
        let attributes = Attributes::of_headers(body)?;
        let place = Place::root();
        let text = str::from_utf8(body.bytes)
            .map_err(|error| DecodeError::not_utf8(error.valid_up_to()))?;
        self.event(&attributes, &Data { text, place })
    }

    fn event(
        &mut self,
        attributes: &Attributes,
        data: &Data<'_>,
    ) -> Result<Named<'static>, DecodeError> {
        if self.source.record_headers {
            self.headers = attributes.headers();
        }
        let content_type = attributes.get("datacontenttype");
        if let Some(given) = content_type.filter(|given| !is_json(given)) {
            let message = format!("data of type `{}` is not read: send JSON", shown(given));
            return Err(DecodeError::unsupported_encoding(
                data.place.clone(),
                message,
            ));
        }
        let id = attributes.unique_id();
        if attributes.is_of_debezium() {
            let told = attributes.told(&id);
            let content = self.debezium.decode(data.text, told);
            let content = content.map_err(|error| error.under(&data.place))?;
            return Ok((Some(id), owned(content)));
        }
        let members = Object::read(data.text).ok_or_else(|| {
            let message =
                "the data is not a JSON object: send the instance, or an event in our own form";
            DecodeError::malformed(data.place.clone(), message)
        })?;
        let time = attributes.get("time");
        let is_own = ["signal", "content_type", "instance"].map(|name| members.has(name));
        let text = if is_own == [true; 3] {
            own(&members, &id, time)
        } else {
            let EventType {
                signal,
                content_type,
                created,
            } = self.event_type(attributes)?;
            let parts = Parts {
                id: Some(&id),
                signal,
                content_type: content_type.as_deref().unwrap_or_default(),
                instance: data.text.trim_ascii(),
                before: None,
                created,
                time,
            };
            parts.text()
        };
        Ok((Some(id), Content::Event(text.into())))
    }

    /// What an event says whose data is the instance: as its type is configured, else as its
    /// type ends.
    fn event_type(&self, attributes: &Attributes) -> Result<EventType, DecodeError> {
        let name = attributes.get("type").unwrap_or_default();
        let of_subject = self.content_type_of_subject(attributes);
        // What is configured counts more than how a type ends.
        let told = match self.source.types.get(name).cloned() {
            Some(mut configured) => {
                configured.content_type = configured.content_type.or(of_subject);
                Some(configured)
            }
            None => told_by_ending(name).map(|mut told| {
                told.content_type = of_subject.or(told.content_type);
                told
            }),
        };
        told.filter(|told| told.content_type.is_some())
            .ok_or_else(|| DecodeError::unknown_event_type(attributes.place("type"), name))
    }

    fn content_type_of_subject(&self, attributes: &Attributes) -> Option<String> {
        let subject = attributes.get("subject")?;
        let subjects = &self.source.subjects;
        let whole = subjects.get(subject);
        let first = || subjects.get(subject.split('/').next()?);
        whole.or_else(first).cloned()
    }
}

/// What a type like `com.example.shop.order.post_save` says.
fn told_by_ending(name: &str) -> Option<EventType> {
    let (before, ending) = name.rsplit_once('.')?;
    let mut endings = ENDINGS.iter();
    let ending = endings.find(|(known, ..)| *known == ending).copied();
    let (_, signal, created) = ending?;
    let mut parts = before.rsplitn(3, '.');
    let model = parts.next();
    let content_type = parts
        .next()
        .zip(model)
        .map(|(app, model)| format!("{app}.{model}"));
    let content_type = content_type.filter(|name| content_type::normalized(name).is_some());
    let mut told = EventType::new(signal);
    told.content_type = content_type;
    told.created = created;
    Some(told)
}

/// An event in our own form under another id, and with the time of what it came in where it
/// has none of its own.
fn own(members: &Object<'_>, id: &str, time: Option<&str>) -> String {
    let mut text = String::from("{\"id\":");
    quote::string(id, &mut text);
    for (name, value) in members.members().filter(|(name, _)| *name != "id") {
        text.push(',');
        quote::string(name, &mut text);
        text.push(':');
        text.push_str(value);
    }
    if let Some(time) = time.filter(|_| !members.has("time")) {
        text.push_str(",\"time\":");
        quote::string(time, &mut text);
    }
    text.push('}');
    text
}

fn owned(content: Content<'_>) -> Content<'static> {
    match content {
        Content::Event(text) => Content::Event(Cow::Owned(text.into_owned())),
        Content::Skipped(why) => Content::Skipped(why),
    }
}
