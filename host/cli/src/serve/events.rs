//! Events that come in a request, and what is answered.

use std::sync::Arc;

use action_triggers_host::{
    EventText, Events, Header,
    decode::{Body, Content, Decoded, MOST_EVENTS},
};
use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use tokio::time::Instant;
use tracing::{Instrument as _, info_span};

use super::{
    answer::{Answered, Given, Known},
    body::Held,
    fault::Fault,
    metrics::Limit,
    server::{Rules, Server},
    trace,
};

/// Most bytes of an answer with records.
const MOST_RENDERED: usize = 16 << 20;
/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 200;

/// What a request's query says. (Read as pairs it is always readable.)
type Asked = Query<Vec<(String, String)>>;

/// The format that a request names; the last one counts.
fn format(asked: &Asked) -> Option<&str> {
    let mut formats = asked.iter().rev().filter(|(name, _)| name == "format");
    formats.next().map(|(_, format)| format.as_str())
}

/// The events of a request.
struct Received {
    rules: Arc<Rules>,
    /// What of the body is an event, in order.
    events: Events,
    /// Every event of the body, and what is known of it already.
    given: Vec<Given>,
    /// The body's share of the budget.
    _held: Held,
}

/// `POST /v1/events`: answers when all records are in the outbox.
pub(super) async fn publish(
    State(server): State<Arc<Server>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Fault> {
    let started = Instant::now();
    let span = info_span!("request", traceparent = trace::parent(request.headers()));
    let received = receive(&server, &asked, request).await?;
    let offered = server.runtime.offer(received.events).instrument(span);
    let outcomes = offered.await;
    let outcomes = outcomes.map_err(|why| noted(&server, why.into()))?;
    let answered = Answered::of_outcomes(&received.given, &outcomes, &received.rules.names);
    server.metrics.answered(&answered, started.elapsed());
    Ok(answered.into_response())
}

/// `POST /v1/render`: answers with the records that would be published.
pub(super) async fn render(
    State(server): State<Arc<Server>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Fault> {
    let received = receive(&server, &asked, request).await?;
    let mut parts = server.runtime.render_in_parts(received.events);
    let mut rendered = Vec::new();
    let mut bytes = 0;
    while let Some(part) = parts.next().await {
        let records = part.iter().flat_map(|event| event.outcome.iter().flatten());
        let records = records.filter_map(|one| one.outcome.as_ref().ok());
        bytes += records.map(|message| message.record.size()).sum::<usize>();
        if bytes > MOST_RENDERED {
            return Err(Fault::rendering_too_large(MOST_RENDERED));
        }
        rendered.extend(part);
    }
    let names = &received.rules.names;
    Ok(Answered::of_renderings(&received.given, &rendered, names).into_response())
}

/// `POST /v1/explain`: answers why each trigger fires, or does not.
pub(super) async fn explain(
    State(server): State<Arc<Server>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Fault> {
    let received = receive(&server, &asked, request).await?;
    let explained = server.runtime.explain(received.events).await;
    let names = &received.rules.names;
    Ok(Answered::of_explanations(&received.given, &explained, names).into_response())
}

/// Reads the body and decodes it into events.
async fn receive(server: &Server, asked: &Asked, request: Request) -> Result<Received, Fault> {
    let (parts, body) = request.into_parts();
    let key = idempotency_key(&parts.headers)?;
    let rules = server.rules();
    let held = server
        .budget
        .read(&parts.headers, body, rules.bounds())
        .await;
    let held = held.map_err(|fault| noted(server, fault))?;
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let names = parts.headers.iter();
    let headers: Vec<_> = names
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let body = Body::new(&held.bytes)
        .content_type(text(header::CONTENT_TYPE))
        .format(format(asked))
        .headers(&headers);
    let decoded = rules.decoder.decode(&body)?;
    if decoded.len() > MOST_EVENTS {
        return Err(noted(server, Fault::too_many_events(MOST_EVENTS)));
    }
    let mut texts = Vec::with_capacity(decoded.len());
    let mut given = Vec::with_capacity(decoded.len());
    let mut carried = Vec::new();
    for mut one in decoded {
        let headers = std::mem::take(&mut one.headers);
        if !headers.is_empty()
            && let Some(id) = &one.id
        {
            carried.push((id.clone(), headers));
        }
        given.push(Given {
            place: one.place.as_str().to_owned(),
            line: one.line,
            known: known(one, key, &mut texts),
        });
    }
    let events = Events::texts(texts).carrying(trace::headers(&parts.headers));
    let events = carried.into_iter().fold(events, |events, (id, headers)| {
        events.carrying_of(id, headers.into_iter().map(header))
    });
    Ok(Received {
        rules,
        events,
        given,
        _held: held,
    })
}

fn header((name, value): (String, String)) -> Header {
    (name, Bytes::from(value))
}

/// Sorts what was decoded: events go to the runtime, the rest is known already.
fn known(decoded: Decoded<'_>, key: Option<&str>, texts: &mut Vec<EventText>) -> Known {
    let text = match decoded.content {
        Ok(Content::Event(text)) => text,
        Ok(_) => return Known::Skipped(decoded.id),
        Err(error) => return Known::Unread(decoded.id, error),
    };
    texts.push(EventText {
        text: text.into_owned(),
        id: key.map_or_else(String::new, |key| format!("{key}/{}", decoded.index + 1)),
    });
    Known::Event
}

/// The name that the events of a request have where they bring none.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let is_visible = |byte: &u8| byte.is_ascii_graphic();
    let key = key.to_str().ok().filter(|key| {
        (1..=LONGEST_KEY).contains(&key.len()) && key.as_bytes().iter().all(is_visible)
    });
    key.map(Some).ok_or_else(Fault::invalid_key)
}

/// Counts a refusal for want of room.
fn noted(server: &Server, fault: Fault) -> Fault {
    if let Some(limit) = Limit::of(fault.code) {
        server.metrics.limited(limit);
    }
    fault
}
