//! Why a request as a whole is refused, and how that is answered.

use action_triggers_host::{NotTaken, StoreError, decode::BodyError};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Seconds after which a client may try again what there was no room for.
const SOON: u32 = 1;
/// The same for what somebody has to mend.
const LATER: u32 = 10;

/// Why a request is refused: none of its events is kept.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    status: StatusCode,
    message: String,
    retry_after: Option<u32>,
    closes: bool,
}

impl Fault {
    pub(super) fn new(code: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            retry_after: None,
            closes: false,
        }
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Closes the connection: a part of the request is unread.
    fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(super) fn unauthenticated() -> Self {
        let message = "the token is missing or wrong: send `Authorization: Bearer` and the token of \
                       `serve` in the configuration";
        Self::new("unauthenticated", StatusCode::UNAUTHORIZED, message).closing()
    }

    pub(super) fn not_found(path: &str) -> Self {
        let message = format!(
            "there is no `{path}`: events go to `/v1/events`, `/v1/render` or `/v1/explain`"
        );
        Self::new("unknown_path", StatusCode::NOT_FOUND, message)
    }

    pub(super) fn wrong_method(allowed: &str) -> Self {
        let message = format!("use {allowed}");
        Self::new("wrong_method", StatusCode::METHOD_NOT_ALLOWED, message)
    }

    pub(super) fn body_too_large(most: usize) -> Self {
        let message = format!(
            "the body has more than {most} bytes: send fewer events together, or raise \
             `max_body_bytes` of `serve`"
        );
        Self::new("body_too_large", StatusCode::PAYLOAD_TOO_LARGE, message).closing()
    }

    pub(super) fn too_many_events(most: usize) -> Self {
        let message = format!("there are more than {most} events: send fewer of them together");
        Self::new("too_many_events", StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(super) fn rendering_too_large(most: usize) -> Self {
        let message = format!("the answer has more than {most} bytes: send fewer events together");
        Self::new(
            "rendering_too_large",
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        )
    }

    pub(super) fn body_too_slow(seconds: f64) -> Self {
        let message = format!(
            "the body did not come within {seconds} s: send less, or raise `client_timeout_secs` of \
             `serve`"
        );
        Self::new("body_too_slow", StatusCode::REQUEST_TIMEOUT, message).closing()
    }

    pub(super) fn body_cut_short(why: &dyn std::fmt::Display) -> Self {
        let message = format!("the body cannot be read: {why}");
        Self::new("body_cut_short", StatusCode::BAD_REQUEST, message).closing()
    }

    pub(super) fn compressed(encoding: &str) -> Self {
        let message = format!("unsupported content encoding `{encoding}`: send the body as it is");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new("unsupported_content_encoding", status, message).closing()
    }

    pub(super) fn invalid_key() -> Self {
        let message = "invalid `Idempotency-Key`: expected 1 to 200 visible ASCII characters";
        Self::new("invalid_idempotency_key", StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn busy() -> Self {
        let message =
            "the requests under way have as many bytes as they may: send the events again";
        Self::new("busy", StatusCode::TOO_MANY_REQUESTS, message)
            .retry_after(SOON)
            .closing()
    }

    pub(super) fn too_many_connections() -> Self {
        let message = "there are as many connections as there may be: send the events again, or \
                       raise `max_connections` of `serve`";
        Self::new(
            "too_many_connections",
            StatusCode::SERVICE_UNAVAILABLE,
            message,
        )
        .retry_after(SOON)
        .closing()
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        let status = match &error {
            BodyError::UnsupportedType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(error.code(), status, error.to_string())
    }
}

impl From<NotTaken> for Fault {
    fn from(why: NotTaken) -> Self {
        let (status, seconds) = match &why {
            NotTaken::Outbox(StoreError::NoRoom) => (StatusCode::TOO_MANY_REQUESTS, Some(SOON)),
            NotTaken::Outbox(StoreError::Stalled { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, Some(LATER))
            }
            NotTaken::Outbox(StoreError::TooMuch) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            _ => (StatusCode::SERVICE_UNAVAILABLE, Some(LATER)),
        };
        let fault = Self::new(why.code(), status, why.to_string());
        match seconds {
            Some(seconds) => fault.retry_after(seconds),
            None => fault,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({"errors": [{"code": self.code, "message": self.message}]});
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
