//! The shell of the component: WIT types to the publisher's types and back, nothing else.

use std::cell::RefCell;

use action_triggers_config::Problem;
use action_triggers_core::{
    broker::{BrokerMembers, Offer, Payload},
    clock::{Moment, Now},
    event::EventText,
    outcome::{
        Diagnostic, EventFailure, Failure, Loaded, LoadedQueue, LoadedTrigger, QueueDestination,
        Severity,
    },
    rest::Failure as Fault,
};
use action_triggers_vocabulary::{PublishError, SettingError};
use bindings::exports::action_triggers::{
    edge::{desk, types},
    engine::{kafka, settings},
};

use super::{
    Decided, Misuse, Order, Outcome, Publisher, Reply, Report, Said, Step, WireRequest,
    free_memory::clear_free_memory,
};

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated: the calls across the component's boundary"
)]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../../wit", "../wit"],
        world: "action-triggers:edge/rules",
        generate_all,
    });

    export!(Component);

    use super::Component;
}

struct Component;

thread_local! {
    // One instance of the component holds one configuration.
    static PUBLISHER: RefCell<Publisher> = RefCell::default();
}

fn publisher<T>(call: impl FnOnce(&mut Publisher) -> T) -> T {
    PUBLISHER.with_borrow_mut(call)
}

impl settings::Guest for Component {
    fn get(path: String) -> Result<String, settings::SettingsError> {
        publisher(|one| one.setting(&path)).map_err(|error| match error {
            SettingError::NotAllowed => settings::SettingsError::NotAllowed,
            SettingError::NotFound => settings::SettingsError::NotFound,
            SettingError::Failed(message) => settings::SettingsError::Failed(message),
            other => settings::SettingsError::Failed(other.to_string()),
        })
    }
}

impl kafka::Guest for Component {
    fn publish(message: kafka::Message) -> Result<kafka::Receipt, kafka::PublishError> {
        let taken = publisher(|one| one.publish(message.into()));
        taken
            .map(|number| kafka::Receipt { number })
            .map_err(Into::into)
    }
}

impl desk::Guest for Component {
    fn configure(config: types::Configuration) -> Result<desk::Order, Vec<types::Problem>> {
        let name = match config.syntax {
            types::Syntax::Json => "config.json",
            types::Syntax::Toml => "config.toml",
        };
        let files = config.files.into_iter().map(|file| (file.path, file.text));
        let order = publisher(|one| one.configure(name, config.text, files));
        order.map(Into::into).map_err(problems)
    }

    fn loaded(told: desk::Told) -> Result<Vec<types::Problem>, Vec<types::Problem>> {
        let triggers = told.triggers.into_iter().map(Into::into).collect();
        let found = told.problems.into_iter().map(Into::into).collect();
        let loaded = Loaded::new(triggers, found, String::new());
        let told = publisher(|one| one.loaded(&loaded, told.is_refused));
        let told = told.map(problems).map_err(problems);
        drop(loaded);
        clear_free_memory();
        told
    }

    fn start(secrets: Vec<types::Secret>, entropy: Vec<u8>) -> Result<(), Vec<types::Problem>> {
        let secrets = secrets.into_iter().map(|one| (one.name, one.value));
        publisher(|one| one.start(secrets, &entropy)).map_err(problems)
    }

    fn name(
        events: Vec<String>,
        now: types::Now,
    ) -> Result<Vec<Result<desk::Input, desk::Refused>>, types::Misuse> {
        let named = publisher(|one| one.name(events, now.into()))?;
        let input = |EventText { text, id }| desk::Input { text, id };
        let named = named.into_iter().map(|one| {
            one.map(input).map_err(|(id, error)| desk::Refused {
                id,
                failure: EventFailure::from(error).into(),
            })
        });
        Ok(named.collect())
    }

    fn events_per_call() -> u32 {
        u32::try_from(publisher(|one| one.events_per_call())).unwrap_or(u32::MAX)
    }

    fn begin(events: u32) {
        publisher(|one| one.begin(events));
    }

    fn end(
        decided: Vec<desk::Decided>,
        now: types::Now,
    ) -> Result<Vec<types::Outcome>, types::Misuse> {
        let decided = decided.into_iter().map(Into::into).collect();
        let outcomes = publisher(|one| one.end(decided, now.into()))?;
        Ok(outcomes.into_iter().map(Into::into).collect())
    }

    fn answer(
        request: u64,
        response: types::Response,
        now: types::Now,
    ) -> Result<types::Step, types::Misuse> {
        Ok(publisher(|one| one.answer(request, response.into(), now.into()))?.into())
    }

    fn wake(now: types::Now) -> Result<types::Step, types::Misuse> {
        Ok(publisher(|one| one.wake(now.into()))?.into())
    }

    fn give_up() -> Result<types::Step, types::Misuse> {
        Ok(publisher(Publisher::give_up)?.into())
    }
}

impl From<types::Now> for Now {
    fn from(now: types::Now) -> Self {
        Self {
            moment: Moment::from_millis(now.monotonic_ms),
            unix_ms: now.unix_ms,
        }
    }
}

impl From<Misuse> for types::Misuse {
    fn from(misuse: Misuse) -> Self {
        Self {
            code: misuse.code().to_owned(),
            message: misuse.to_string(),
        }
    }
}

fn problems(problems: Vec<Problem>) -> Vec<types::Problem> {
    let problem = |one: Problem| types::Problem {
        is_error: one.is_error(),
        code: one.code().to_owned(),
        path: one.path().to_owned(),
        message: one.to_string(),
        help: one.help().map(str::to_owned),
    };
    problems.into_iter().map(problem).collect()
}

impl From<types::Problem> for Diagnostic {
    fn from(problem: types::Problem) -> Self {
        let mut diagnostic = Self::error(problem.code, problem.path, problem.message);
        if !problem.is_error {
            diagnostic.severity = Severity::Warning;
        }
        diagnostic.help = problem.help;
        diagnostic
    }
}

impl From<Order> for desk::Order {
    fn from(order: Order) -> Self {
        let limits = order.limits;
        Self {
            set: order.set,
            brokers: order.brokers.into_iter().map(Into::into).collect(),
            fuel: limits.trigger_fuel,
            call_fuel: limits.call_fuel,
            output_bytes: limits.output_bytes,
            records: limits.records_per_call,
            depth: limits.event_depth,
            content_types: order.content_types,
        }
    }
}

impl From<BrokerMembers> for kafka::Broker {
    fn from(members: BrokerMembers) -> Self {
        Self {
            name: members.name,
            conn_details: members.conn_details,
            parameters: members.parameters,
            topics: members.topics,
        }
    }
}

impl From<desk::Trigger> for LoadedTrigger {
    fn from(told: desk::Trigger) -> Self {
        let mut trigger = Self::new(told.name);
        trigger.queues = told.queues.into_iter().map(Into::into).collect();
        trigger
    }
}

impl From<desk::Queue> for LoadedQueue {
    fn from(told: desk::Queue) -> Self {
        let mut queue = Self::new(told.broker, told.path);
        queue.destination = told.destination.into();
        queue.is_fixed = told.is_fixed;
        queue.renders_topic = told.renders_topic;
        queue.timeout_ms = told.timeout_ms;
        queue
    }
}

impl From<kafka::Destination> for QueueDestination {
    fn from(destination: kafka::Destination) -> Self {
        Self::new(destination.conn_details, destination.parameters)
    }
}

impl From<kafka::Message> for Offer {
    fn from(message: kafka::Message) -> Self {
        let headers = message.headers.into_iter();
        Self {
            event: message.event,
            trigger: message.trigger,
            queue: message.queue,
            ordering_key: message.ordering_key,
            destination: message.destination.map(Into::into),
            topic: message.topic,
            key: message.key,
            headers: headers.map(|one| (one.name, one.value)).collect(),
            partition: message.partition,
            timestamp_ms: message.timestamp_ms,
            value: match message.value {
                kafka::Payload::Json(text) => Payload::Json(text),
                kafka::Payload::Text(text) => Payload::Text(text),
                kafka::Payload::Tombstone => Payload::Tombstone,
            },
        }
    }
}

impl From<PublishError> for kafka::PublishError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::UnknownBroker(name) => Self::UnknownBroker(name),
            PublishError::InvalidDestination(reason) => Self::InvalidDestination(reason),
            PublishError::NotWritable { code, message } => {
                Self::NotWritable(kafka::BrokenRule { code, message })
            }
            PublishError::TooMany(maximum) => Self::TooMany(maximum),
            PublishError::NotPublishing => Self::NotPublishing,
            other => Self::InvalidRecord(other.to_string()),
        }
    }
}

impl From<desk::Decided> for Decided {
    fn from(decided: desk::Decided) -> Self {
        let said = |one: desk::Publication| Said {
            trigger: one.trigger,
            queue: one.queue,
            receipt: one.receipt.map_err(failure),
        };
        let publications = decided.publications;
        Self {
            id: decided.id,
            result: publications
                .map(|all| all.into_iter().map(said).collect())
                .map_err(|one| EventFailure::from(failure(one))),
        }
    }
}

fn failure(failure: types::Failure) -> Failure {
    Failure::new(failure.code, failure.message)
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
        }
    }
}

impl From<EventFailure> for types::Failure {
    fn from(failure: EventFailure) -> Self {
        Self {
            code: failure.code().to_owned(),
            message: failure.to_string(),
        }
    }
}

impl From<Outcome> for types::Outcome {
    fn from(outcome: Outcome) -> Self {
        let publications = outcome.result.map(|all| {
            let publications = all.into_iter().map(|one| types::Publication {
                trigger: one.trigger.to_string(),
                queue: one.queue,
                outcome: one.outcome.map_err(Into::into),
            });
            publications.collect()
        });
        Self {
            event: outcome.event,
            publications: publications.map_err(Into::into),
        }
    }
}

impl From<types::Response> for Reply {
    fn from(response: types::Response) -> Self {
        match response {
            types::Response::Answered(answer) => Self::Answered {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            },
            types::Response::Failed(failure) => Self::Failed(match failure.reason {
                types::FailureReason::Unreachable => Fault::Unreachable(failure.message),
                types::FailureReason::TlsFailed => Fault::Tls(failure.message),
                types::FailureReason::TimedOut => return Self::TimedOut,
                types::FailureReason::Lost => Fault::Lost(failure.message),
            }),
        }
    }
}

impl From<Step> for types::Step {
    fn from(step: Step) -> Self {
        Self {
            requests: step.requests.into_iter().map(Into::into).collect(),
            reports: step.reports.into_iter().map(Into::into).collect(),
            wake_at_ms: step.wake.map(Moment::as_millis),
        }
    }
}

impl From<WireRequest> for types::Request {
    fn from(request: WireRequest) -> Self {
        Self {
            id: request.id,
            method: request.method.to_owned(),
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout_ms: u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<Report> for types::Report {
    fn from(report: Report) -> Self {
        let result = report.result.map(|delivered| types::Place {
            partition: delivered.partition,
            offset: delivered.offset,
        });
        Self {
            id: types::RecordId {
                event: report.id.event.to_string(),
                trigger: report.id.trigger.to_string(),
                queue: report.id.queue,
            },
            topic: report.topic,
            attempts: report.attempts,
            may_be_written: report.may_be_written,
            outcome: result.map_err(|error| types::Failure {
                code: error.code().to_owned(),
                message: error.to_string(),
            }),
        }
    }
}
