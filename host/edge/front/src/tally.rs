//! What became of the events of a request, and how that is answered.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

/// Why something came to nothing: a stable code, and a text for a person.
pub type Failure = (String, String);

/// What became of a queue of a trigger that fired: the topic of its record, or why there
/// is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The trigger's name.
    pub trigger: String,
    /// The queue's place in the trigger.
    pub queue: u32,
    /// The record's topic.
    pub record: Result<String, Failure>,
}

/// The end of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its event's id.
    pub event: String,
    /// Its trigger's name.
    pub trigger: String,
    /// Its queue's place.
    pub queue: u32,
    /// How often it was sent.
    pub attempts: u32,
    /// How it ended.
    pub ending: Ending,
}

/// How a record ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Kafka has it, at this partition and offset as far as the proxy tells.
    Written(Option<u32>, Option<u64>),
    /// It was not written.
    Failed(Failure),
    /// Nobody knows whether it was written.
    Unknown(Failure),
}

/// The events of a request.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    events: Vec<Event>,
    /// Where the records stand that have not ended, by event, trigger and queue.
    waiting: BTreeMap<(String, String, u32), VecDeque<(usize, usize)>>,
}

#[derive(Clone, Debug)]
struct Event {
    /// None where it was not read.
    id: Option<String>,
    /// Or why the event came to nothing.
    queues: Result<Vec<Queue>, Failure>,
}

#[derive(Clone, Debug)]
struct Queue {
    made: Made,
    /// How its record ended, and after how many attempts.
    end: Option<(Ending, u32)>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Written,
    NothingFired,
    Mixed,
    Failed,
    Unknown,
    Rejected,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::NothingFired => "nothing_fired",
            Self::Mixed => "mixed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Rejected => "rejected",
        }
    }
}

impl Tally {
    /// Adds an event: what its triggers made of it, or why it was not read.
    pub fn add(&mut self, id: Option<String>, made: Result<Vec<Made>, Failure>) {
        let index = self.events.len();
        let of = id.as_deref().unwrap_or_default();
        for (place, queue) in made.iter().flatten().enumerate() {
            if queue.record.is_ok() {
                let key = (of.to_owned(), queue.trigger.clone(), queue.queue);
                let places = self.waiting.entry(key).or_default();
                places.push_back((index, place));
            }
        }
        let queue = |made| Queue { made, end: None };
        let queues = made.map(|all| all.into_iter().map(queue).collect());
        self.events.push(Event { id, queues });
    }

    /// Notes the end of a record. Where two events of a request have one id, the first
    /// that still waits for it has it.
    pub fn report(&mut self, report: Reported) {
        let key = (report.event, report.trigger, report.queue);
        let Some(places) = self.waiting.get_mut(&key) else {
            return;
        };
        let place = places.pop_front();
        if places.is_empty() {
            self.waiting.remove(&key);
        }
        let queue = place.and_then(|(event, queue)| {
            let queues = self.events.get_mut(event)?.queues.as_mut().ok()?;
            queues.get_mut(queue)
        });
        if let Some(queue) = queue {
            queue.end = Some((report.ending, report.attempts));
        }
    }

    /// Whether every record has ended.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The HTTP status of the answer: 200 where all is written, 207 where some is, 503
    /// where nothing is, and 422 where no event could even be read.
    pub fn status(&self) -> u16 {
        let of = |wanted: &[Status]| {
            let all = self.events.iter().map(Event::status);
            all.filter(|status| wanted.contains(status)).count()
        };
        let (well, count) = (
            of(&[Status::Written, Status::NothingFired]),
            self.events.len(),
        );
        if well == count {
            200
        } else if well > 0 || of(&[Status::Mixed]) > 0 {
            207
        } else if of(&[Status::Rejected]) == count {
            422
        } else {
            503
        }
    }

    /// The answer's body, as JSON text.
    pub fn json(&self) -> String {
        let events = self.events.iter().enumerate();
        let events: Vec<_> = events.map(|(index, event)| event.json(index)).collect();
        json!({"events": events}).to_string()
    }
}

impl Event {
    fn status(&self) -> Status {
        let Ok(queues) = &self.queues else {
            return Status::Rejected;
        };
        let count = |is: fn(&Queue) -> bool| queues.iter().filter(|one| is(one)).count();
        let written = count(|one| matches!(one.end, Some((Ending::Written(..), _))));
        let unknown = count(Queue::is_unknown);
        match (queues.len(), written, unknown) {
            (0, ..) => Status::NothingFired,
            (all, written, _) if all == written => Status::Written,
            (_, 1.., _) => Status::Mixed,
            (_, 0, 1..) => Status::Unknown,
            (_, 0, 0) => Status::Failed,
        }
    }

    fn json(&self, index: usize) -> Value {
        let (records, errors): (Vec<_>, Vec<_>) = match &self.queues {
            Ok(queues) => {
                let (made, not_made): (Vec<_>, Vec<_>) =
                    queues.iter().partition(|queue| queue.made.record.is_ok());
                let json = |queues: Vec<&Queue>| queues.into_iter().map(Queue::json).collect();
                (json(made), json(not_made))
            }
            Err(failure) => {
                let mut error = Map::new();
                explain(&mut error, failure);
                (Vec::new(), vec![Value::Object(error)])
            }
        };
        json!({
            "index": index, "id": self.id, "status": self.status().name(),
            "records": records, "errors": errors,
        })
    }
}

impl Queue {
    /// Whether its record may be in Kafka or not, as far as anybody knows.
    fn is_unknown(&self) -> bool {
        match &self.end {
            Some((ending, _)) => matches!(ending, Ending::Unknown(_)),
            None => self.made.record.is_ok(),
        }
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        json.insert("trigger".to_owned(), json!(self.made.trigger));
        json.insert("queue".to_owned(), json!(self.made.queue));
        match &self.made.record {
            Ok(topic) => json.insert("topic".to_owned(), json!(topic)),
            Err(failure) => {
                explain(&mut json, failure);
                return Value::Object(json);
            }
        };
        let mut status = |status: &str| json.insert("status".to_owned(), json!(status));
        match &self.end {
            Some((Ending::Written(partition, offset), _)) => {
                status("written");
                json.insert("partition".to_owned(), json!(partition));
                json.insert("offset".to_owned(), json!(offset));
            }
            Some((Ending::Failed(failure), _)) => {
                status("failed");
                explain(&mut json, failure);
            }
            Some((Ending::Unknown(failure), _)) => {
                status("unknown");
                explain(&mut json, failure);
            }
            None => {
                status("unknown");
            }
        }
        let attempts = self.end.as_ref().map(|(_, attempts)| attempts);
        json.insert("attempts".to_owned(), json!(attempts));
        Value::Object(json)
    }
}

fn explain(json: &mut Map<String, Value>, (code, message): &Failure) {
    json.insert("code".to_owned(), json!(code));
    json.insert("message".to_owned(), json!(message));
}
