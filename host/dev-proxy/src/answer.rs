//! Answers, and errors as Confluent's proxy words them.

use std::io;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

pub(super) const V2: &str = "application/vnd.kafka.v2+json";
pub(super) const JSON: &str = "application/json";

/// A body of this media type.
pub(super) fn body(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = (status, text).into_response();
    let media_type = HeaderValue::from_static(media_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

pub(super) fn json(media_type: &'static str, value: &Value) -> Response {
    body(StatusCode::OK, media_type, value.to_string())
}

/// A refusal of the whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// With the status as its code, as most have it.
    pub(super) fn plain(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, u32::from(status), message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        body(status, V2, error(self.code, &self.message).to_string())
    }
}

pub(super) fn error(code: u32, message: &str) -> Value {
    json!({"error_code": code, "message": message})
}

/// Whether the client takes this type (or one that `*/*` covers).
pub(super) fn check_accept(headers: &HeaderMap, types: &[&str]) -> Result<(), Refused> {
    let Some(accept) = headers.get(header::ACCEPT) else {
        return Ok(());
    };
    let takes = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim();
        matches!(range, "*/*" | "application/*" | "") || types.contains(&range)
    };
    match accept.to_str() {
        Ok(accept) if accept.split(',').any(takes) => Ok(()),
        _ => Err(Refused::plain(406, "HTTP 406 Not Acceptable")),
    }
}

/// The media type without its parameters, in lower case; none if none was sent.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("?");
    let name = text.split(';').next().unwrap_or_default();
    Some(name.trim().to_ascii_lowercase())
}

pub(super) fn unsupported() -> Refused {
    Refused::plain(415, "HTTP 415 Unsupported Media Type")
}

/// Keeps the head of an answer, which still promises the whole body.
pub(super) fn truncate(response: Response, text: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    let length = HeaderValue::from(text.len());
    parts.headers.insert(header::CONTENT_LENGTH, length);
    let half = text.as_bytes().get(..text.len() / 2).unwrap_or_default();
    let half = stream::iter([Ok(Bytes::copy_from_slice(half))]);
    let lost = stream::once(async {
        // What is written already goes out while this waits.
        tokio::task::yield_now().await;
        Err(io::Error::other("truncated on purpose"))
    });
    Response::from_parts(parts, Body::from_stream(half.chain(lost)))
}
