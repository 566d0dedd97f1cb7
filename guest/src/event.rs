//! Events, and the context that templates see.
//!
//! At the top level stand the instance's fields. `instance` is the instance
//! and `event` the event, whatever the fields are called; `before` and
//! `changed` are short for `event.before` and `event.changed` where the
//! instance has no such field.

mod before;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use action_triggers_django::{
    Context, dates,
    json::{self, Fields, JsonObject, View},
};
use action_triggers_vocabulary::content_type;
use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use crate::failure::Failure;
use before::{Absent, Changed};

pub use action_triggers_vocabulary::Signal;
pub(crate) use before::Touched;

/// A record was, or is about to be, saved or deleted.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Names the event; records that come of it carry it.
    pub id: &'a str,
    /// What happened.
    pub signal: Signal,
    /// `app_label.model`; the model is compared in lower case.
    pub content_type: &'a str,
    /// The instance, a JSON object; null where it was deleted and is in `before`.
    pub instance: &'a str,
    /// The instance before the change, a JSON object.
    pub before: Option<&'a str>,
    /// Whether a save made the instance, where that is known.
    pub created: Option<bool>,
    /// When it happened, RFC 3339.
    pub time: Option<&'a str>,
}

/// The fields that a set declares the types of, by content type in its normal form.
pub(crate) type Models = BTreeMap<Box<str>, Arc<Fields>>;

/// An event that has been read.
pub(crate) struct Change<'a> {
    pub(crate) event: Event<'a>,
    pub(crate) content_type: Cow<'a, str>,
    facts: Arc<Facts>,
    context: Context,
}

impl<'a> Change<'a> {
    /// Reads an event, all of it.
    ///
    /// # Errors
    ///
    /// [`Failure::InvalidEvent`] names the part that is not what it should be.
    pub(crate) fn read(event: &Event<'a>, models: &Models) -> Result<Self, Failure> {
        let content_type = content_type::normalized(event.content_type)
            .ok_or_else(|| Failure::InvalidEvent(content_type::invalid(event.content_type)))?;
        let fields = models.get(&*content_type);
        let before = event
            .before
            .map(|text| object("before", text, fields))
            .transpose()?;
        let is_delete = matches!(event.signal, Signal::PreDelete | Signal::PostDelete);
        let instance = match &before {
            Some(before) if is_delete && event.instance.trim_ascii() == "null" => before.clone(),
            _ => object("instance", event.instance, fields)?,
        };
        // What was there before the save was not made by it.
        let known_before = (before.is_some() && !is_delete).then_some(false);
        let now = event.time.map(read_time).transpose()?;
        let facts = Arc::new(Facts {
            id: Value::from(event.id),
            signal: event.signal,
            content_type: Value::from(&*content_type),
            time: event.time.map(Value::from),
            created: event.created.or(known_before),
            instance,
            before,
        });
        let context = Context {
            variables: Value::from_object(Variables {
                facts: facts.clone(),
                guard: None,
            }),
            now,
        };
        Ok(Self {
            event: *event,
            content_type,
            facts,
            context,
        })
    }

    /// The instance that changed.
    pub(crate) fn instance(&self) -> &JsonObject {
        &self.facts.instance
    }

    /// What templates see.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// What a condition sees that may look at what the event does not have:
    /// the same, with a mark that says whether it did.
    pub(crate) fn guarded_context(&self) -> Option<(Context, Touched)> {
        if self.facts.before.is_some() {
            return None;
        }
        let touched = Touched::default();
        let context = Context {
            variables: Value::from_object(Variables {
                facts: self.facts.clone(),
                guard: Some(touched.clone()),
            }),
            now: self.context.now,
        };
        Some((context, touched))
    }

    /// Content type and primary key; without one the content type alone.
    pub(crate) fn ordering_key(&self) -> String {
        let key = self.facts.instance.member("pk").map(View::of);
        match key {
            Some(View::String(key)) => format!("{}/{key}", self.content_type),
            Some(View::Number(key)) => format!("{}/{key}", self.content_type),
            _ => self.content_type.clone().into_owned(),
        }
    }
}

/// The deepest nesting of an event's JSON. Real records have a handful of
/// levels; what walks values by recursion must not exhaust the stack.
const DEEPEST: usize = 128;

fn object(
    part: &str,
    text: &str,
    fields: Option<&Arc<Fields>>,
) -> Result<Arc<JsonObject>, Failure> {
    if json::depth(text) > DEEPEST {
        let message = format!("`{part}` is nested deeper than {DEEPEST} levels");
        return Err(Failure::InvalidEvent(message));
    }
    let value = json::parse_with(text, fields)
        .map_err(|error| Failure::InvalidEvent(format!("`{part}` is not JSON: {error}")))?;
    if json::has_half_character(text) {
        let message = format!("`{part}` has an escape that is half a character, such as `\\ud800`");
        return Err(Failure::InvalidEvent(message));
    }
    value.downcast_object::<JsonObject>().ok_or_else(|| {
        let kind = View::of(&value).kind();
        Failure::InvalidEvent(format!("`{part}` is {kind}, not an object"))
    })
}

fn read_time(text: &str) -> Result<dates::Timestamp, Failure> {
    let time = dates::parse(text).filter(|time| time.epoch_milliseconds().is_some());
    time.ok_or_else(|| {
        Failure::InvalidEvent(format!("`time` is `{}`, not RFC 3339", shortened(text)))
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// What is known of an event, for the objects that templates see.
#[derive(Debug)]
struct Facts {
    id: Value,
    signal: Signal,
    content_type: Value,
    time: Option<Value>,
    created: Option<bool>,
    instance: Arc<JsonObject>,
    before: Option<Arc<JsonObject>>,
}

/// The members of `event`.
pub(crate) const EVENT_VARIABLES: &[&str] = &[
    "signal",
    "content_type",
    "id",
    "time",
    "created",
    "before",
    "changed",
];

/// What stands at the top level.
#[derive(Debug)]
struct Variables {
    facts: Arc<Facts>,
    guard: Option<Touched>,
}

impl Variables {
    fn event(&self) -> Value {
        Value::from_object(EventVariables {
            facts: self.facts.clone(),
            guard: self.guard.clone(),
        })
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let facts = &self.facts;
        match key {
            "instance" => Some(Value::from_dyn_object(facts.instance.clone())),
            "event" => Some(self.event()),
            _ => match (facts.instance.lookup(key), key) {
                (Some(value), _) => Some(value),
                (None, "before") => before(facts, self.guard.as_ref()),
                (None, "changed") => changed(facts, self.guard.as_ref()),
                _ => None,
            },
        }
    }
}

/// What stands below `event`.
#[derive(Debug)]
struct EventVariables {
    facts: Arc<Facts>,
    guard: Option<Touched>,
}

impl Object for EventVariables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "signal" => Some(Value::from(self.facts.signal.as_str())),
            "content_type" => Some(self.facts.content_type.clone()),
            "id" => Some(self.facts.id.clone()),
            "time" => self.facts.time.clone(),
            "created" => self.facts.created.map(Value::from),
            "before" => before(&self.facts, self.guard.as_ref()),
            "changed" => changed(&self.facts, self.guard.as_ref()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(EVENT_VARIABLES)
    }
}

fn before(facts: &Facts, guard: Option<&Touched>) -> Option<Value> {
    match &facts.before {
        Some(before) => Some(Value::from_dyn_object(before.clone())),
        None => guard.map(Absent::value),
    }
}

fn changed(facts: &Facts, guard: Option<&Touched>) -> Option<Value> {
    match &facts.before {
        Some(before) => Some(Value::from_object(Changed {
            instance: facts.instance.clone(),
            before: before.clone(),
        })),
        None => guard.map(Absent::value),
    }
}
