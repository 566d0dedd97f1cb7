//! What proxies answer, made into verdicts with a reason for a person.

use serde::Deserialize;

use super::{
    answer::{Answer, Failure},
    dialect::Dialect,
    redact::Redactor,
    verdict::{self, Finding},
};
use crate::verdict::Verdict;

/// What an answer says without a word per record.
pub struct Said {
    error_code: Option<i64>,
    message: String,
    /// Status, code and message for a person.
    pub text: String,
}

impl Said {
    /// Reads what stands in the answer, a whole page or an error of the API.
    pub fn read(answer: &Answer, redactor: &Redactor) -> Self {
        /// The body of an error; Karapace's 403 has no code, its 400s no JSON.
        #[derive(Deserialize)]
        struct Body {
            error_code: Option<i64>,
            message: Option<String>,
        }
        let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
        let error_code = body.as_ref().and_then(|body| body.error_code);
        let (message, said) = match body.and_then(|body| body.message) {
            Some(message) => {
                let said = redactor.message(&message);
                (message, said)
            }
            None => (
                String::from_utf8_lossy(&answer.body).into_owned(),
                redactor.body(&answer.body),
            ),
        };
        let code = error_code.map_or_else(String::new, |code| format!(" (error_code {code})"));
        Self {
            error_code,
            message,
            text: format!("the proxy answered HTTP {}{code}: {said}", answer.status),
        }
    }

    /// What it says of every record of the POST.
    pub fn finding(&self, dialect: Dialect, answer: &Answer) -> Finding {
        verdict::of_post(dialect, answer.status, self.error_code, &self.message)
    }
}

/// The verdict on each record of a POST answered without a word per record.
pub(super) fn of_post(
    dialect: Dialect,
    answer: &Answer,
    records: usize,
    redactor: &Redactor,
) -> Verdict {
    let said = Said::read(answer, redactor);
    let finding = said.finding(dialect, answer);
    match (&answer.failure, finding) {
        // The status was fine, but the rest of the answer did not come.
        (Some(failure), Finding::Unknown("bad_answer")) => of_failure(failure),
        _ => finding.verdict(said.text, answer.retry_after, records),
    }
}

/// The verdict on a record that has an error of its own.
pub(super) fn of_record(
    dialect: Dialect,
    code: i64,
    message: &str,
    redactor: &Redactor,
) -> Verdict {
    let said = redactor.message(message);
    verdict::of_record(dialect, code, message).verdict(
        format!("the proxy answered error_code {code}: {said}"),
        None,
        1,
    )
}

/// The verdict on each record of a POST without a complete answer.
pub fn of_failure(failure: &Failure) -> Verdict {
    verdict::of_failure(failure).verdict(failure.to_string(), None, 1)
}
