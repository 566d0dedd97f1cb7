//! What came back from a proxy, however it was reached.

use std::time::Duration;

/// What came back: maybe not all of it.
#[derive(Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The pause that the proxy asks for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// What the body is said to be (`Content-Type`).
    pub content_type: Option<String>,
    /// Of a redirect: the address to configure as `rest_url`, should that be meant.
    pub moved_to: Option<String>,
    /// The body, as far as it came, long strings cut short.
    pub body: Vec<u8>,
    /// Why the body is not complete.
    pub failure: Option<Failure>,
}

/// Why there is no complete answer, with what happened in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No connection: nothing was sent.
    #[error("no connection to the proxy: {0}")]
    Unreachable(String),
    /// The two sides do not trust each other: nothing was read by the proxy.
    #[error("no TLS connection to the proxy: {0}")]
    Tls(String),
    /// The answer was not complete in time.
    #[error("no complete answer within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The connection ended before the answer did.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// The answer has more bytes than are read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer cannot be decompressed: it is in an encoding that was not asked for, or
    /// not in the one that it says.
    #[error(
        "the answer's encoding `{0}` cannot be undone; let the proxy, or the gateway before it, send plain answers"
    )]
    Encoded(String),
}
