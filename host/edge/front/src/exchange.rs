//! One HTTP request of the publisher on its way through wasi:http.

use wasip2::{
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
            OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
        },
    },
    io::{
        poll::Pollable,
        streams::{InputStream, OutputStream, StreamError},
    },
};

use super::bindings::types::{FailureReason, HttpAnswer, HttpFailure, Request, Response};

/// Most bytes of an answer. The publisher reads fewer and says so.
const MOST: usize = 16 << 20;

/// Bytes that are read at once.
const PIECE: u64 = 64 << 10;

/// A request, and how far it has come.
pub(super) struct Exchange {
    pub(super) id: u64,
    /// When to give up, on the monotonic clock.
    pub(super) until_ms: u64,
    state: State,
}

/// Streams stand before the bodies that they belong to: fields are dropped in their
/// order, and a child must go first.
enum State {
    Sending {
        stream: OutputStream,
        body: OutgoingBody,
        left: Vec<u8>,
        response: FutureIncomingResponse,
    },
    Waiting(FutureIncomingResponse),
    Reading {
        status: u16,
        headers: Vec<(String, String)>,
        stream: InputStream,
        body: IncomingBody,
        bytes: Vec<u8>,
    },
}

/// How an exchange goes on.
pub(super) enum Progress {
    Pending(Exchange),
    Ended(u64, Response),
}

impl Exchange {
    /// Sends a request.
    pub(super) fn begin(request: Request, now_ms: u64) -> Progress {
        let (id, until_ms) = (request.id, now_ms.saturating_add(request.timeout_ms));
        match State::begin(request) {
            Ok(state) => Progress::Pending(Self {
                id,
                until_ms,
                state,
            }),
            Err(failure) => Progress::Ended(id, Response::Failed(failure)),
        }
    }

    /// What to wait for until it can go on.
    pub(super) fn pollable(&self) -> Pollable {
        match &self.state {
            State::Sending { stream, .. } => stream.subscribe(),
            State::Waiting(response) => response.subscribe(),
            State::Reading { stream, .. } => stream.subscribe(),
        }
    }

    /// Goes on as far as it can without waiting.
    pub(super) fn advance(self, now_ms: u64) -> Progress {
        let Self {
            id,
            until_ms,
            mut state,
        } = self;
        loop {
            state = match state.advance() {
                Step::Further(state) => state,
                Step::Ended(response) => return Progress::Ended(id, response),
                Step::Waits(_) if now_ms >= until_ms => {
                    let message = "no complete answer in time";
                    let failure = failure(FailureReason::TimedOut, message);
                    return Progress::Ended(id, Response::Failed(failure));
                }
                Step::Waits(state) => {
                    return Progress::Pending(Self {
                        id,
                        until_ms,
                        state,
                    });
                }
            };
        }
    }
}

enum Step {
    Further(State),
    Waits(State),
    Ended(Response),
}

impl State {
    fn begin(request: Request) -> Result<Self, HttpFailure> {
        let refused = |what: &str| {
            let message = format!("this runtime sends no request with such a {what}");
            failure(FailureReason::Unreachable, &message)
        };
        let headers = Fields::new();
        for (name, value) in &request.headers {
            let added = headers.append(name, value.as_bytes());
            added.map_err(|_| refused(&format!("header as `{name}`")))?;
        }
        if let Some(body) = &request.body {
            let length = body.len().to_string();
            // Where the runtime counts itself it forbids this one.
            headers.set("content-length", &[length.into_bytes()]).ok();
        }
        let outgoing = OutgoingRequest::new(headers);
        let method = if request.method == "GET" {
            Method::Get
        } else {
            Method::Post
        };
        let (scheme, rest) = request
            .url
            .split_once("://")
            .ok_or_else(|| refused("URL"))?;
        let scheme = if scheme == "https" {
            Scheme::Https
        } else {
            Scheme::Http
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(place) => rest.split_at(place),
            None => (rest, "/"),
        };
        let set = outgoing
            .set_method(&method)
            .and_then(|()| outgoing.set_scheme(Some(&scheme)))
            .and_then(|()| outgoing.set_authority(Some(authority)))
            .and_then(|()| outgoing.set_path_with_query(Some(path)));
        set.map_err(|()| refused("URL"))?;
        let body = outgoing.body().map_err(|()| refused("body"))?;
        let options = options(request.timeout_ms);
        let response = outgoing_handler::handle(outgoing, Some(options));
        let response = response.map_err(|error| of_code(&error))?;
        let Some(left) = request.body else {
            OutgoingBody::finish(body, None).map_err(|error| of_code(&error))?;
            return Ok(Self::Waiting(response));
        };
        Ok(Self::Sending {
            stream: body.write().map_err(|()| refused("body"))?,
            body,
            left,
            response,
        })
    }

    fn advance(self) -> Step {
        match self {
            Self::Sending {
                stream,
                body,
                mut left,
                response,
            } => {
                match write(&stream, &mut left) {
                    Ok(()) if left.is_empty() => {}
                    Ok(()) => {
                        return Step::Waits(Self::Sending {
                            stream,
                            body,
                            left,
                            response,
                        });
                    }
                    // The answer may be there all the same, and says more.
                    Err(()) => {
                        drop((stream, body));
                        return Step::Further(Self::Waiting(response));
                    }
                }
                drop(stream);
                // If this fails the response tells why.
                OutgoingBody::finish(body, None).ok();
                Step::Further(Self::Waiting(response))
            }
            Self::Waiting(response) => match response.get() {
                None => Step::Waits(Self::Waiting(response)),
                Some(Ok(Ok(response))) => Self::read(&response),
                Some(Ok(Err(error))) => Step::Ended(Response::Failed(of_code(&error))),
                Some(Err(())) => lost("the answer was taken before"),
            },
            Self::Reading {
                status,
                headers,
                stream,
                body,
                mut bytes,
            } => loop {
                match stream.read(PIECE) {
                    Ok(piece) if piece.is_empty() => {
                        return Step::Waits(Self::Reading {
                            status,
                            headers,
                            stream,
                            body,
                            bytes,
                        });
                    }
                    Ok(piece) if bytes.len() < MOST => bytes.extend(piece),
                    Ok(_) | Err(StreamError::Closed) => {
                        // The child before the body that it belongs to.
                        drop((stream, body));
                        return Step::Ended(Response::Answered(HttpAnswer {
                            status,
                            headers,
                            body: bytes,
                        }));
                    }
                    Err(StreamError::LastOperationFailed(_)) => {
                        drop((stream, body));
                        return lost("the answer broke off");
                    }
                }
            },
        }
    }

    fn read(response: &IncomingResponse) -> Step {
        let entries = response.headers().entries();
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let headers = entries.into_iter().map(|(name, value)| (name, text(value)));
        let body = response.consume();
        let Some((stream, body)) = body.ok().and_then(|body| Some((body.stream().ok()?, body)))
        else {
            return lost("the answer has no body that can be read");
        };
        Step::Further(Self::Reading {
            status: response.status(),
            headers: headers.collect(),
            stream,
            body,
            bytes: Vec::new(),
        })
    }
}

/// Writes what the stream takes now.
fn write(stream: &OutputStream, left: &mut Vec<u8>) -> Result<(), ()> {
    while !left.is_empty() {
        let free = stream.check_write().map_err(drop)?;
        let count = usize::try_from(free).unwrap_or(usize::MAX).min(left.len());
        if count == 0 {
            return Ok(());
        }
        let rest = left.split_off(count);
        stream.write(left).map_err(drop)?;
        *left = rest;
    }
    stream.flush().map_err(drop)
}

/// The time that the request has, for a runtime that can be told.
fn options(timeout_ms: u64) -> RequestOptions {
    let options = RequestOptions::new();
    let time = Some(timeout_ms.saturating_mul(1_000_000));
    options.set_connect_timeout(time).ok();
    options.set_first_byte_timeout(time).ok();
    options.set_between_bytes_timeout(time).ok();
    options
}

fn lost(message: &str) -> Step {
    Step::Ended(Response::Failed(failure(FailureReason::Lost, message)))
}

fn failure(reason: FailureReason, message: &str) -> HttpFailure {
    HttpFailure {
        reason,
        message: message.to_owned(),
    }
}

/// Whether anything was sent decides whether the record may have been written.
fn of_code(error: &ErrorCode) -> HttpFailure {
    let reason = match error {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestUriInvalid => FailureReason::Unreachable,
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => FailureReason::TlsFailed,
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => FailureReason::TimedOut,
        _ => FailureReason::Lost,
    };
    failure(reason, &error.to_string())
}
