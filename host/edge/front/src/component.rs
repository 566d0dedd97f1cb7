//! The component's shell: wasi:http on the one side, the publisher on the other.

use std::cell::{Cell, RefCell};

use action_triggers_core::event::decode::{Body, Content, Decoded, Decoder, MOST_EVENTS};
use wasip2::{
    clocks::{monotonic_clock, wall_clock},
    http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    },
    io::{
        poll::{self, Pollable},
        streams::StreamError,
    },
    random::random,
};

use super::{
    bindings::{
        publisher,
        setup::{Guest, Options},
        types::{self, Misuse, Now, Outcome, Problem, Report, Secret, Step},
    },
    exchange::{Exchange, Progress},
    fault::Fault,
    tally::{Ending, Made, Reported, Tally},
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
mod exported {
    use super::Front;
    use crate::bindings;

    bindings::export!(Front with_types_in bindings);
    wasip2::http::proxy::export!(Front);
}

/// Where events are sent to.
const PATH: &str = "/v1/events";

/// Most bytes of a body.
const MOST: usize = 8 << 20;

/// Random bytes that the publisher is given.
const ENTROPY: u64 = 32;

/// Bytes that are read or written at once.
const PIECE: u64 = 64 << 10;

const NANOSECONDS_PER_MS: u64 = 1_000_000;

struct Front;

thread_local! {
    /// How the file was built; baked.
    static OPTIONS: RefCell<Options> = const { RefCell::new(Options {
        deadline_ms: 10_000,
        secrets: Vec::new(),
        variables: Vec::new(),
    }) };
    /// An instance may see more requests than one.
    static IS_STARTED: Cell<bool> = const { Cell::new(false) };
}

impl Guest for Front {
    fn prepare(options: Options) {
        OPTIONS.set(options);
    }
}

impl wasip2::exports::http::incoming_handler::Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match answer(&request) {
            Ok(tally) => respond(out, tally.status(), &tally.json()),
            Err(fault) => respond(out, fault.status, &fault.json()),
        }
    }
}

fn answer(request: &IncomingRequest) -> Result<Tally, Fault> {
    let deadline_ms = OPTIONS.with_borrow(|options| options.deadline_ms);
    let deadline_ms = now().monotonic_ms.saturating_add(deadline_ms);
    let target = request.path_with_query().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    if path != PATH {
        return Err(Fault::unknown_path(path));
    }
    if !matches!(request.method(), Method::Post) {
        return Err(Fault::wrong_method());
    }
    let body = body(request, deadline_ms)?;
    let content_type = header(request, "content-type");
    let format = query(&target, "format");
    let given = Body::new(&body)
        .content_type(content_type.as_deref())
        .format(format);
    let decoded = Decoder::default().decode(&given)?;
    if decoded.len() > MOST_EVENTS {
        return Err(Fault::too_many_events(MOST_EVENTS));
    }
    start()?;
    let texts: Vec<_> = decoded.iter().filter_map(text).collect();
    let processed = publisher::process(&texts, now()).map_err(misused)?;
    let mut outcomes = processed.outcomes.into_iter();
    let mut tally = Tally::default();
    for one in decoded {
        match one.content {
            Ok(Content::Event(_)) => {
                if let Some(outcome) = outcomes.next() {
                    add(&mut tally, outcome);
                }
            }
            // Nothing that triggers could fire for.
            Ok(_) => tally.add(one.id, Ok(Vec::new())),
            Err(error) => tally.add(one.id, Err((error.code().to_owned(), error.to_string()))),
        }
    }
    deliver(processed.step, &mut tally, deadline_ms)?;
    Ok(tally)
}

fn text(decoded: &Decoded<'_>) -> Option<String> {
    match &decoded.content {
        Ok(Content::Event(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn header(request: &IncomingRequest, name: &str) -> Option<String> {
    let value = request.headers().get(name).into_iter().next()?;
    String::from_utf8(value).ok()
}

/// A member of the query, as it is written.
fn query<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = target.split_once('?')?;
    let mut members = query.split('&').filter_map(|one| one.split_once('='));
    members.find_map(|(key, value)| (key == name).then_some(value))
}

/// Reads a body whose end comes in time.
fn body(request: &IncomingRequest, deadline_ms: u64) -> Result<Vec<u8>, Fault> {
    let body = request.consume().map_err(|()| Fault::body_cut_short())?;
    let stream = body.stream().map_err(|()| Fault::body_cut_short())?;
    let mut bytes = Vec::new();
    loop {
        match stream.read(PIECE) {
            Ok(piece) if piece.is_empty() => {
                let pollable = stream.subscribe();
                if now().monotonic_ms >= deadline_ms {
                    return Err(Fault::body_too_slow());
                }
                wait(&[pollable], deadline_ms);
            }
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(Fault::body_cut_short()),
        }
        if bytes.len() > MOST {
            return Err(Fault::body_too_large(MOST));
        }
    }
}

/// Starts the publisher with its secrets.
fn start() -> Result<(), Fault> {
    if IS_STARTED.get() {
        return Ok(());
    }
    let secrets = OPTIONS.with_borrow(|options| {
        let mut secrets = options.secrets.clone();
        secrets.extend(variables(&options.variables));
        secrets
    });
    let entropy = random::get_random_bytes(ENTROPY);
    publisher::start(&secrets, &entropy).map_err(|problems| unstarted(&problems))?;
    IS_STARTED.set(true);
    Ok(())
}

#[cfg(feature = "environment")]
fn variables(names: &[String]) -> Vec<Secret> {
    let all = wasip2::cli::environment::get_environment().into_iter();
    let named = all.filter(|(name, _)| names.contains(name));
    named.map(|(name, value)| Secret { name, value }).collect()
}

#[cfg(not(feature = "environment"))]
fn variables(_names: &[String]) -> Vec<Secret> {
    Vec::new()
}

/// Sends requests and lets the time pass until every record has ended. What has not when
/// the time is over is given up: nothing goes on after the answer.
fn deliver(mut step: Step, tally: &mut Tally, deadline_ms: u64) -> Result<(), Fault> {
    let mut exchanges = Vec::new();
    loop {
        tell(tally, std::mem::take(&mut step.reports));
        if tally.is_done() {
            return Ok(());
        }
        if now().monotonic_ms >= deadline_ms {
            tell(tally, publisher::give_up().map_err(misused)?.reports);
            return Ok(());
        }
        let mut ended = Vec::new();
        let begun = std::mem::take(&mut step.requests)
            .into_iter()
            .map(|request| Exchange::begin(request, now().monotonic_ms));
        sort(begun, &mut exchanges, &mut ended);
        if ended.is_empty() {
            wait_for(&exchanges, step.wake_at_ms, deadline_ms);
            let now_ms = now().monotonic_ms;
            let advanced: Vec<_> = exchanges
                .drain(..)
                .map(|exchange| exchange.advance(now_ms))
                .collect();
            sort(advanced, &mut exchanges, &mut ended);
        }
        step = go_on(ended)?;
    }
}

/// Waits until some exchange can go on, or the publisher wants to be woken.
fn wait_for(exchanges: &[Exchange], wake_at_ms: Option<u64>, deadline_ms: u64) {
    let limits = exchanges.iter().map(|exchange| exchange.until_ms);
    let until_ms = limits.chain(wake_at_ms).fold(deadline_ms, u64::min);
    let pollables: Vec<_> = exchanges.iter().map(Exchange::pollable).collect();
    wait(&pollables, until_ms);
}

/// Hands the publisher what became of requests, or shows it the time.
fn go_on(ended: Vec<(u64, types::Response)>) -> Result<Step, Fault> {
    if ended.is_empty() {
        return publisher::wake(now()).map_err(misused);
    }
    let mut step = Step {
        requests: Vec::new(),
        reports: Vec::new(),
        wake_at_ms: None,
    };
    for (id, response) in ended {
        let next = publisher::answer(id, &response, now()).map_err(misused)?;
        step.requests.extend(next.requests);
        step.reports.extend(next.reports);
        // The last call knows best when it wants to be woken.
        step.wake_at_ms = next.wake_at_ms;
    }
    Ok(step)
}

fn sort(
    all: impl IntoIterator<Item = Progress>,
    exchanges: &mut Vec<Exchange>,
    ended: &mut Vec<(u64, types::Response)>,
) {
    for one in all {
        match one {
            Progress::Pending(exchange) => exchanges.push(exchange),
            Progress::Ended(id, response) => ended.push((id, response)),
        }
    }
}

/// Waits until one of these is ready, or until a moment of the monotonic clock.
fn wait(pollables: &[Pollable], until_ms: u64) {
    let until = until_ms.saturating_mul(NANOSECONDS_PER_MS);
    let timer = monotonic_clock::subscribe_instant(until);
    let all: Vec<_> = pollables.iter().chain([&timer]).collect();
    poll::poll(&all);
}

fn now() -> Now {
    let unix = wall_clock::now();
    Now {
        monotonic_ms: monotonic_clock::now() / NANOSECONDS_PER_MS,
        unix_ms: unix.seconds.saturating_mul(1_000)
            + u64::from(unix.nanoseconds) / NANOSECONDS_PER_MS,
    }
}

fn add(tally: &mut Tally, outcome: Outcome) {
    let made = |one: types::Publication| Made {
        trigger: one.trigger,
        queue: one.queue,
        record: one
            .outcome
            .map_err(|failure| (failure.code, failure.message)),
    };
    let publications = outcome.publications;
    let publications = publications
        .map(|all| all.into_iter().map(made).collect())
        .map_err(|failure| (failure.code, failure.message));
    tally.add(Some(outcome.event), publications);
}

fn tell(tally: &mut Tally, reports: Vec<Report>) {
    for report in reports {
        let ending = match report.outcome {
            Ok(place) => Ending::Written(place.partition, place.offset),
            Err(failure) if report.may_be_written => {
                Ending::Unknown((failure.code, failure.message))
            }
            Err(failure) => Ending::Failed((failure.code, failure.message)),
        };
        tally.report(Reported {
            event: report.id.event,
            trigger: report.id.trigger,
            queue: report.id.queue,
            attempts: report.attempts,
            ending,
        });
    }
}

fn misused(misuse: Misuse) -> Fault {
    Fault::new(503, &misuse.code, misuse.message)
}

/// The secrets that are missing, which whoever runs this is to give.
fn unstarted(problems: &[Problem]) -> Fault {
    let code = problems
        .first()
        .map_or("secret_unavailable", |one| &one.code);
    let messages: Vec<_> = problems.iter().map(|one| one.message.as_str()).collect();
    Fault::new(503, code, messages.join("; "))
}

/// Answers. Nobody is left to be told where the client has gone.
fn respond(out: ResponseOutparam, status: u16, json: &str) {
    let headers = Fields::new();
    let length = json.len().to_string();
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-length", &length),
    ] {
        headers.append(name, value.as_bytes()).ok();
    }
    if status == 405 {
        headers.append("allow", b"POST").ok();
    }
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).ok();
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    let Ok(body) = body else { return };
    if let Ok(stream) = body.write() {
        for piece in json.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(piece).is_err() {
                break;
            }
        }
    }
    OutgoingBody::finish(body, None).ok();
}
