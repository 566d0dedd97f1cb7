//! What is wrong with queues in the host's eyes: brokers that it does not have,
//! fields that nobody gives, placeholders off the allow-list.

use action_triggers_vocabulary::{
    Place,
    members::{
        queue::{self, BOOTSTRAP_SERVERS, CONN_DETAILS, PARAMETERS, TOPIC},
        trigger::QUEUES,
    },
    placeholder,
    suggest::did_you_mean_or,
};
use serde_json::{Map, Value as Json};

use super::{
    Config,
    document::{Node, Value},
    locate::{Triggers, inside},
    reading::mark,
};
use crate::{broker::Broker, outcome::Span, problem::Problem};

/// What is found while the triggers are gone through.
pub(super) struct Queues<'a> {
    config: &'a Config,
    triggers: Triggers<'a>,
    problems: Vec<Problem>,
}

impl<'a> Queues<'a> {
    /// Everything that keeps every record of some queue from being published.
    pub(super) fn examine(config: &'a Config, triggers: Triggers<'a>) -> Vec<Problem> {
        let mut queues = Self {
            config,
            triggers,
            problems: Vec::new(),
        };
        for (place, trigger) in queues.triggers.all().iter().enumerate() {
            let Some((list, name)) = member(trigger, QUEUES) else {
                continue;
            };
            let Value::List(items) = &list.value else {
                continue;
            };
            for (index, queue) in items.iter().enumerate() {
                queues.queue(queue, &format!("[{place}].{name}[{index}]"));
            }
        }
        queues.problems
    }

    fn queue(&mut self, queue: &'a Node, path: &str) {
        let name = member(queue, queue::NAME).map(|(node, _)| node);
        let name = name.and_then(|node| Some((node, text(node)?)));
        let broker = name.and_then(|(_, text)| self.broker(text));
        let nothing = Map::new();
        let of_broker = broker.map_or([&nothing; 2], |one| [&one.conn_details, &one.params]);
        for (names, of_broker) in [CONN_DETAILS, PARAMETERS].into_iter().zip(of_broker) {
            if let Some((field, name)) = member(queue, names) {
                self.fields(field, of_broker, &format!("{path}.{name}"));
            }
        }
        let path = format!("{path}.name");
        match (name, broker) {
            (Some((node, _)), Some(broker)) => self.destination(broker, queue, node, &path),
            (Some((node, text)), None) => {
                let known: Vec<&str> = self.config.broker_names().collect();
                let message = format!("the host has no broker `{text}`");
                let add = "add it to `ACTION_TRIGGERS.brokers`";
                let help = did_you_mean_or(text, &known, add);
                self.error("unknown_broker", node, &path, message, &help);
            }
            (None, _) => {}
        }
    }

    fn broker(&self, name: &str) -> Option<&'a Broker> {
        self.config.brokers.iter().find(|one| one.name == name)
    }

    /// A queue's own members, apart from those that its broker sets.
    fn fields(&mut self, field: &'a Node, of_broker: &Map<String, Json>, path: &str) {
        let Value::Table(members) = &field.value else {
            return;
        };
        for member in members
            .iter()
            .filter(|one| !of_broker.contains_key(&one.key))
        {
            let path = Place::from(path).member(&member.key);
            self.placeholders(&member.node, path.as_str());
        }
    }

    /// The fields that a destination needs, from the queue or its broker.
    fn destination(&mut self, broker: &Broker, queue: &'a Node, name: &'a Node, path: &str) {
        let needed = [
            (BOOTSTRAP_SERVERS, &broker.conn_details, CONN_DETAILS),
            (TOPIC, &broker.params, PARAMETERS),
        ];
        for (field, of_broker, names) in needed {
            let own = member(queue, names).and_then(|(own, _)| own.member(field));
            if !of_broker.contains_key(field) && own.is_none() {
                let message = format!("neither this queue nor its broker has `{field}`");
                let help = format!(
                    "add it to the queue's `{}`",
                    names.first().copied().unwrap_or_default()
                );
                self.error("invalid_destination", name, path, message, &help);
            }
        }
    }

    /// Placeholders of which the host would deny the value.
    fn placeholders(&mut self, node: &'a Node, path: &str) {
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.placeholders(item, &format!("{path}[{index}]"));
                }
            }
            Value::Table(members) => {
                for member in members {
                    let path = Place::from(path).member(&member.key);
                    self.placeholders(&member.node, path.as_str());
                }
            }
            Value::Text(text) => self.placeholders_of(node, text, path),
            _ => {}
        }
    }

    fn placeholders_of(&mut self, node: &'a Node, text: &'a str, path: &str) {
        let mut rest = text;
        while let Some(found) = placeholder::next(rest) {
            rest = found.after;
            let setting = found.path;
            let settings = &self.config.settings;
            if settings.allows(setting) {
                continue;
            }
            let offset = setting.as_ptr().addr() - text.as_ptr().addr();
            let (Ok(offset), Ok(length)) = (offset.try_into(), setting.len().try_into()) else {
                continue;
            };
            let span = Span {
                offset,
                length,
                line: 0,
                column: 0,
            };
            let known: Vec<&str> = settings.allowed().collect();
            let add = "add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`";
            let help = did_you_mean_or(setting, &known, add);
            let message = format!("the path `{setting}` is not on the allow-list");
            let document = self.triggers.document;
            let excerpt = document.excerpt(inside(&document.text, node, &span));
            let path = format!("{}{path}", self.triggers.path);
            let problem = Problem::error("setting_not_allowed", path, message);
            self.problems.push(problem.with_help(help).at(excerpt));
        }
    }

    fn error(&mut self, code: &str, node: &Node, path: &str, message: String, help: &str) {
        let document = self.triggers.document;
        let excerpt = document.excerpt(mark(&document.text, node, None));
        let path = format!("{}{path}", self.triggers.path);
        let problem = Problem::error(code, path, message).with_help(help);
        self.problems.push(problem.at(excerpt));
    }
}

/// The first of these members that is there and not null, and its name.
fn member<'a>(node: &'a Node, names: &[&'static str]) -> Option<(&'a Node, &'static str)> {
    names.iter().find_map(|name| {
        let member = node.member(name).filter(|member| member.is_given())?;
        Some((member, *name))
    })
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
