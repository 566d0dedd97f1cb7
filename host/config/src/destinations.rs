//! What is wrong with the destinations of queues in the host's eyes: brokers
//! that it does not have, fields that nobody gives or that cannot be right,
//! settings off the allow-list. What a queue says was told by `load`.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use action_triggers_core::rest::check::check;
use action_triggers_vocabulary::{
    Place,
    codes::{self, NUMBER_TOO_LARGE},
    content_type,
    members::queue::{BOOTSTRAP_SERVERS, TOPIC},
    suggest::did_you_mean_or,
};
use serde_json::{Map, Value as Json};

use super::{
    finding::{error, name_of},
    room::Room,
    trial::Trial,
};
use crate::{
    broker::{Broker, Policy, Registry},
    cluster::Cluster,
    limits::Limits,
    outcome::{Diagnostic, LoadedQueue, LoadedTrigger, Severity},
    problem::steps,
    settings::{SettingError, Settings},
};

/// Most names that mistaken ones are compared with, all together.
const MOST_COMPARED: usize = 20_000;

/// What of a configuration decides where records may go.
pub(super) struct Host<'a> {
    pub(super) brokers: &'a [Broker],
    pub(super) clusters: &'a [Cluster],
    pub(super) settings: &'a Settings,
    pub(super) whitelist: &'a [String],
    pub(super) limits: &'a Limits,
    pub(super) policy: Policy,
}

/// Everything that keeps every record of some queue from being published, beside what the
/// sandbox told.
pub(super) fn examine(
    host: &Host<'_>,
    triggers: &[LoadedTrigger],
    told: &[Diagnostic],
) -> Vec<Diagnostic> {
    let clusters = host.clusters.iter().cloned().map(Arc::new).collect();
    let brokers = host.brokers.to_vec();
    let settings = Arc::new(host.settings.clone());
    // What is wrong with the registry itself is told elsewhere.
    let registry = Registry::new(brokers, clusters, settings, host.policy.clone());
    let registry = registry.ok().map(|one| one.with_rule(Arc::new(check)));
    let known = Known::of(host);
    let errors = told.iter().filter(|one| one.severity == Severity::Error);
    let refused: BTreeSet<_> = errors.map(|one| one.path.as_str()).collect();
    let large = told.iter().filter(|one| one.code == NUMBER_TOO_LARGE);
    let large: BTreeSet<_> = large.map(|one| one.path.as_str()).collect();
    let mut faults = Vec::new();
    for (place, trigger) in triggers.iter().enumerate() {
        faults.extend(excluded(&known, trigger, place));
        faults.extend(too_long(host.limits, trigger, place));
        let mut room = Room::of(host.limits);
        let payload = format!("{}.payload", path_of(trigger, place));
        let trial = registry.as_ref().map(|registry| Trial {
            registry,
            has_large_number: is_within(&large, &payload),
        });
        for queue in &trigger.queues {
            let found = of_queue((host, &known, trial.as_ref()), trigger, queue);
            let is_refused = is_within(&refused, &queue.path);
            // A record that is refused takes no room.
            if found.is_empty() && !is_refused && trigger.active {
                faults.extend(room.take(queue, &trigger.value));
            }
            faults.extend(found);
        }
    }
    faults
}

/// Whether one of the paths leads to this place, or deeper inside.
fn is_within(paths: &BTreeSet<&str>, place: &str) -> bool {
    let mut behind = paths.range(place..);
    behind.next().is_some_and(|path| path.starts_with(place))
}

fn of_queue(
    (host, known, trial): (&Host<'_>, &Known<'_>, Option<&Trial<'_>>),
    trigger: &LoadedTrigger,
    queue: &LoadedQueue,
) -> Vec<Diagnostic> {
    let mut faults = settings_of(host, known, queue);
    match known.brokers.get(queue.broker.as_str()) {
        None => faults.push(unknown_broker(known, queue)),
        Some(broker) => faults.extend(missing(broker, queue)),
    }
    if let Some(trial) = trial {
        faults.extend(timeout(queue, trial.registry));
        // Only what can be addressed can be tried.
        if faults.is_empty() {
            faults.extend(trial.of(queue, &trigger.value));
        }
    }
    faults
}

/// What queues may name, ready to be looked up.
struct Known<'a> {
    brokers: HashMap<&'a str, &'a Broker>,
    broker_names: Names<'a>,
    settings: Names<'a>,
    /// Content types that may fire; none where all may.
    whitelist: HashSet<String>,
}

impl<'a> Known<'a> {
    fn of(host: &Host<'a>) -> Self {
        let brokers = host.brokers.iter();
        let listed = host.whitelist.iter();
        Self {
            brokers: brokers
                .clone()
                .map(|one| (one.name.as_str(), one))
                .collect(),
            broker_names: Names::new(brokers.map(|one| one.name.as_str())),
            settings: Names::new(host.settings.allowed()),
            whitelist: listed
                .filter_map(|name| Some(content_type::normalized(name)?.into_owned()))
                .collect(),
        }
    }
}

/// Names among which a mistaken one may have its counterpart.
struct Names<'a> {
    all: Vec<&'a str>,
    /// How many may still be compared: many mistakes among many names would take
    /// their product.
    left: Cell<usize>,
}

impl<'a> Names<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        Self {
            all: names.collect(),
            left: Cell::new(MOST_COMPARED),
        }
    }

    /// What to do about a name that is none of them: this, unless one is near.
    fn instead_of(&self, mistaken: &str, add: &str) -> String {
        let Some(left) = self.left.get().checked_sub(self.all.len()) else {
            return add.to_owned();
        };
        self.left.set(left);
        steps::count(self.all.len());
        did_you_mean_or(mistaken, &self.all, add)
    }
}

/// A trigger all of whose content types the whitelist excludes.
fn excluded(known: &Known<'_>, trigger: &LoadedTrigger, place: usize) -> Option<Diagnostic> {
    let mut watched = trigger.content_types.iter();
    if !trigger.active
        || known.whitelist.is_empty()
        || trigger.content_types.is_empty()
        || watched.any(|name| known.whitelist.contains(name))
    {
        return None;
    }
    let path = path_of(trigger, place);
    let message = format!(
        "the whitelist excludes what the trigger `{}` watches, so it never fires",
        trigger.name
    );
    let help = "add its content types to `whitelisted_content_types`".to_owned();
    let mut warning = error("excluded_by_whitelist", &path, message, help);
    warning.severity = Severity::Warning;
    Some(warning)
}

/// Where a trigger stands: behind its place stands the queue's member.
fn path_of(trigger: &LoadedTrigger, place: usize) -> String {
    let queue = trigger.queues.first();
    let path = queue.and_then(|queue| queue.path.rsplit_once('.'));
    path.map_or_else(
        || Place::root().item(place).into(),
        |(path, _)| path.to_owned(),
    )
}

/// A trigger of which even the shortest event is longer than one may be.
fn too_long(limits: &Limits, trigger: &LoadedTrigger, place: usize) -> Option<Diagnostic> {
    let signal = trigger.signals.iter().map(|signal| signal.as_str().len());
    let content_type = trigger.content_types.iter().map(String::len);
    let event = r#"{"signal":"","content_type":"","instance":{}}"#;
    let least = event.len() + signal.min()? + content_type.min()?;
    if !trigger.active || least <= limits.event_bytes {
        return None;
    }
    let message = format!(
        "any event of the trigger `{}` has {least} bytes or more, and one may have {}",
        trigger.name, limits.event_bytes
    );
    let help = "raise `event_bytes` in `limits`".to_owned();
    Some(error(
        "event_too_large",
        &path_of(trigger, place),
        message,
        help,
    ))
}

/// Placeholders that have no value, or none that fits.
fn settings_of(host: &Host<'_>, known: &Known<'_>, queue: &LoadedQueue) -> Vec<Diagnostic> {
    let unresolvable = queue.destination.unresolvable(host.settings);
    let unresolvable: HashMap<_, _> = unresolvable.into_iter().collect();
    let mut faults = Vec::new();
    for setting in &queue.settings {
        let Some(why) = unresolvable.get(&setting.name) else {
            continue;
        };
        let (message, help) = match why {
            SettingError::NotAllowed => {
                let add = "add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`";
                (
                    format!("the path `{}` is not on the allow-list", setting.name),
                    known.settings.instead_of(&setting.name, add),
                )
            }
            why => (
                format!("the setting `{}` gives no value: {why}", setting.name),
                codes::find(why.code()).map_or_else(String::new, |code| code.remedy.to_owned()),
            ),
        };
        let mut fault = error(why.code(), &setting.path, message, help);
        fault.span = Some(setting.span);
        faults.push(fault);
    }
    faults
}

fn unknown_broker(known: &Known<'_>, queue: &LoadedQueue) -> Diagnostic {
    let add = "add it to `ACTION_TRIGGERS.brokers`";
    error(
        "unknown_broker",
        &name_of(queue),
        format!("the host has no broker `{}`", queue.broker),
        known.broker_names.instead_of(&queue.broker, add),
    )
}

/// The fields that a destination needs and nobody gives.
fn missing(broker: &Broker, queue: &LoadedQueue) -> Vec<Diagnostic> {
    let own = &queue.destination;
    let needed = [
        (
            BOOTSTRAP_SERVERS,
            &broker.conn_details,
            &own.conn_details,
            "conn_details",
        ),
        (TOPIC, &broker.params, &own.parameters, "parameters"),
    ];
    let mut faults = Vec::new();
    for (field, of_broker, of_queue, member) in needed {
        let is_rendered = field == TOPIC && queue.renders_topic;
        if of_broker.contains_key(field) || has(of_queue, field) || is_rendered {
            continue;
        }
        faults.push(error(
            "invalid_destination",
            &name_of(queue),
            format!("neither this queue nor its broker has `{field}`"),
            format!("add it to the queue's `{member}`"),
        ));
    }
    faults
}

fn timeout(queue: &LoadedQueue, registry: &Registry) -> Option<Diagnostic> {
    let refusal = registry.timeout(queue.timeout_ms).err()?;
    let path = format!("{}.timeout_secs", queue.path);
    Some(error(
        refusal.code(),
        &path,
        refusal.to_string(),
        String::new(),
    ))
}

/// Whether a JSON object has a member that is not null.
fn has(object: &str, field: &str) -> bool {
    serde_json::from_str::<Map<String, Json>>(object)
        .is_ok_and(|members| members.get(field).is_some_and(|value| !value.is_null()))
}
