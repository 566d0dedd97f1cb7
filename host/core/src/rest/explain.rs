//! What proxies answer, made into verdicts with a reason for a person.

use serde::Deserialize;

use super::{
    answer::{Answer, Failure},
    dialect::Dialect::{self, ConfluentV3},
    read,
    redact::Redactor,
    verdict::{self, Finding, KEY_REQUIRED, RECORD_REFUSED},
};
use crate::{record::Record, verdict::Verdict};

/// What an answer says without a word per record.
pub struct Said {
    error_code: Option<i64>,
    message: String,
    /// Status, code and message for a person.
    pub text: String,
}

impl Said {
    /// What an answer says, fit to be shown.
    pub fn read(answer: &Answer, redactor: &Redactor) -> Self {
        /// The body of an error; Karapace's 403 has no code, its 400s no JSON.
        #[derive(Deserialize)]
        struct Body {
            #[serde(default, deserialize_with = "read::whole")]
            error_code: Option<i64>,
            #[serde(default, deserialize_with = "read::text")]
            message: Option<String>,
        }
        let body: Option<Body> = read::json(&answer.body);
        let status = answer.status;
        let error_code = body.as_ref().and_then(|body| body.error_code);
        let error_code = error_code.filter(|code| is_of_status(*code, status));
        if let Some(address) = &answer.moved_to {
            let address = redactor.message(address);
            return Self {
                error_code,
                message: String::new(),
                text: format!(
                    "HTTP {status} sends us to another address, which is never followed; if it is the REST proxy's, set `rest_url` to {address}"
                ),
            };
        }
        match body.and_then(|body| body.message) {
            Some(message) => {
                let code =
                    error_code.map_or_else(String::new, |code| format!(" (error_code {code})"));
                let said = redactor.message(&message);
                Self {
                    error_code,
                    message,
                    text: format!("the proxy answered HTTP {status}{code}: {said}"),
                }
            }
            None => Self {
                error_code,
                message: String::from_utf8_lossy(&answer.body).into_owned(),
                text: format!(
                    "HTTP {status} with {} instead of a REST proxy's answer: {}",
                    content_type(answer, redactor),
                    redactor.body(&answer.body)
                ),
            },
        }
    }

    fn finding(&self, dialect: Dialect, answer: &Answer) -> Finding {
        verdict::of_post(dialect, answer.status, self.error_code, &self.message)
    }

    /// What may be configured otherwise, in words that follow what was said.
    fn remedy(&self, dialect: Dialect, answer: &Answer) -> &'static str {
        let is_of_record = matches!(self.error_code, Some(40401 | 40402));
        match (dialect, answer.status) {
            (ConfluentV3, 404 | 405) if !is_of_record => {
                "; if the proxy has no v3 API (only Confluent's has), set `api` to `v2` and `flavor` to whose proxy it is"
            }
            (_, 404 | 405) if !is_of_record => {
                "; is there a path to add to `rest_url`? If the proxy has the v3 API only, set `api` to `v3`"
            }
            (_, 406 | 415) => "; does `flavor` say whose proxy it is?",
            (_, 400 | 422) if self.knows_other_bodies() => "; does `flavor` say whose proxy it is?",
            _ => "",
        }
    }

    /// Whether the proxy does not know what another flavor does: seen, in the words
    /// of Confluent, Karapace and Strimzi.
    fn knows_other_bodies(&self) -> bool {
        [
            "Unrecognized field",
            "Invalid request format",
            "format of the request body is not supported",
        ]
        .iter()
        .any(|text| self.message.contains(text))
    }
}

/// Whether a REST proxy gives this code beside this status, such as 404 or 40401 beside
/// 404. Others have codes of their own: Cloudflare's 1020 beside 403 is its firewall's.
fn is_of_status(code: i64, status: u16) -> bool {
    let is_of = |status| code == i64::from(status) || code / 100 == i64::from(status);
    match status {
        401 | 403 => is_of(401) || is_of(403),
        status => is_of(status),
    }
}

/// Whether the proxy itself, in its own words, does not accept who we are.
pub fn denies_access(answer: &Answer) -> bool {
    let said = Said::read(answer, &Redactor::default());
    matches!(answer.status, 401 | 403) && said.error_code.is_some()
}

fn content_type(answer: &Answer, redactor: &Redactor) -> String {
    match &answer.content_type {
        Some(name) => redactor.message(name),
        None => "no content type".to_owned(),
    }
}

/// The verdict on each record of a POST answered without a word per record.
pub fn of_post(dialect: Dialect, answer: &Answer, records: usize, redactor: &Redactor) -> Verdict {
    let said = Said::read(answer, redactor);
    let finding = said.finding(dialect, answer);
    if let Some(failure) = &answer.failure
        && finding == Finding::Unknown("bad_answer")
    {
        // The status was fine, but the rest of the answer did not come.
        return of_failure(failure);
    }
    let message = said.text.clone() + said.remedy(dialect, answer);
    finding.verdict(message, answer.retry_after, records)
}

/// An error that stands beside a record.
pub(super) struct RecordError<'a> {
    /// None where there is a text only.
    pub(super) code: Option<i64>,
    pub(super) message: &'a str,
}

/// What an answer lacks that tells of a record in words at most.
pub(super) const NOTHING_NAMED: &str =
    "the proxy named neither an offset nor an error_code for the record";

/// The verdict on a record, of a POST of `records`, that has an error of its own.
pub(super) fn of_record(
    dialect: Dialect,
    error: &RecordError<'_>,
    (record, records): (&Record, usize),
    redactor: &Redactor,
) -> Verdict {
    let RecordError { code, message } = *error;
    let finding = verdict::of_record(dialect, code, message);
    let mut text = code.map_or_else(
        || NOTHING_NAMED.to_owned(),
        |code| format!("the proxy answered error_code {code}"),
    );
    if !message.is_empty() {
        text = format!("{text}: {}", redactor.message(message));
    }
    let lacks_key = record.key.is_none();
    text += match finding.code() {
        KEY_REQUIRED => "; the topic is compacted, so give the queue's `record` a `key`",
        RECORD_REFUSED if lacks_key && records == 1 => {
            "; if the topic is compacted, give the queue's `record` a `key`: this record has none"
        }
        _ => "",
    };
    finding.verdict(text, None, records)
}

/// The verdict on each record of a POST that got no answer.
pub fn of_failure(failure: &Failure) -> Verdict {
    verdict::of_failure(failure).verdict(failure.to_string(), None, 1)
}
