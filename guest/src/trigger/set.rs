//! A whole set of triggers, and each trigger's own members.

use std::collections::{BTreeMap, BTreeSet};

use action_triggers_django::{
    Options, Templates,
    json::{self, Document, View},
    least::Cost,
};
use action_triggers_vocabulary::{
    Place, Signal, content_type,
    members::{MODELS, TRIGGERS, content_type as parts, signal, trigger},
    suggest::did_you_mean,
};
use minijinja::Value;

use super::{Queue, Trigger, models, queue, reader::Reader};
use crate::{
    compiled::PlacedCondition,
    compiler::Compiler,
    diagnostic::{Faults, Severity},
    event::Models,
    host::Broker,
    payload,
};

/// The deepest nesting of a set's JSON; what reads it goes down by recursion.
const DEEPEST: usize = 128;

/// Reads a set. The triggers are complete only where no error was found.
pub(crate) fn parse(
    document: &Document,
    brokers: &[Broker],
    templates: &mut Templates,
    faults: &mut Faults,
) -> (Vec<Trigger>, Models) {
    let root = Place::root();
    let text = document.text();
    if json::depth(text) > DEEPEST {
        let message = format!("the triggers are nested deeper than {DEEPEST} levels");
        faults.error("too_deep", &root, message, "");
        return Default::default();
    }
    let value = match document.value() {
        Ok(value) => value,
        Err(error) => {
            let message = format!("the triggers are not JSON: {error}");
            faults.error("invalid_json", &root, message, "");
            return Default::default();
        }
    };
    if json::has_half_character(text) {
        let message = "the triggers have an escape that is half a character".into();
        let help = "write both halves, such as `\\ud83d\\ude00`";
        faults.error("invalid_json", &root, message, help);
        return Default::default();
    }
    let models = models::read(&value, &root, faults);
    let mut triggers = Vec::new();
    let mut places = BTreeMap::new();
    for (index, (value, place)) in entries(&value, &root, faults).into_iter().enumerate() {
        // What is taken apart of one trigger goes before the next one comes.
        let value = json::unread(value);
        if let Some(reader) = Reader::new(&value, &place, faults) {
            let trigger = read(&reader, index, brokers, templates, faults);
            find_repeated_name(&trigger.name, place, &mut places, faults);
            triggers.push(trigger);
        }
    }
    triggers.shrink_to_fit();
    (triggers, models)
}

/// The triggers of an array, or of an object's `triggers`.
fn entries<'a>(document: &'a Value, root: &Place, faults: &mut Faults) -> Vec<(&'a Value, Place)> {
    match View::of(document) {
        View::Array(items) => {
            let places = (0..).map(|index| root.item(index));
            items.iter().zip(places).collect()
        }
        View::Object(_) => {
            let Some(reader) = Reader::new(document, root, faults) else {
                return Vec::new();
            };
            reader.know(&[TRIGGERS, MODELS], faults);
            if reader.get(TRIGGERS, faults).is_none() {
                let message = "`triggers` is missing".into();
                faults.error(
                    "missing_member",
                    root,
                    message,
                    "a set is a list of triggers",
                );
            }
            reader.list(TRIGGERS, faults)
        }
        other => {
            faults.wrong_type(root, "a list of triggers", other.kind());
            Vec::new()
        }
    }
}

fn read(
    reader: &Reader<'_>,
    index: usize,
    brokers: &[Broker],
    templates: &mut Templates,
    faults: &mut Faults,
) -> Trigger {
    reader.know(trigger::ALL, faults);
    warn_of_what_does_not_run(reader, faults);
    let is_named = is_named(reader);
    let name = name(reader, index, faults);
    let active = reader.boolean(trigger::ACTIVE, faults).unwrap_or(true);
    let signals = signals(reader, faults);
    let content_types = content_types(reader, faults);
    let types = payload_types(reader, faults);
    let autoescape = reader.boolean(trigger::AUTOESCAPE, faults).unwrap_or(false);
    let payload = reader.get(trigger::PAYLOAD, faults);
    let when = reader.text(trigger::WHEN, faults);
    let queues = reader.list(trigger::QUEUES, faults);
    if active && queues.is_empty() {
        let message = format!("trigger `{name}` has no queues, so it publishes nothing");
        faults.warning(
            "no_queues",
            reader.place(),
            message,
            "add `msg_broker_queues`",
        );
    }
    let mut compiler = Compiler {
        templates,
        faults,
        options: Options { autoescape },
        severity: if active {
            Severity::Error
        } else {
            Severity::Warning
        },
    };
    let told = compiler.faults.len();
    let place = payload.as_ref().map(|(_, place)| place.clone());
    let when = when.and_then(|(source, place)| compiler.condition(source, &place));
    let payload = match payload {
        Some((value, place)) => {
            let known = compiler.faults.len();
            let plan = payload::Plan::new(value, types, &mut compiler, &place);
            if compiler.faults.len() == known {
                plan.find_fault(&mut compiler, &place);
            }
            plan
        }
        None => payload::Plan::Instance,
    };
    if matches!(payload, payload::Plan::Instance) {
        compiler.bound("{}".len(), reader.place());
    }
    if when
        .as_ref()
        .is_some_and(|when| when.fixed() == Some(false))
    {
        let message = "the condition `when` holds for no event, so the trigger never fires".into();
        let help = "correct it, or set `active` to false";
        compiler
            .faults
            .warning("never_fires", reader.place(), message, help);
    }
    let queues: Vec<_> = queues
        .into_iter()
        .filter_map(|(value, place)| queue::parse(value, &place, brokers, &mut compiler))
        .collect();
    let place = place.as_ref().unwrap_or(reader.place());
    let told = compiler.told_of_steps(told);
    let parts = (when.as_ref(), &payload, place.as_str());
    bound_costs(parts, &queues, &told, &mut compiler);
    Trigger {
        name,
        is_named,
        active,
        signals,
        content_types,
        when,
        payload,
        queues,
    }
}

/// Tells of what no event leaves enough for: a trigger's condition, its payload at this path and
/// the records of its queues share what it may write and the steps that it may take.
///
/// Paths at which something was told to take too much are not told of again.
fn bound_costs(
    (when, payload, path): (Option<&PlacedCondition>, &payload::Plan, &str),
    queues: &[Queue],
    told: &BTreeSet<String>,
    compiler: &mut Compiler<'_>,
) {
    let is_told = |path: &str| {
        let mut behind = told.range(path.to_owned()..);
        behind.next().is_some_and(|one| one.starts_with(path))
    };
    let most = compiler.templates.limits().fuel;
    let mut sum = Cost::default();
    // What comes behind is not told of then.
    let mut is_over = false;
    let condition = when.map(|when| (when.cost(), "the condition takes", when.place()));
    let payload = (payload.cost(), "the condition and the payload take", path);
    for (own, what, path) in condition.into_iter().chain([payload]) {
        sum = sum.and(own);
        if !is_over && !is_told(path) {
            compiler.bound_steps(what, sum.steps, path);
        }
        is_over |= sum.steps > most || is_told(path);
    }
    for queue in queues {
        let own = queue.record.as_ref().map(|plan| plan.cost());
        let own = own.unwrap_or_default();
        sum = sum.and(own);
        let path = format!("{}.record", queue.place);
        if own.bytes > 0 {
            let what = "the payload and the records as far as this one write";
            compiler.bound_written(what, sum.bytes, &path);
        }
        if own.steps > 0 && !is_over && !is_told(&path) {
            let what = "the condition, the payload and the records as far as this one take";
            compiler.bound_steps(what, sum.steps, &path);
        }
    }
}

/// Its `name`, else its `id` as text, else its place in the set.
fn name(reader: &Reader<'_>, index: usize, faults: &mut Faults) -> String {
    let id = id(reader, faults);
    let Some((name, place)) = reader.text(trigger::NAME, faults) else {
        return id.unwrap_or_else(|| index.to_string());
    };
    if name.is_empty() {
        faults.error("empty_text", &place, "`name` is empty".into(), "");
    }
    name.into()
}

fn id(reader: &Reader<'_>, faults: &mut Faults) -> Option<String> {
    let (id, place) = reader.get(trigger::ID, faults)?;
    match View::of(id) {
        View::String(id) => Some(id.into()),
        View::Number(id) => Some(id),
        other => {
            faults.wrong_type(&place, "a number or a string", other.kind());
            None
        }
    }
}

fn is_named(reader: &Reader<'_>) -> bool {
    let mut quiet = Faults::default();
    [trigger::NAME, trigger::ID]
        .into_iter()
        .any(|names| reader.get(names, &mut quiet).is_some())
}

fn signals(reader: &Reader<'_>, faults: &mut Faults) -> Vec<Signal> {
    let mut signals = Vec::new();
    let items = reader.list(trigger::SIGNALS, faults);
    if items.is_empty() {
        warn_that_it_never_fires(reader, "config_signals", faults);
    }
    for (item, place) in items {
        let named = match View::of(item) {
            View::String(name) => Some((name, place)),
            _ => Reader::new(item, &place, faults).and_then(|reader| {
                reader.know(signal::ALL, faults);
                reader.needed_text(signal::SIGNAL, faults)
            }),
        };
        let Some((name, place)) = named else { continue };
        match Signal::from_name(name) {
            Some(signal) if !signals.contains(&signal) => signals.push(signal),
            Some(_) => {}
            None => {
                // As upstream: signals of other libraries are stored and never fire here.
                faults.warning(
                    "unknown_signal",
                    &place,
                    format!("unknown signal `{name}`: it never fires"),
                    &did_you_mean(name, &Signal::NAMES),
                );
            }
        }
    }
    signals
}

fn content_types(reader: &Reader<'_>, faults: &mut Faults) -> Vec<Box<str>> {
    let mut content_types: Vec<Box<str>> = Vec::new();
    let items = reader.list(trigger::CONTENT_TYPES, faults);
    if items.is_empty() {
        warn_that_it_never_fires(reader, "content_types", faults);
    }
    for (item, place) in items {
        let Some(text) = written_content_type(item, &place, faults) else {
            continue;
        };
        match content_type::normalized(&text) {
            Some(text) if !content_types.contains(&text.clone().into()) => {
                content_types.push(text.into());
            }
            Some(_) => {}
            None => faults.error(
                "invalid_content_type",
                &place,
                content_type::invalid(&text),
                content_type::HELP,
            ),
        }
    }
    content_types
}

fn written_content_type(item: &Value, place: &Place, faults: &mut Faults) -> Option<String> {
    if let View::String(text) = View::of(item) {
        return Some(text.into());
    }
    let reader = Reader::new(item, place, faults)?;
    reader.know(parts::ALL, faults);
    let app_label = reader.needed_text(parts::APP_LABEL, faults);
    let model = reader.needed_text(parts::MODEL, faults);
    Some(format!("{}.{}", app_label?.0, model?.0))
}

fn payload_types(reader: &Reader<'_>, faults: &mut Faults) -> payload::Types {
    let Some((text, place)) = reader.text(trigger::PAYLOAD_TYPES, faults) else {
        return payload::Types::default();
    };
    match text {
        "strings" => payload::Types::Strings,
        "native" => payload::Types::Native,
        _ => {
            faults.error(
                "unknown_payload_types",
                &place,
                format!("unknown `payload_types` `{text}`: use `strings` or `native`"),
                &did_you_mean(text, &["strings", "native"]),
            );
            payload::Types::default()
        }
    }
}

fn warn_that_it_never_fires(reader: &Reader<'_>, member: &str, faults: &mut Faults) {
    faults.warning(
        "never_fires",
        reader.place(),
        format!("`{member}` is empty, so the trigger never fires"),
        "",
    );
}

fn warn_of_what_does_not_run(reader: &Reader<'_>, faults: &mut Faults) {
    for name in trigger::NOT_RUN {
        if !reader.list(&[*name], faults).is_empty() {
            faults.warning(
                "not_run",
                &reader.place().member(name),
                format!("`{name}` are not run"),
                "only `msg_broker_queues` are",
            );
        }
    }
}

/// Records are told apart by event, trigger and queue, so two triggers of one
/// name would look like repeats of one record.
fn find_repeated_name(
    name: &str,
    place: Place,
    places: &mut BTreeMap<String, Place>,
    faults: &mut Faults,
) {
    if let Some(first) = places.get(name) {
        let message = format!("the trigger at {} is called `{name}` too", first.as_str());
        let help = "give each trigger a `name` of its own";
        faults.error("repeated_name", &place, message, help);
    } else {
        places.insert(name.into(), place);
    }
}
