//! A queue's `record` object: the templates that fill in what a record has
//! beside its value.

mod forms;

use action_triggers_django::{Context, Templates, dates, least::Cost};
use action_triggers_vocabulary::{
    known::{Frequency, KnownHeader, KnownRecord},
    quote, topic,
};

use crate::{
    compiled::{PlacedCondition, PlacedTemplate},
    event::Change,
    failure::Failure,
};

/// A queue's `record` object.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) key: Option<PlacedTemplate>,
    pub(crate) topic: Option<Topic>,
    pub(crate) headers: Vec<(String, PlacedTemplate)>,
    pub(crate) partition: Option<PlacedTemplate>,
    pub(crate) timestamp: Option<PlacedTemplate>,
    /// Whether the record has no value.
    pub(crate) tombstone: Option<PlacedCondition>,
}

/// A topic that is rendered for each event.
#[derive(Debug)]
pub(crate) struct Topic {
    template: PlacedTemplate,
    /// What the broker allows.
    allowed: Box<[String]>,
}

impl Topic {
    pub(crate) fn new(template: PlacedTemplate, allowed: &[String]) -> Self {
        Self {
            template,
            allowed: allowed.into(),
        }
    }

    /// What is wrong with the topic for every event; `source` is what its template is made of.
    pub(crate) fn fault_of_all(&self, source: &str) -> Option<String> {
        if let Some(topic) = self.template.fixed() {
            return self.fault(topic);
        }
        if self.template.least_bytes() > topic::LONGEST {
            return Some(format!(
                "for any event, the topic has more than {} letters",
                topic::LONGEST
            ));
        }
        (!forms::may_be_topic(source, &self.allowed)).then(|| {
            let allowed = self.allowed.join("`, `");
            format!("no event gives a topic that the broker allows; its `topics` are `{allowed}`")
        })
    }

    fn fault(&self, topic: &str) -> Option<String> {
        if !topic::is_name(topic) {
            return Some(topic::invalid(topic));
        }
        (!topic::is_allowed(&self.allowed, topic)).then(|| {
            let allowed = self.allowed.join("`, `");
            format!("the broker does not allow the topic `{topic}`; its `topics` are `{allowed}`")
        })
    }

    fn render(&self, templates: &Templates, context: &Context) -> Result<String, Failure> {
        let mut topic = String::new();
        self.template.render(templates, context, &mut topic)?;
        match self.fault(&topic) {
            None => Ok(topic),
            Some(message) => Err(Failure::InvalidTopic {
                place: self.template.place().into(),
                message,
            }),
        }
    }
}

/// What a [`Plan`] gives for one event.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    pub(crate) key: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) partition: Option<u32>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) is_tombstone: bool,
}

impl Plan {
    /// The topic, where it is the same for every event; taken out, as the queue can name it
    /// itself then.
    pub(crate) fn take_fixed_topic(&mut self) -> Option<String> {
        let topic = self.topic.as_ref()?.template.fixed()?.to_owned();
        self.topic = None;
        Some(topic)
    }

    /// What is known of the records before there is an event.
    pub(crate) fn known(&self) -> KnownRecord {
        let headers = self.headers.iter().map(|(name, value)| KnownHeader {
            name: name.clone(),
            value_bytes: value.fixed().map_or(value.least_bytes(), str::len),
            is_fixed: value.fixed().is_some(),
        });
        let timestamp = self.timestamp.as_ref();
        let fixed = timestamp.map(|template| template.fixed().map(str::trim));
        KnownRecord {
            key_bytes: self.key.as_ref().map_or(0, PlacedTemplate::least_bytes),
            headers: headers.collect(),
            timestamp: match fixed {
                None | Some(Some("")) => Frequency::None,
                Some(None) => Frequency::Some,
                Some(Some(_)) => Frequency::All,
            },
            timestamp_ms: fixed.flatten().and_then(epoch_milliseconds),
            tombstone: match self.tombstone.as_ref().map(PlacedCondition::fixed) {
                None | Some(Some(false)) => Frequency::None,
                Some(Some(true)) => Frequency::All,
                Some(None) => Frequency::Some,
            },
        }
    }

    /// What rendering the fields takes at least.
    pub(crate) fn cost(&self) -> Cost {
        let key = self.key.as_ref().map(PlacedTemplate::cost_of_value);
        let topic = self.topic.as_ref().map(|topic| &topic.template);
        let texts = [topic, self.partition.as_ref(), self.timestamp.as_ref()];
        let texts = texts.into_iter().flatten();
        let headers = self.headers.iter().map(|(_, value)| value);
        let others = texts.chain(headers).map(PlacedTemplate::cost);
        let tombstone = self.tombstone.as_ref().map(PlacedCondition::cost);
        let all = key.into_iter().chain(others).chain(tombstone);
        all.fold(Cost::default(), Cost::and)
    }

    /// Renders the fields of one event's record. A partition or timestamp that
    /// renders to nothing is none.
    ///
    /// # Errors
    ///
    /// A template or the condition fails, or the partition or timestamp is no
    /// such thing.
    pub(crate) fn render(
        &self,
        templates: &Templates,
        change: &Change<'_>,
    ) -> Result<Fields<'_>, Failure> {
        let context = change.context();
        let text = |template: &PlacedTemplate| {
            let mut out = String::new();
            template.render(templates, context, &mut out).map(|()| out)
        };
        let key = match &self.key {
            Some(template) => template.render_unless_nothing(templates, context)?,
            None => None,
        };
        let topic = self.topic.as_ref();
        let topic = topic.map(|topic| topic.render(templates, context));
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, template) in &self.headers {
            headers.push((name.as_str(), text(template)?));
        }
        Ok(Fields {
            key,
            topic: topic.transpose()?,
            headers,
            partition: parsed(self.partition.as_ref(), text, PARTITION, partition)?,
            timestamp_ms: parsed(self.timestamp.as_ref(), text, TIMESTAMP, epoch_milliseconds)?,
            is_tombstone: match &self.tombstone {
                Some(condition) => condition.holds(templates, change)?,
                None => false,
            },
        })
    }
}

fn parsed<T>(
    template: Option<&PlacedTemplate>,
    text: impl Fn(&PlacedTemplate) -> Result<String, Failure>,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    let Some(template) = template else {
        return Ok(None);
    };
    let text = text(template)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = parse(text).ok_or_else(|| Failure::InvalidRecord {
        place: template.place().into(),
        text: quote::shown(text).into(),
        expected,
    })?;
    Ok(Some(value))
}

/// What a partition must be.
const PARTITION: &str = "a partition's number";
/// What a timestamp must be.
const TIMESTAMP: &str = "a time in epoch milliseconds or RFC 3339";

/// What is wrong with a partition for every event; `source` is what its template is made of.
pub(crate) fn fault_of_partition(source: &str, template: &PlacedTemplate) -> Option<String> {
    match template.fixed() {
        Some(text) => static_fault(text, PARTITION, partition(text.trim()).is_some()),
        None => fault_of_all(PARTITION, forms::may_be_partition(source)),
    }
}

/// What is wrong with a timestamp for every event; `source` is what its template is made of.
pub(crate) fn fault_of_timestamp(source: &str, template: &PlacedTemplate) -> Option<String> {
    match template.fixed() {
        Some(text) => static_fault(text, TIMESTAMP, epoch_milliseconds(text.trim()).is_some()),
        None => fault_of_all(TIMESTAMP, forms::may_be_timestamp(source)),
    }
}

fn fault_of_all(expected: &str, is_possible: bool) -> Option<String> {
    (!is_possible).then(|| format!("no event gives {expected}"))
}

fn static_fault(text: &str, expected: &str, is_valid: bool) -> Option<String> {
    let text = text.trim();
    let shown = quote::shown(text);
    let is_wrong = !text.is_empty() && !is_valid;
    is_wrong.then(|| format!("`{shown}` is not {expected}"))
}

/// Kafka counts partitions in 32 bits with a sign.
fn partition(text: &str) -> Option<u32> {
    let partition: u32 = text.parse().ok()?;
    i32::try_from(partition).is_ok().then_some(partition)
}

/// An integer is the milliseconds themselves.
fn epoch_milliseconds(text: &str) -> Option<i64> {
    match text.parse() {
        Ok(milliseconds) => Some(milliseconds),
        Err(_) => dates::parse(text)?.epoch_milliseconds(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_dates_are_milliseconds() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-01-02T03:04:05+00:00", Some(1_704_164_645_000)),
            ("2024-01-02T03:04:05.123999Z", Some(1_704_164_645_123)),
            ("2024-01-02 03:04:05.5", Some(1_704_164_645_500)),
            ("2024-01-02T05:04:05+02:00", Some(1_704_164_645_000)),
            ("2024-01-02", Some(1_704_153_600_000)),
            ("2023-02-29T00:00:00Z", None),
            ("10:30", None),
            ("yesterday", None),
            ("1.5", None),
        ] {
            assert_eq!(epoch_milliseconds(text), expected, "{text}");
        }
    }
}
