//! What goes wrong, in each phase of an attempt, and what is said of it.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::server::{
    Proxy::{self, Misnamed, Nowhere, Plain, Secure},
    Step::{self, Drip, Flood, Read, Request, Reset, Say, Stall},
};

/// What becomes of records that meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// They are tried again, and wait.
    Waits,
    /// They are given up.
    Dies,
}

/// A fault, and what it comes to.
#[derive(Debug)]
pub(super) struct Case {
    /// Its name, and its topic's.
    pub(super) name: &'static str,
    pub(super) proxy: Proxy,
    /// The code of the attempt: one of these, where it depends on who is faster.
    pub(super) codes: Vec<&'static str>,
    /// Whether the proxy may have written the record.
    pub(super) may_be_written: bool,
    pub(super) end: End,
}

fn retriable(name: &'static str, proxy: Proxy, code: &'static str) -> Case {
    Case {
        name,
        proxy,
        codes: code.split('|').collect(),
        may_be_written: false,
        end: End::Waits,
    }
}

fn unknown(name: &'static str, proxy: Proxy, code: &'static str) -> Case {
    Case {
        may_be_written: true,
        ..retriable(name, proxy, code)
    }
}

fn permanent(name: &'static str, proxy: Proxy, code: &'static str) -> Case {
    Case {
        end: End::Dies,
        ..retriable(name, proxy, code)
    }
}

/// A proxy that reads a request, says this, and goes on so.
fn after_request(said: impl Into<Vec<u8>>, then: impl IntoIterator<Item = Step>) -> Proxy {
    let steps = [Request, Say(said.into())].into_iter().chain(then);
    Plain(steps.collect())
}

/// A proxy that answers with this status and body, and closes the connection.
fn answers(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Proxy {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    after_request([head.as_bytes(), body].concat(), [])
}

/// The answers of a proxy about a record.
fn of_record(error: &str) -> Proxy {
    answers(200, "", format!(r#"{{"offsets":[{error}]}}"#))
}

/// 64 MiB of nothing, compressed.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let nothing = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&nothing).unwrap();
    }
    encoder.finish().unwrap()
}

const HALF_A_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Le";
const A_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
const HALF_A_BODY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n{\"offsets\":[{\"parti";

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = before_the_answer();
    cases.extend(within_the_answer());
    cases.extend(whole_answers());
    cases
}

/// Connections, handshakes, requests.
fn before_the_answer() -> Vec<Case> {
    vec![
        retriable("refused", Nowhere("http://127.0.0.1:9"), "unreachable"),
        retriable(
            "no-such-name",
            Nowhere("http://proxy.invalid"),
            "unreachable",
        ),
        retriable(
            "connect-reset",
            Plain(vec![Reset]),
            "unreachable|connection_lost",
        ),
        retriable(
            "handshake-reset",
            Secure(vec![Read(1), Reset]),
            "tls_failed",
        ),
        retriable("handshake-closed", Secure(vec![Read(1)]), "tls_failed"),
        retriable(
            "handshake-stalls",
            Secure(vec![Read(1), Stall]),
            "tls_failed",
        ),
        retriable("wrong-name", Misnamed, "tls_failed"),
        unknown(
            "request-reset",
            Plain(vec![Read(10), Reset]),
            "connection_lost",
        ),
        unknown("request-stalls", Plain(vec![Read(10), Stall]), "timed_out"),
        unknown("no-answer", Plain(vec![Request, Stall]), "timed_out"),
        unknown(
            "answer-reset",
            Plain(vec![Request, Reset]),
            "connection_lost",
        ),
    ]
}

/// Answers that do not end, or end too early.
fn within_the_answer() -> Vec<Case> {
    let line = "HTTP/1.1 200 OK\r\n";
    vec![
        unknown(
            "head-reset",
            after_request(HALF_A_HEAD, [Reset]),
            "connection_lost",
        ),
        unknown(
            "head-closed",
            after_request(HALF_A_HEAD, []),
            "connection_lost",
        ),
        unknown(
            "head-stalls",
            after_request(HALF_A_HEAD, [Stall]),
            "timed_out",
        ),
        unknown(
            "head-drips",
            after_request(line, [Drip(b"a: b\r\n")]),
            "timed_out",
        ),
        unknown(
            "head-endless",
            after_request(line, [Flood(b"a: b\r\n".repeat(1_000))]),
            "connection_lost",
        ),
        unknown(
            "interim-endless",
            after_request("", [Drip(b"HTTP/1.1 102 Processing\r\n\r\n")]),
            "timed_out",
        ),
        unknown(
            "body-reset",
            after_request(HALF_A_BODY, [Reset]),
            "connection_lost",
        ),
        unknown(
            "body-closed",
            after_request(HALF_A_BODY, []),
            "connection_lost",
        ),
        unknown(
            "body-stalls",
            after_request(HALF_A_BODY, [Stall]),
            "timed_out",
        ),
        unknown(
            "body-drips",
            after_request(A_HEAD, [Drip(b" ")]),
            "timed_out",
        ),
        unknown(
            "body-endless",
            after_request(A_HEAD, [Flood(vec![b'x'; 1 << 16])]),
            "answer_too_large",
        ),
        unknown(
            "body-bomb",
            answers(200, "Content-Encoding: gzip\r\n", bomb()),
            "answer_too_large",
        ),
        unknown(
            "body-unknown-encoding",
            answers(200, "Content-Encoding: br\r\n", "\x0b\x02\u{80}"),
            "bad_answer",
        ),
    ]
}

/// Answers that are whole.
fn whole_answers() -> Vec<Case> {
    let page = "<html><head><title>Oops</title></head></html>";
    let plain = |status| answers(status, "", "");
    let own = |status, code: u32| {
        answers(
            status,
            "",
            format!(r#"{{"error_code":{code},"message":"no"}}"#),
        )
    };
    vec![
        unknown(
            "a-page",
            answers(200, "Content-Type: text/html\r\n", page),
            "bad_answer",
        ),
        unknown(
            "too-many",
            of_record(r#"{"offset":1},{"offset":2}"#),
            "bad_answer",
        ),
        unknown("no-word", of_record("{}"), "bad_answer"),
        unknown(
            "expired",
            of_record(
                r#"{"error_code":50003,"error":"120000 ms has passed since batch creation"}"#,
            ),
            "expired",
        ),
        retriable(
            "no-leader",
            of_record(r#"{"error_code":50003,"error":"no leader"}"#),
            "kafka_unavailable",
        ),
        permanent(
            "forbidden-topic",
            of_record(r#"{"error_code":40301,"error":"no"}"#),
            "unauthorized",
        ),
        retriable(
            "redirected",
            answers(307, "Location: /elsewhere\r\n", ""),
            "redirected",
        ),
        retriable("who-are-you", plain(401), "unauthorized"),
        retriable("not-you", plain(403), "unauthorized"),
        retriable(
            "not-here",
            answers(404, "Content-Type: text/html\r\n", page),
            "foreign_answer",
        ),
        permanent("no-topic", own(404, 40_401), "unknown_topic"),
        retriable("too-slow", plain(408), "throttled"),
        retriable("too-large", plain(413), "too_large"),
        permanent("refused-record", own(422, 42_206), "record_refused"),
        retriable(
            "too-often",
            answers(429, "Retry-After: 1\r\n", ""),
            "throttled",
        ),
        unknown("broken", plain(500), "proxy_error"),
        unknown("bad-gateway", plain(502), "proxy_error"),
        retriable("away", plain(503), "proxy_unavailable"),
        unknown("gateway-time-out", plain(504), "proxy_error"),
    ]
}
