//! The one table of what proxies answer and what it says of a record.
//!
//! The status says nothing of a record: 200 may hold only failures (Confluent,
//! Strimzi), 422 may hold successes (Karapace), 500 may have written some
//! (Confluent v2). So there is a table for the code that stands beside a record
//! (`of_record`), one for a POST answered without a word per record
//! (`of_post`), and one for answers that never came (`of_failure`).
//!
//! A verdict beside a record may speak of the batch that the broker checked as one:
//! one bad record makes its neighbours fail, and a batch may be too large though
//! none of its records is. Such a finding is [`Finding::Refused`], which is final
//! only for a record that was alone.
//!
//! Only the proxy's own words are final: JSON with an `error_code`. Anything else
//! (a load balancer's page, a redirect) is tried again.
//!
//! Sources, named in the tables: *seen* is Confluent REST Proxy 8.1.5, Karapace
//! 6.2.0 and Strimzi Kafka Bridge 1.1.0 in front of Apache Kafka 4.1.1; *doc* the
//! REST proxy API reference; *Kafka* the error codes of the Kafka protocol guide,
//! which Redpanda's proxy passes on as they are, and the texts of Kafka's broker and
//! producer; *librdkafka* and *aiokafka* the texts that Karapace takes from them.

use std::time::Duration;

use super::{answer::Failure, dialect::Dialect};
use crate::{
    record::Record,
    verdict::{Reason, TOO_LARGE, Verdict},
};

/// Codes that more than one place gives or reads.
pub(super) const NOT_IN_METADATA: &str = "not_in_metadata";
pub(super) const UNKNOWN_TOPIC: &str = "unknown_topic";
pub(super) const UNKNOWN_PARTITION: &str = "unknown_partition";
pub(super) const KEY_REQUIRED: &str = "key_required";
pub(super) const KAFKA_ERROR: &str = "kafka_error";
pub(super) const RECORD_REFUSED: &str = "record_refused";
/// The proxy, or what stands before it, does not accept who we are.
pub const UNAUTHORIZED: &str = "unauthorized";

/// What an answer says of records, with the stable code of the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Not written; may succeed later.
    Retriable(&'static str),
    /// Not written, and never will be, whatever else is in the POST.
    Permanent(&'static str),
    /// Not written, because the POST or a broker's batch was refused as a whole;
    /// one record of it may be to blame.
    Refused(&'static str),
    /// Not written, and a smaller POST may pass; a record alone is tried again.
    Oversized(&'static str),
    /// Perhaps written.
    Unknown(&'static str),
}

use Dialect::{ConfluentV2, ConfluentV3, Karapace, Redpanda, Strimzi};
use Finding::{Oversized, Permanent, Refused, Retriable, Unknown};

impl Finding {
    /// The stable code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Retriable(code) | Permanent(code) | Refused(code) | Oversized(code) | Unknown(code) => {
                code
            }
        }
    }

    /// The verdict on each record of a POST of `records`.
    pub fn verdict(
        self,
        message: String,
        retry_after: Option<Duration>,
        records: usize,
    ) -> Verdict {
        let reason = Reason {
            code: self.code(),
            message,
            retry_after,
        };
        match self {
            Refused(_) | Oversized(_) if records > 1 => Verdict::Alone(reason),
            Retriable(_) | Oversized(_) => Verdict::Retriable(reason),
            Permanent(_) | Refused(_) => Verdict::Permanent(reason),
            Unknown(_) => Verdict::Unknown(reason),
        }
    }
}

/// Whether the code beside a record is an error's. In Kafka's own codes 0 is none, in
/// those of HTTP what begins with 2.
pub(super) fn is_error(code: i64) -> bool {
    !matches!(code, 0 | 200..=299)
}

/// What the code, if there is one, and the message beside a record say of it.
pub(super) fn of_record(dialect: Dialect, code: Option<i64>, message: &str) -> Finding {
    let of_code = || code.map_or(Unknown("bad_answer"), |code| of_record_code(dialect, code));
    of_message(dialect, message).unwrap_or_else(of_code)
}

/// What a message says, where the code beside it does not tell enough.
fn of_message(dialect: Dialect, message: &str) -> Option<Finding> {
    let says = |text| message.contains(text);
    let finding = match dialect {
        // Seen: 50003 (Confluent v2), 40401 (v3), 404 (Strimzi), for a topic or a
        // partition that does not exist and for any while the broker is away.
        _ if says("not present in metadata") => Retriable(NOT_IN_METADATA),
        // Seen: 2 (Karapace), at once, for a partition that does not exist.
        _ if says("topic or partition that does not exist") => Retriable(UNKNOWN_TOPIC),
        // Seen: 50003 of Confluent v2 after 120 s without a broker. The producer
        // had the record, and may have sent it.
        _ if says("since batch creation") => Unknown("expired"),
        // Seen: a half-sent body on a connection the proxy gave up on.
        _ if says("Idle timeout expired") => Retriable("connection_idle"),
        // Seen: 500 (Strimzi). Kafka's broker, of the record itself.
        _ if says("cannot accept message without key") => Refused(KEY_REQUIRED),
        // Seen: 500 (Strimzi). Kafka's producer and librdkafka, of a bad record's neighbours.
        _ if says("part of a batch") || says("record in the same batch") => Refused(RECORD_REFUSED),
        // Seen: max.request.size, which Kafka's producer checks record by record.
        _ if says("when serialized which is larger than") => Permanent(TOO_LARGE),
        // Seen: 50002 (Confluent v2), 413 (v3) for max.message.bytes, which bounds the
        // batch. aiokafka's and librdkafka's (Karapace): larger than, too large,
        // exceeds the maximum configured segment size.
        _ if says("larger than") || says("too large") || says("configured segment size") => {
            Refused(TOO_LARGE)
        }
        // Kafka: "Not authorized to access topics: [t]", "Cluster authorization failed."
        _ if says("ot authorized") || says("uthorization failed") => Permanent(UNAUTHORIZED),
        // Seen: 50002 (Confluent v2), 40002 (v3), 500 (Strimzi). aiokafka: an invalid topic.
        _ if says("Invalid topics") || says("access an invalid topic") => {
            Permanent("invalid_topic")
        }
        // Seen: 50002 (Confluent v3), 500 (Strimzi). aiokafka: out of acceptable range.
        _ if (says("Timestamp") || says("timestamp"))
            && (says("out of range") || says("acceptable range")) =>
        {
            Refused("invalid_timestamp")
        }
        // Kafka's broker: INVALID_RECORD, in three wordings, and POLICY_VIOLATION.
        _ if says("failed the validation")
            || says("failed to validate")
            || says("records have been rejected")
            || says("satisfy the configured policy") =>
        {
            Refused(RECORD_REFUSED)
        }
        // Kafka: UNKNOWN_SERVER_ERROR, which passes more often than not.
        _ if says("server experienced an unexpected error") => Unknown(KAFKA_ERROR),
        // Kafka's producer, when the proxy stops or its thread died (KAFKA-8350).
        _ if says("roducer closed") || says("roducer is closed") || says("has been closed") => {
            Unknown("proxy_error")
        }
        // Seen: the last report of a v3 stream whose JSON broke; it is about the
        // stream, not about a record.
        ConfluentV3 if says("Error processing message") => Unknown("stream_broken"),
        _ => return None,
    };
    Some(finding)
}

#[expect(clippy::match_same_arms, reason = "a row per source")]
fn of_record_code(dialect: Dialect, code: i64) -> Finding {
    match (dialect, code) {
        (Redpanda, code) => of_kafka_code(code),
        // Karapace's source gives 1 to time-outs and cancelled writes, and to each
        // error of Kafka that aiokafka does not know.
        (Karapace, 1) => Unknown(KAFKA_ERROR),
        // Its source: errors Kafka calls retriable. Doc says the same of Confluent
        // v2, and that 1 is not retriable.
        (Karapace | ConfluentV2, 2) => Retriable("kafka_unavailable"),
        (ConfluentV2, 1) => Refused(KAFKA_ERROR),
        // Seen: anything Kafka's producer threw, even what passes.
        (Strimzi, 404) => Retriable(UNKNOWN_TOPIC),
        (Strimzi, 500) => Unknown(KAFKA_ERROR),
        // Seen: partition -1 (Confluent v3).
        (_, 40402) => Permanent(UNKNOWN_PARTITION),
        // Doc. Kafka calls it retriable: a topic may be being made.
        (_, 40401 | 40403) => Retriable(UNKNOWN_TOPIC),
        (ConfluentV3, 40002) => Permanent("invalid_topic"),
        (ConfluentV3, 413) => Refused(TOO_LARGE),
        // kafka-rest's source: the stream is too old; the record was not read.
        (ConfluentV3, 408) => Retriable("stream_expired"),
        // Doc: 40801, the schema registry did not answer in time.
        (_, 408 | 40_800..=40_899 | 429 | 42_900..=42_999) => Retriable("throttled"),
        (_, 401 | 403 | 40101 | 40301) => Permanent(UNAUTHORIZED),
        // Doc: an error of Kafka, not to be tried again, and one to be.
        (_, 50002) => Refused(KAFKA_ERROR),
        (_, 503 | 50003 | 50_300..=50_399) => Retriable("kafka_unavailable"),
        // Seen: 400, and 422 with 42206 and 42207 in the text, from the proxy as it
        // reads each record.
        (ConfluentV3, 400 | 422) => Permanent(RECORD_REFUSED),
        (_, 400..=499 | 40_000..=49_999) => Refused(RECORD_REFUSED),
        // Seen: 500 for a timestamp before 1970, but anything can be behind it.
        _ => Unknown("proxy_error"),
    }
}

/// The Kafka protocol guide's codes. Redpanda gives one a partition, so it may be
/// about any of its records.
fn of_kafka_code(code: i64) -> Finding {
    match code {
        // UNKNOWN_TOPIC_OR_PARTITION
        3 => Retriable(UNKNOWN_TOPIC),
        // Corrupt on the way, no leader, not enough replicas, storage, throttled:
        // Kafka calls them retriable, and nothing was written.
        2 | 5 | 6 | 8 | 9 | 14..=16 | 19 | 56 | 74 | 75 | 89 => Retriable("kafka_unavailable"),
        // MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE
        10 | 18 => Refused(TOO_LARGE),
        17 => Permanent("invalid_topic"),
        29..=31 | 58 => Permanent(UNAUTHORIZED),
        // INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT, POLICY_VIOLATION, INVALID_RECORD
        32 | 43 | 44 | 87 => Refused(RECORD_REFUSED),
        // REQUEST_TIMED_OUT, NETWORK_EXCEPTION, NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        // UNKNOWN_SERVER_ERROR, and what is not listed
        _ => Unknown(KAFKA_ERROR),
    }
}

/// Whether what the proxy says of its topic may settle the record: it was not
/// written for a cause that may pass, or for want of its topic or partition, or
/// it has no key and the cause is not told.
pub fn leaves_topic_open(verdict: &Verdict, record: &Record) -> bool {
    match verdict {
        Verdict::Retriable(reason) => matches!(reason.code, NOT_IN_METADATA | UNKNOWN_TOPIC),
        Verdict::Unknown(reason) => reason.code == KAFKA_ERROR && record.key.is_none(),
        _ => false,
    }
}

/// What an HTTP status, and the `error_code` in its body, say of every record
/// of a POST that was answered without a word per record. Without an `error_code`
/// it is not the proxy that speaks, or not in its own words: that is never final.
pub(super) fn of_post(
    dialect: Dialect,
    status: u16,
    error_code: Option<i64>,
    message: &str,
) -> Finding {
    match (dialect, status, error_code) {
        // A success that does not say what became of the records.
        (_, 200..=299, _) => Unknown("bad_answer"),
        // Never followed: it would carry credentials and records elsewhere.
        (_, 300..=399, _) => Retriable("redirected"),
        // Seen: Confluent. The connection's fault, not the record's.
        (_, 400, _) if message.contains("Idle timeout expired") => Retriable("connection_idle"),
        // Seen: Karapace that never reached its broker, authentication off.
        (Karapace, 403, _) => Retriable("kafka_unavailable"),
        // Tokens are renewed; how long that may take is the configuration's word.
        (_, 401 | 403 | 407, _) => Retriable(UNAUTHORIZED),
        // Seen: Karapace asks the metadata first, so this is definite.
        (_, 404, Some(40401 | 40403)) => Permanent(UNKNOWN_TOPIC),
        // Of the one record, maybe, that names a partition.
        (_, 404, Some(40402)) => Refused(UNKNOWN_PARTITION),
        (_, 404 | 405 | 410, Some(_)) => Permanent("not_found"),
        // Seen: about the body's type or ours, whatever the records are.
        (_, 406 | 415, Some(_)) => Permanent("format_refused"),
        (_, 408 | 425 | 429, _) => Retriable("throttled"),
        // Seen: Karapace beyond 1 MiB of body.
        (_, 413, Some(_)) => Refused(TOO_LARGE),
        // A gateway's bound on bodies.
        (_, 413, None) => Oversized(TOO_LARGE),
        // Seen: one bad record (base64, unknown member, a number in Strimzi's
        // JSON) and nothing is written.
        (_, 400..=499, Some(_)) => Refused(RECORD_REFUSED),
        (_, 400..=499, None) => Retriable("foreign_answer"),
        // Envoy's source: the proxy hung up, maybe after it had read the POST.
        (_, 503, None)
            if message.contains("reset reason: connection termination")
                || message.contains("reset reason: remote reset") =>
        {
            Unknown("proxy_error")
        }
        (_, 503, _) => Retriable("proxy_unavailable"),
        // Karapace's source: "Kafka node not ready".
        (Karapace, 500, _) if message.contains("not ready") => Retriable("proxy_unavailable"),
        // Seen: Confluent v2, partition -1 amid good ones: those before it were
        // written. A gateway's 502 and 504 tell as little.
        _ => Unknown("proxy_error"),
    }
}

/// What it says when no complete answer came.
pub fn of_failure(failure: &Failure) -> Finding {
    match failure {
        Failure::Unreachable(_) => Retriable("unreachable"),
        Failure::Tls(_) => Retriable("tls_failed"),
        // Seen: what a client gave up on was written once the broker was back.
        Failure::TimedOut(_) => Unknown("timed_out"),
        Failure::Lost(_) => Unknown("connection_lost"),
        Failure::TooLarge(_) => Unknown("answer_too_large"),
        Failure::Encoded(_) => Unknown("bad_answer"),
    }
}
