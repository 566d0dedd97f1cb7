//! The facade's shell: WIT on both sides, and nothing but carrying between them.

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
        world: "action-triggers:edge/facade",
        generate_all,
    });

    export!(Facade);

    use super::Facade;
}

use bindings::{
    action_triggers::{
        edge::{
            desk::{self, Decided, Input, Order, Publication, Queue, Told, Trigger},
            types::{
                Configuration, Failure, Misuse, Now, Outcome, Problem, Response, Secret, Step,
            },
        },
        engine::triggers::{self, Decision, Limits, LoadedTrigger, Severity},
    },
    exports::action_triggers::edge::publisher::{Guest, Processed},
};

struct Facade;

impl Guest for Facade {
    fn configure(config: Configuration) -> Result<Vec<Problem>, Vec<Problem>> {
        let Order {
            set,
            brokers,
            fuel,
            call_fuel,
            output_bytes,
            records,
            depth,
            content_types,
        } = desk::configure(&config)?;
        let limits = Limits {
            fuel,
            call_fuel,
            output_bytes,
            records,
            depth,
            content_types,
        };
        let (is_refused, loaded, diagnostics) = match triggers::load(&set, &brokers, &limits) {
            Ok(loaded) => (false, loaded.triggers, loaded.diagnostics),
            Err(refusal) => (true, refusal.triggers, refusal.diagnostics),
        };
        desk::loaded(&Told {
            triggers: loaded.into_iter().map(told).collect(),
            problems: diagnostics.into_iter().map(problem).collect(),
            is_refused,
        })
    }

    fn start(secrets: Vec<Secret>, entropy: Vec<u8>) -> Result<(), Vec<Problem>> {
        desk::start(&secrets, &entropy)
    }

    fn process(events: Vec<String>, now: Now) -> Result<Processed, Misuse> {
        let named = desk::name(&events, now)?;
        let inputs = named.iter().filter_map(|one| one.as_ref().ok());
        let mut decided = decide(inputs.collect(), now)?.into_iter();
        let outcome = |one: Result<Input, desk::Refused>| match one {
            Ok(_) => decided.next(),
            Err(refused) => Some(Outcome {
                event: refused.id,
                publications: Err(refused.failure),
            }),
        };
        let outcomes = named.into_iter().filter_map(outcome).collect();
        let step = desk::wake(now)?;
        Ok(Processed { outcomes, step })
    }

    fn answer(request: u64, response: Response, now: Now) -> Result<Step, Misuse> {
        desk::answer(request, &response, now)
    }

    fn wake(now: Now) -> Result<Step, Misuse> {
        desk::wake(now)
    }

    fn give_up() -> Result<Step, Misuse> {
        desk::give_up()
    }
}

/// Asks the engine until it has decided every event: the fuel of a call may not do for
/// all of them.
fn decide(inputs: Vec<&Input>, now: Now) -> Result<Vec<Outcome>, Misuse> {
    let most = usize::try_from(desk::events_per_call()).unwrap_or(usize::MAX);
    let mut outcomes = Vec::with_capacity(inputs.len());
    let mut rest = inputs.as_slice();
    while !rest.is_empty() {
        let batch = rest.iter().take(most.max(1));
        let batch: Vec<_> = batch.map(|input| of_engine(input)).collect();
        desk::begin(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        let said = triggers::process(&batch);
        let decided: Vec<_> = said.into_iter().map_while(decided).collect();
        if decided.is_empty() {
            return Err(Misuse {
                code: "wrong_composition".to_owned(),
                message: "the engine decided none of its events".to_owned(),
            });
        }
        rest = rest.get(decided.len()..).unwrap_or_default();
        outcomes.extend(desk::end(&decided, now)?);
    }
    Ok(outcomes)
}

fn of_engine(input: &Input) -> triggers::Input {
    triggers::Input {
        text: input.text.clone(),
        id: input.id.clone(),
    }
}

/// None where the call's fuel was spent before the event's turn.
fn decided(outcome: triggers::Outcome) -> Option<Decided> {
    let publications = match outcome.decision {
        Decision::Done(publications) => Ok(publications.into_iter().map(publication).collect()),
        Decision::Unreadable(error) => Err(Failure {
            code: error.code,
            message: format!(
                "{} (line {}, column {})",
                error.message, error.line, error.column
            ),
        }),
        Decision::Failed(failure) => Err(of_desk(failure)),
        Decision::NotProcessed => return None,
    };
    Some(Decided {
        id: outcome.id,
        publications,
    })
}

fn publication(publication: triggers::Publication) -> Publication {
    Publication {
        trigger: publication.trigger,
        queue: publication.queue,
        receipt: publication.receipt.map_err(of_desk),
    }
}

fn of_desk(failure: triggers::Failure) -> Failure {
    Failure {
        code: failure.code,
        message: failure.message,
    }
}

fn told(trigger: LoadedTrigger) -> Trigger {
    let queue = |queue: triggers::LoadedQueue| Queue {
        broker: queue.broker,
        path: queue.path,
        destination: queue.destination,
        is_fixed: queue.is_fixed,
        renders_topic: queue.renders_topic,
        timeout_ms: queue.timeout_ms,
    };
    Trigger {
        name: trigger.name,
        queues: trigger.queues.into_iter().map(queue).collect(),
    }
}

fn problem(diagnostic: triggers::Diagnostic) -> Problem {
    Problem {
        is_error: diagnostic.severity == Severity::Error,
        code: diagnostic.code,
        path: diagnostic.path,
        message: diagnostic.message,
        help: diagnostic.help,
    }
}
