//! What is wrong with the destinations of queues in the host's eyes: brokers
//! that it does not have, fields that nobody gives or that cannot be right,
//! settings off the allow-list. What a queue says was told by `load`.

use std::sync::Arc;

use action_triggers_vocabulary::{
    content_type,
    members::queue::{BOOTSTRAP_SERVERS, TOPIC},
    suggest::did_you_mean_or,
};
use serde_json::{Map, Value as Json};

use crate::{
    broker::{Broker, Policy, Registry},
    cluster::Cluster,
    outcome::{Diagnostic, LoadedQueue, LoadedTrigger, NamedSetting, Severity},
    settings::Settings,
};

/// What of a configuration decides where records may go.
pub(super) struct Host<'a> {
    pub(super) brokers: &'a [Broker],
    pub(super) clusters: &'a [Cluster],
    pub(super) settings: &'a Settings,
    pub(super) whitelist: &'a [String],
}

/// Everything that keeps every record of some queue from being published.
pub(super) fn examine(host: &Host<'_>, triggers: &[LoadedTrigger]) -> Vec<Diagnostic> {
    let clusters = host.clusters.iter().cloned().map(Arc::new).collect();
    let brokers = host.brokers.to_vec();
    let settings = Arc::new(host.settings.clone());
    // What is wrong with the registry itself is told elsewhere.
    let registry = Registry::new(brokers, clusters, settings, Policy::default()).ok();
    let mut faults = Vec::new();
    for (place, trigger) in triggers.iter().enumerate() {
        faults.extend(excluded(host, trigger, place));
    }
    for queue in triggers.iter().flat_map(|trigger| &trigger.queues) {
        for setting in &queue.settings {
            faults.extend(denied(host, setting));
        }
        let broker = host.brokers.iter().find(|one| one.name == queue.broker);
        match broker {
            None => faults.push(unknown_broker(host, queue)),
            Some(broker) => faults.extend(destination(broker, queue, registry.as_ref())),
        }
    }
    faults
}

/// A trigger all of whose content types the whitelist excludes.
fn excluded(host: &Host<'_>, trigger: &LoadedTrigger, place: usize) -> Option<Diagnostic> {
    let whitelist: Vec<_> = host
        .whitelist
        .iter()
        .filter_map(|name| content_type::normalized(name))
        .collect();
    let mut watched = trigger.content_types.iter();
    let is_listed = |name: &String| whitelist.iter().any(|listed| listed == name);
    if !trigger.active
        || host.whitelist.is_empty()
        || trigger.content_types.is_empty()
        || watched.any(is_listed)
    {
        return None;
    }
    // Behind the trigger's place stands the queue's member.
    let queue = trigger.queues.first();
    let path = queue.and_then(|queue| queue.path.rsplit_once('.'));
    let path = path.map_or_else(|| format!("$[{place}]"), |(path, _)| path.to_owned());
    let message = format!(
        "the whitelist excludes what the trigger `{}` watches, so it never fires",
        trigger.name
    );
    let help = "add its content types to `whitelisted_content_types`".to_owned();
    let mut warning = error("excluded_by_whitelist", &path, message, help);
    warning.severity = Severity::Warning;
    Some(warning)
}

fn denied(host: &Host<'_>, setting: &NamedSetting) -> Option<Diagnostic> {
    let settings = host.settings;
    if settings.allows(&setting.name) {
        return None;
    }
    let known: Vec<&str> = settings.allowed().collect();
    let add = "add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`";
    let mut denied = error(
        "setting_not_allowed",
        &setting.path,
        format!("the path `{}` is not on the allow-list", setting.name),
        did_you_mean_or(&setting.name, &known, add),
    );
    denied.span = Some(setting.span);
    Some(denied)
}

fn unknown_broker(host: &Host<'_>, queue: &LoadedQueue) -> Diagnostic {
    let known: Vec<&str> = host
        .brokers
        .iter()
        .map(|broker| broker.name.as_str())
        .collect();
    let add = "add it to `ACTION_TRIGGERS.brokers`";
    error(
        "unknown_broker",
        &name_of(queue),
        format!("the host has no broker `{}`", queue.broker),
        did_you_mean_or(&queue.broker, &known, add),
    )
}

/// The fields that a destination needs, from the queue or its broker; and
/// whether they are right, where no event can change them.
fn destination(
    broker: &Broker,
    queue: &LoadedQueue,
    registry: Option<&Registry>,
) -> Vec<Diagnostic> {
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
    if let Some(Err(refusal)) = registry.map(|registry| registry.timeout(queue.timeout_ms)) {
        faults.push(error(
            refusal.code(),
            &format!("{}.timeout_secs", queue.path),
            refusal.to_string(),
            String::new(),
        ));
        return faults;
    }
    let is_known = faults.is_empty() && queue.is_fixed && !queue.renders_topic;
    if let (true, Some(registry)) = (is_known, registry)
        && let Err(refusal) = registry.address(&queue.broker, own, None)
    {
        faults.push(error(
            refusal.code(),
            &name_of(queue),
            refusal.to_string(),
            String::new(),
        ));
    }
    faults
}

/// Whether a JSON object has a member that is not null.
fn has(object: &str, field: &str) -> bool {
    serde_json::from_str::<Map<String, Json>>(object)
        .is_ok_and(|members| members.get(field).is_some_and(|value| !value.is_null()))
}

/// Where the queue names its broker.
fn name_of(queue: &LoadedQueue) -> String {
    format!("{}.name", queue.path)
}

fn error(code: &str, path: &str, message: String, help: String) -> Diagnostic {
    let mut error = Diagnostic::error(code, path, message);
    error.help = Some(help);
    error
}
