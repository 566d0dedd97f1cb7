//! Tries the records of a queue before there is an event: what of them is written
//! as it stands must be something that the host takes and its cluster's REST
//! proxy carries.

use action_triggers_vocabulary::{
    PublishError,
    members::{header, record, trigger},
};

use super::{
    finding::{error, name_of},
    least::{self, has_template},
    locate::{self, Triggers},
    node::{Node, Value},
};
use crate::{
    broker::{Offer, Payload, Registry},
    outcome::{Diagnostic, LoadedQueue, Severity},
};

/// What stands for a text that only an event tells.
const ANY_TEXT: &str = "x";

pub(super) struct Trial<'a> {
    pub(super) registry: &'a Registry,
    /// The set as it is written; none where it could not be read.
    pub(super) set: Option<Triggers<'a>>,
}

impl Trial<'_> {
    /// Why no record of the queue can be published; or else why those cannot that
    /// have what the queue's templates may give them.
    pub(super) fn of(&self, queue: &LoadedQueue) -> Option<Diagnostic> {
        let [sure, possible] = self.offers(queue);
        if let Some(fault) = self.fault(queue, sure) {
            return Some(fault);
        }
        let mut fault = self.fault(queue, possible)?;
        fault.severity = Severity::Warning;
        Some(fault)
    }

    fn fault(&self, queue: &LoadedQueue, offer: Offer) -> Option<Diagnostic> {
        let refusal = self.registry.rehearse(queue, offer).err()?;
        let message = match &refusal {
            PublishError::NotWritable { message, .. } => {
                format!("no record of this queue can be sent: {message}")
            }
            refusal => refusal.to_string(),
        };
        let path = match &refusal {
            PublishError::NotWritable { .. } | PublishError::InvalidRecord(_) => {
                format!("{}.record", queue.path)
            }
            _ => name_of(queue),
        };
        Some(error(refusal.code(), &path, message, String::new()))
    }

    /// A record with what every record of the queue has, and one with what some may have.
    fn offers(&self, queue: &LoadedQueue) -> [Offer; 2] {
        let written = |path: &str| locate::exact(self.set?.node, path);
        let trigger = queue.path.rsplit_once('.').map_or("", |(path, _)| path);
        let payload = written(&format!("{trigger}.{}", name(trigger::PAYLOAD)));
        let member = |names| written(&format!("{}.record.{}", queue.path, name(names)));
        let tombstone = member(record::TOMBSTONE);
        let timestamp = member(record::TIMESTAMP);
        let sure = Offer {
            event: 0,
            trigger: 0,
            queue: 0,
            ordering_key: None,
            destination: None,
            topic: None,
            key: member(record::KEY).and_then(literal),
            headers: member(record::HEADERS).map(headers).unwrap_or_default(),
            partition: member(record::PARTITION)
                .and_then(literal)
                .and_then(|text| text.trim().parse().ok()),
            // What is written is a time, in milliseconds or not, or refused for that.
            timestamp_ms: timestamp
                .filter(|node| is_given(Some(node)))
                .and_then(literal)
                .filter(|text| !text.trim().is_empty())
                .map(|text| text.trim().parse().unwrap_or(0)),
            value: match tombstone.map(|node| &node.value) {
                Some(Value::Bool(true)) => Payload::Tombstone,
                _ => least::payload(payload),
            },
        };
        let mut possible = sure.clone();
        if is_given(timestamp) && possible.timestamp_ms.is_none() {
            possible.timestamp_ms = Some(0);
        }
        if is_given(tombstone) {
            possible.value = Payload::Tombstone;
        }
        [sure, possible]
    }
}

/// The only spelling of a member.
fn name(names: &[&'static str]) -> &'static str {
    names.first().copied().unwrap_or_default()
}

fn is_given(node: Option<&Node>) -> bool {
    node.is_some_and(|node| !matches!(node.value, Value::Null | Value::Bool(false)))
}

/// The text of what is no template.
fn literal(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) if !has_template(text) => Some(text.clone()),
        Value::Number(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn headers(node: &Node) -> Vec<(String, String)> {
    let header = |name: &str, value: &Node| {
        let value = literal(value).unwrap_or_else(|| ANY_TEXT.to_owned());
        (name.to_owned(), value)
    };
    match &node.value {
        Value::Table(members) => {
            let members = members.iter();
            members.map(|one| header(&one.key, &one.node)).collect()
        }
        Value::List(items) => {
            let items = items.iter().filter_map(|item| {
                let name = literal(item.member(name(header::NAME))?)?;
                Some(header(&name, item.member(self::name(header::VALUE))?))
            });
            items.collect()
        }
        _ => Vec::new(),
    }
}
