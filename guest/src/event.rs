//! Events, and the context that templates see.
//!
//! At the top level stand the instance's fields. `instance` is the instance
//! and `event` the event, whatever the fields are called; `before` and
//! `changed` are short for `event.before` and `event.changed` where the
//! instance has no such field.

mod before;
mod error;
mod line;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use action_triggers_django::{
    Context, dates,
    json::{self, Document, Fields, JsonObject, View},
};
use action_triggers_vocabulary::quote;
use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use before::Changed;

pub use action_triggers_vocabulary::Signal;
pub use error::EventError;
pub(crate) use {before::Touched, line::Line};

/// An event as the host hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The event's JSON text.
    pub text: String,
    /// Names the event where its text has no `id`.
    pub id: String,
}

/// A model's primary key is its `pk`, whatever its field is called; an instance without one has it
/// as its `id`.
const PRIMARY_KEY: (&str, &str) = ("pk", "id");

impl Input {
    /// The event's text, ready to be read.
    pub(crate) fn document(text: String) -> Document {
        let (name, instead) = PRIMARY_KEY;
        Document::with_substitute(text, name, instead)
    }
}

/// The fields that a set declares the types of, by content type in its normal form.
pub(crate) type Models = BTreeMap<Box<str>, Arc<Fields>>;

/// An event that has been read.
pub(crate) struct Change<'a> {
    pub(crate) signal: Signal,
    pub(crate) content_type: Cow<'a, str>,
    facts: Arc<Facts>,
    context: Context,
}

impl<'a> Change<'a> {
    /// Reads what the header has left: the instance, its state before, the time.
    ///
    /// # Errors
    ///
    /// One of them is not what it should be.
    pub(crate) fn read(
        document: &Document,
        line: Line<'a>,
        id: &str,
        depth: usize,
        models: &Models,
    ) -> Result<Self, EventError> {
        let fields = models.get(&*line.content_type);
        let object = |part, written| object(document, line.text, (part, written), depth, fields);
        let before = line
            .before
            .map(|written| object("before", written))
            .transpose()?;
        let is_delete = matches!(line.signal, Signal::PreDelete | Signal::PostDelete);
        let instance = match &before {
            Some(before) if is_delete && line.instance == "null" => before.clone(),
            _ => object("instance", line.instance)?,
        };
        // What was there before the save was not made by it.
        let known_before = (before.is_some() && !is_delete).then_some(false);
        let time = line
            .time
            .map(|written| read_time(line.text, written))
            .transpose()?;
        let (time, now) = time.unzip();
        let facts = Arc::new(Facts {
            id: Value::from(id),
            signal: line.signal,
            content_type: Value::from(&*line.content_type),
            time: time.map(Value::from),
            created: line.created.or(known_before),
            instance,
            before,
        });
        let context = Context {
            variables: Value::from_object(Variables {
                facts: facts.clone(),
                guard: None,
            }),
            now,
            object: Some(facts.instance.clone()),
            taken: TAKEN,
        };
        Ok(Self {
            signal: line.signal,
            content_type: line.content_type,
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
            ..self.context.clone()
        };
        Some((context, touched))
    }

    /// Content type and primary key; none without a primary key.
    pub(crate) fn ordering_key(&self) -> Option<String> {
        let instance = &self.facts.instance;
        let named = |key: &str| Some([&self.content_type, "/", key].concat());
        if let Some(key) = instance.plain_member(PRIMARY_KEY.0) {
            return named(key);
        }
        match View::of(instance.member(PRIMARY_KEY.0)?) {
            View::String(key) => named(key),
            View::Number(key) => named(&key),
            _ => None,
        }
    }
}

/// Takes a part of an event's text, which is JSON, as an object.
fn object(
    document: &Document,
    text: &str,
    (part, written): (&str, &str),
    depth: usize,
    fields: Option<&Arc<Fields>>,
) -> Result<Arc<JsonObject>, EventError> {
    let fault = |message| EventError::at("event_malformed", text, written, message);
    let Some(object) = document.object(written, fields) else {
        let kind = json::kind(written);
        return Err(fault(format!("`{part}` is {kind}, not an object")));
    };
    // What walks values by recursion must not exhaust the stack.
    if object.depth() > depth {
        return Err(fault(format!(
            "`{part}` is nested deeper than {depth} levels: make it flatter, or raise `event_depth` in `limits`"
        )));
    }
    if object.has_escapes() && json::has_half_character(written) {
        return Err(fault(format!(
            "`{part}` has a lone surrogate escape, such as `\\ud800`, which stands for no character"
        )));
    }
    Ok(Arc::new(object))
}

fn read_time<'a>(
    text: &str,
    written: &'a str,
) -> Result<(Cow<'a, str>, dates::Timestamp), EventError> {
    let time = line::string(written);
    let timestamp = time.as_deref().and_then(dates::parse);
    let timestamp = timestamp.filter(|time| time.epoch_milliseconds().is_some());
    time.zip(timestamp).ok_or_else(|| {
        let shown = quote::shown(written);
        let message = format!("invalid `time` {shown}: expected RFC 3339");
        EventError::at("event_malformed", text, written, message)
    })
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

/// What stands at the top level whatever the instance's fields are called.
const TAKEN: &[&str] = &["instance", "event"];

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
        None => guard.map(Touched::missing),
    }
}

fn changed(facts: &Facts, guard: Option<&Touched>) -> Option<Value> {
    match &facts.before {
        Some(before) => Some(Value::from_object(Changed {
            instance: facts.instance.clone(),
            before: before.clone(),
        })),
        None => guard.map(Touched::missing),
    }
}
