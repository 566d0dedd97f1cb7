//! A trigger's queues.

use core::time::Duration;

use action_triggers_django::json::View;
use action_triggers_vocabulary::{
    Place, kind,
    members::{header, queue, record as fields},
    quote,
};
use minijinja::Value;

use super::{Queue, reader::Reader};
use crate::{
    compiled::{PlacedCondition, PlacedTemplate},
    compiler::Compiler,
    destination::{Fields, NamedSetting},
    diagnostic::Faults,
    host::Broker,
    record,
};

/// Reads one queue.
pub(super) fn parse(
    value: &Value,
    place: &Place,
    brokers: &[Broker],
    compiler: &mut Compiler<'_>,
) -> Option<Queue> {
    let reader = Reader::new(value, place, compiler.faults)?;
    reader.know(queue::ALL, compiler.faults);
    let name = reader.needed_text(queue::NAME, compiler.faults);
    let broker = name.as_ref().and_then(|(name, _)| {
        let mut brokers = brokers.iter();
        brokers.find(|broker| broker.name == *name)
    });
    if let Some(broker) = broker {
        warn_of_what_loses(&reader, broker, compiler.faults);
    }
    let (conn_details, mut settings) = destination(
        &reader,
        queue::CONN_DETAILS,
        queue::BOOTSTRAP_SERVERS,
        broker.map_or(&[], |broker| &broker.conn_details),
        compiler.faults,
    );
    let (parameters, more) = destination(
        &reader,
        queue::PARAMETERS,
        queue::TOPIC,
        broker.map_or(&[], |broker| &broker.parameters),
        compiler.faults,
    );
    settings.extend(more);
    for (member, destination) in [("conn_details", &conn_details), ("parameters", &parameters)] {
        warn_of_event_placeholders(&reader, member, destination, compiler.faults);
    }
    let timeout_ms = timeout(&reader, compiler.faults);
    let has_topic = topic_of_queue(&reader);
    let mut record = reader
        .get(queue::RECORD, compiler.faults)
        .map(|(value, place)| Box::new(record_plan(value, &place, broker, has_topic, compiler)));
    // A topic that no event decides is known to the host from the start.
    let topic = record.as_mut().and_then(|plan| plan.take_fixed_topic());
    let parameters = match topic {
        Some(topic) => parameters.with(queue::TOPIC, &topic),
        None => parameters,
    };
    Some(Queue {
        broker: name?.0.into(),
        place: place.as_str().into(),
        is_fixed: conn_details.is_fixed() && parameters.is_fixed(),
        settings,
        conn_details,
        parameters,
        timeout_ms,
        record,
    })
}

fn destination(
    reader: &Reader<'_>,
    names: &[&str],
    text_member: &str,
    set_by_host: &[String],
    faults: &mut Faults,
) -> (Fields, Vec<NamedSetting>) {
    let nothing = (Fields::empty(), Vec::new());
    let Some((value, place)) = reader.get(names, faults) else {
        return nothing;
    };
    match View::of(value) {
        View::Object(members) => Fields::new(members, &place, text_member, set_by_host),
        other => {
            faults.wrong_type(&place, kind::OBJECT, other.kind());
            nothing
        }
    }
}

/// The broker's values win, so what a queue says beside them counts for nothing.
fn warn_of_what_loses(reader: &Reader<'_>, broker: &Broker, faults: &mut Faults) {
    for (names, of_broker) in [
        (queue::CONN_DETAILS, &broker.conn_details),
        (queue::PARAMETERS, &broker.parameters),
    ] {
        // What is wrong with them is told where they are read.
        let Some((value, place)) = reader.get(names, &mut Faults::default()) else {
            continue;
        };
        let View::Object(members) = View::of(value) else {
            continue;
        };
        for (name, value) in members.iter() {
            if !of_broker.iter().any(|member| member == name) {
                continue;
            }
            let value = value.to_string();
            let shown = quote::shown(&value);
            let message = format!(
                "the broker `{}` sets `{name}` itself, so the queue's `{shown}` does not count",
                broker.name
            );
            let help = "remove it here, or from the broker";
            faults.warning("loses_to_broker", &place.member(name), message, help);
        }
    }
}

/// Placeholders know the host's settings alone; one that looks like a field of the event is meant
/// for a template.
fn warn_of_event_placeholders(
    reader: &Reader<'_>,
    member: &str,
    destination: &Fields,
    faults: &mut Faults,
) {
    for path in destination.paths() {
        let first = path.split(['.', '|', ' ']).next().unwrap_or_default();
        if !matches!(first, "instance" | "event" | "before" | "changed") {
            continue;
        }
        let message =
            format!("`{{{{ {path} }}}}` is read as a setting of the host, not of the event");
        let help = match member {
            "parameters" => {
                "write a topic that depends on the event as `record.topic`, and allow it in the \
                 broker's `topics`"
            }
            _ => "`conn_details` know settings only",
        };
        let place = reader.place().member(member);
        faults.warning("event_placeholder", &place, message, help);
    }
}

/// Whether the queue's `parameters` name a topic.
fn topic_of_queue(reader: &Reader<'_>) -> bool {
    let mut quiet = Faults::default();
    let Some((value, place)) = reader.get(queue::PARAMETERS, &mut quiet) else {
        return false;
    };
    let parameters = Reader::new(value, &place, &mut quiet);
    parameters.is_some_and(|parameters| parameters.get(&[queue::TOPIC], &mut quiet).is_some())
}

/// Seconds as milliseconds, rounded up so that only 0 is 0.
fn timeout(reader: &Reader<'_>, faults: &mut Faults) -> Option<u64> {
    let (value, place) = reader.get(queue::TIMEOUT_SECS, faults)?;
    let seconds = match View::of(value) {
        View::Number(text) => text.parse::<f64>().ok(),
        other => {
            faults.wrong_type(&place, "a number of seconds", other.kind());
            return None;
        }
    };
    let bound = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let milliseconds =
        bound.and_then(|bound| u64::try_from(bound.as_nanos().div_ceil(1_000_000)).ok());
    if milliseconds.is_none() {
        faults.error(
            "invalid_timeout",
            &place,
            format!("invalid duration `{value}`: expected seconds, 0 or more"),
            "leave it out for no bound of the queue's own",
        );
    }
    milliseconds
}

fn record_plan(
    value: &Value,
    place: &Place,
    broker: Option<&Broker>,
    queue_has_topic: bool,
    compiler: &mut Compiler<'_>,
) -> record::Plan {
    let Some(reader) = Reader::new(value, place, compiler.faults) else {
        return record::Plan::default();
    };
    reader.know(fields::ALL, compiler.faults);
    let key = reader.text(fields::KEY, compiler.faults);
    let tombstone = tombstone(&reader, compiler);
    if tombstone.is_some() && key.is_none() {
        let message = "a tombstone deletes a key, and this record has none".into();
        let help = "add a `key`, such as `{{ instance.pk }}`";
        compiler
            .faults
            .warning("tombstone_without_key", place, message, help);
    }
    record::Plan {
        key: key.and_then(|(source, place)| compiler.template(source, &place)),
        topic: topic(&reader, broker, queue_has_topic, compiler),
        headers: match reader.get(fields::HEADERS, compiler.faults) {
            Some((value, place)) => headers(value, &place, compiler),
            None => Vec::new(),
        },
        partition: number_or_template(
            &reader,
            fields::PARTITION,
            record::fault_of_partition,
            compiler,
        ),
        timestamp: number_or_template(
            &reader,
            fields::TIMESTAMP,
            record::fault_of_timestamp,
            compiler,
        ),
        tombstone,
    }
}

/// A template of the event; only where the broker allows it.
fn topic(
    reader: &Reader<'_>,
    broker: Option<&Broker>,
    queue_has_topic: bool,
    compiler: &mut Compiler<'_>,
) -> Option<record::Topic> {
    let (source, place) = reader.text(fields::TOPIC, compiler.faults)?;
    let template = compiler.template(source, &place);
    let mut refuse = |code, message: String, help: &str| {
        compiler.faults.error(code, &place, message, help);
        None
    };
    if queue_has_topic {
        let message = "the topic is in the queue's `parameters` and in its `record`".into();
        return refuse("given_twice", message, "keep one of the two");
    }
    // An unknown broker is told of elsewhere.
    let broker = broker?;
    if broker
        .parameters
        .iter()
        .any(|member| member == queue::TOPIC)
    {
        let message = format!("the broker `{}` sets the topic itself", broker.name);
        let help = "remove `params.topic` of the broker, or `topic` of the record";
        return refuse("topic_not_allowed", message, help);
    }
    if broker.topics.is_empty() {
        let message = format!(
            "the broker `{}` allows no topic that an event decides",
            broker.name
        );
        let help = "name those it allows in the broker's `topics`, such as `[\"orders.*\"]`";
        return refuse("topic_not_allowed", message, help);
    }
    let topic = record::Topic::new(template?, &broker.topics);
    match topic.fault_of_all(source) {
        Some(message) => refuse("invalid_topic", message, ""),
        None => Some(topic),
    }
}

/// A condition, or `true` or `false` for what always or never holds.
fn tombstone(reader: &Reader<'_>, compiler: &mut Compiler<'_>) -> Option<PlacedCondition> {
    let (value, place) = reader.get(fields::TOMBSTONE, compiler.faults)?;
    match View::of(value) {
        View::String(source) => compiler.condition(source, &place),
        View::Bool(true) => compiler.condition("True", &place),
        View::Bool(false) => None,
        other => {
            let expected = "a condition, true or false";
            compiler.faults.wrong_type(&place, expected, other.kind());
            None
        }
    }
}

fn number_or_template(
    reader: &Reader<'_>,
    names: &[&str],
    fault: impl Fn(&str, &PlacedTemplate) -> Option<String>,
    compiler: &mut Compiler<'_>,
) -> Option<PlacedTemplate> {
    let (value, place) = reader.get(names, compiler.faults)?;
    let source = match View::of(value) {
        View::String(source) => source.to_owned(),
        View::Number(text) if text.parse::<i64>().is_ok() => text,
        other => {
            let expected = "an integer or a template";
            compiler.faults.wrong_type(&place, expected, other.kind());
            return None;
        }
    };
    let template = compiler.template(&source, &place)?;
    if let Some(message) = fault(&source, &template) {
        let help = "write a number, or a template that gives one";
        compiler
            .faults
            .error("invalid_record", &place, message, help);
    }
    Some(template)
}

/// An object of names and templates, or a list of `{"name", "value"}` objects,
/// in which a name may repeat.
fn headers(
    value: &Value,
    place: &Place,
    compiler: &mut Compiler<'_>,
) -> Vec<(String, PlacedTemplate)> {
    let mut headers = Vec::new();
    match View::of(value) {
        View::Object(members) => {
            for (name, value) in members.iter() {
                add_header(name, value, &place.member(name), compiler, &mut headers);
            }
        }
        View::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = place.item(index);
                let Some(reader) = Reader::new(item, &place, compiler.faults) else {
                    continue;
                };
                reader.know(header::ALL, compiler.faults);
                let name = reader.needed_text(header::NAME, compiler.faults);
                let value = reader.needed(header::VALUE, compiler.faults);
                if let (Some((name, _)), Some((value, place))) = (name, value) {
                    add_header(name, value, &place, compiler, &mut headers);
                }
            }
        }
        other => compiler
            .faults
            .wrong_type(place, "an object or a list of headers", other.kind()),
    }
    headers
}

fn add_header(
    name: &str,
    value: &Value,
    place: &Place,
    compiler: &mut Compiler<'_>,
    headers: &mut Vec<(String, PlacedTemplate)>,
) {
    if name.is_empty() {
        let message = "a header's name is empty".into();
        compiler.faults.error("empty_text", place, message, "");
    }
    let source = match View::of(value) {
        View::String(text) => text.to_owned(),
        View::Number(text) => text,
        View::Bool(value) => value.to_string(),
        other => {
            compiler
                .faults
                .wrong_type(place, kind::STRING, other.kind());
            return;
        }
    };
    let template = compiler.template(&source, place);
    headers.extend(template.map(|template| (name.to_owned(), template)));
}
