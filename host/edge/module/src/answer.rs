//! What the module answers, as JSON. The names are those of the WIT package, with `_`.

use action_triggers_guest::{
    diagnostic::{Diagnostic, Severity, Span},
    engine::{Decision, Outcome},
    event::EventError,
    explain::Explanation,
    failure::Failure,
    loaded::{
        Frequency, KnownHeader, KnownRecord, KnownValue, Loaded, LoadedQueue, LoadedTrigger,
        NamedSetting, Refusal,
    },
    message::{Destination, Message, Payload},
};
use serde_json::{Map, Value, json};

/// The call is not one of the module's.
pub(crate) fn invalid_call(error: &serde_json::Error) -> Value {
    let message = format!(
        "invalid call: {error}; expected an object such as {{\"process\": {{\"events\": []}}}}"
    );
    json!({"code": "invalid_call", "message": message})
}

pub(crate) fn not_loaded() -> Value {
    failure(&Failure::NotLoaded)
}

pub(crate) fn already_loaded() -> Value {
    json!({
        "code": "already_loaded",
        "message": "this instance has its triggers: make a new instance for another set",
    })
}

pub(crate) fn refused(refusal: &Refusal) -> Value {
    json!({
        "code": "invalid_triggers",
        "message": "the triggers have errors",
        "diagnostics": all(&refusal.diagnostics, diagnostic),
        "triggers": all(&refusal.triggers, trigger),
    })
}

pub(crate) fn loaded(loaded: &Loaded) -> Value {
    json!({
        "triggers": all(&loaded.triggers, trigger),
        "diagnostics": all(&loaded.diagnostics, diagnostic),
        "set_sha256": loaded.set_sha256,
    })
}

/// Of each event its id, and one of `done`, `unreadable`, `failed` and `not_processed`.
pub(crate) fn outcomes<T>(outcomes: Vec<Outcome<T>>, mut done: impl FnMut(T) -> Value) -> Value {
    let mut outcome = |outcome: Outcome<T>| {
        let id = outcome.id;
        match outcome.decision {
            Decision::Done(all) => {
                let all: Value = all.into_iter().map(&mut done).collect();
                json!({"id": id, "done": all})
            }
            Decision::Unreadable(error) => json!({"id": id, "unreadable": unreadable(&error)}),
            Decision::Failed(why) => json!({"id": id, "failed": failure(&why)}),
            Decision::NotProcessed => json!({"id": id, "not_processed": true}),
        }
    };
    outcomes.into_iter().map(&mut outcome).collect()
}

/// A queue of a trigger that fires, with its record or why there is none.
pub(crate) fn publication(trigger: u32, queue: u32, record: Result<Value, Failure>) -> Value {
    match record {
        Ok(record) => json!({"trigger": trigger, "queue": queue, "record": record}),
        Err(why) => json!({"trigger": trigger, "queue": queue, "failure": failure(&why)}),
    }
}

/// A record, without the members that have nothing to say.
pub(crate) fn record(message: &Message<'_>) -> Value {
    let headers = message.headers.iter();
    let headers = headers.map(|(name, value)| json!({"name": name, "value": value}));
    let value = match &message.value {
        Payload::Json(text) => json!({"json": text}),
        Payload::Text(text) => json!({"text": text}),
        Payload::Tombstone => Value::Null,
    };
    said([
        ("event", json!(message.event)),
        ("ordering_key", json!(message.ordering_key)),
        (
            "destination",
            message
                .destination
                .as_ref()
                .map(destination)
                .unwrap_or_default(),
        ),
        ("topic", json!(message.topic)),
        ("key", json!(message.key)),
        ("headers", headers.collect()),
        ("partition", json!(message.partition)),
        ("timestamp_ms", json!(message.timestamp_ms)),
        ("value", value),
    ])
}

pub(crate) fn explanation(one: &Explanation) -> Value {
    json!({
        "trigger": one.trigger,
        "fires": one.fires,
        "clause": one.clause.as_str(),
        "reason": one.reason,
    })
}

fn trigger(trigger: &LoadedTrigger) -> Value {
    let signals = trigger.signals.iter().map(|signal| signal.as_str());
    json!({
        "name": trigger.name,
        "is_named": trigger.is_named,
        "active": trigger.active,
        "signals": signals.collect::<Vec<_>>(),
        "content_types": trigger.content_types,
        "queues": all(&trigger.queues, queue),
        "value": known_value(&trigger.value),
    })
}

fn known_value(value: &KnownValue) -> Value {
    match value {
        KnownValue::FixedJson(text) => json!({"fixed_json": text}),
        KnownValue::FixedText(text) => json!({"fixed_text": text}),
        KnownValue::Json(bytes) => json!({"json": bytes}),
        KnownValue::Text(bytes) => json!({"text": bytes}),
        KnownValue::Either(bytes) => json!({"either": bytes}),
    }
}

fn known_record(record: &KnownRecord) -> Value {
    let header = |header: &KnownHeader| json!({"name": header.name, "value_bytes": header.value_bytes, "is_fixed": header.is_fixed});
    json!({
        "key_bytes": record.key_bytes,
        "headers": all(&record.headers, header),
        "timestamp": frequency(record.timestamp),
        "timestamp_ms": record.timestamp_ms,
        "tombstone": frequency(record.tombstone),
    })
}

fn frequency(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::None => "none",
        Frequency::Some => "some",
        Frequency::All => "all",
    }
}

fn queue(queue: &LoadedQueue) -> Value {
    let setting = |setting: &NamedSetting| json!({"name": setting.name, "path": setting.path, "span": span(&setting.span)});
    json!({
        "broker": queue.broker,
        "path": queue.path,
        "destination": destination(&queue.destination),
        "is_fixed": queue.is_fixed,
        "renders_topic": queue.renders_topic,
        "timeout_ms": queue.timeout_ms,
        "settings": all(&queue.settings, setting),
        "records": queue.records.as_ref().map(known_record),
    })
}

/// Both halves are JSON text, so that no host rounds their numbers.
fn destination(destination: &Destination) -> Value {
    json!({"conn_details": destination.conn_details, "parameters": destination.parameters})
}

fn diagnostic(found: &Diagnostic) -> Value {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "severity": severity,
        "code": found.code,
        "path": found.path,
        "message": found.message,
        "help": found.help,
        "span": found.span.as_ref().map(span),
    })
}

fn failure(failure: &Failure) -> Value {
    json!({"code": failure.code(), "message": failure.to_string()})
}

fn unreadable(error: &EventError) -> Value {
    json!({"code": error.code, "message": error.message, "span": span(&error.span)})
}

fn span(span: &Span) -> Value {
    json!({
        "offset": span.offset, "length": span.length, "line": span.line, "column": span.column,
    })
}

fn all<T>(items: &[T], json: impl Fn(&T) -> Value) -> Value {
    items.iter().map(json).collect()
}

/// An object of the members that are there. A value of null is a tombstone, and stays.
fn said<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_said = |(name, value): &(&str, Value)| *name == "value" || !value.is_null();
    let members = members.into_iter().filter(is_said);
    let named = members.map(|(name, value)| (name.to_owned(), value));
    named.collect::<Map<_, _>>().into()
}
