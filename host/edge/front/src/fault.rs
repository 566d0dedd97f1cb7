//! Why a request as a whole is refused.

use action_triggers_core::event::decode::BodyError;
use serde_json::json;

/// Why a request is refused: nothing was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// Stable, for machines.
    pub code: String,
    /// For a person: what is wrong and what to do.
    pub message: String,
}

impl Fault {
    /// A refusal with this status and code.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// There is nothing at this path.
    pub fn unknown_path(path: &str) -> Self {
        let message = format!("there is no `{path}`: events go to `/v1/events`");
        Self::new(404, "unknown_path", message)
    }

    /// The path takes another method.
    pub fn wrong_method() -> Self {
        Self::new(405, "wrong_method", "use POST")
    }

    /// The body has more bytes than are taken.
    pub fn body_too_large(most: usize) -> Self {
        let message = format!("the body has more than {most} bytes: send fewer events together");
        Self::new(413, "body_too_large", message)
    }

    /// The body holds more events than are taken.
    pub fn too_many_events(most: usize) -> Self {
        let message = format!("there are more than {most} events: send fewer of them together");
        Self::new(413, "too_many_events", message)
    }

    /// The body had not come to its end when the request was to be answered.
    pub fn body_too_slow() -> Self {
        let message = "the body did not come in time: send it faster, send less, or build with more `--deadline-secs`";
        Self::new(408, "body_too_slow", message)
    }

    /// The body broke off.
    pub fn body_cut_short() -> Self {
        Self::new(
            400,
            "body_cut_short",
            "the body cannot be read to its end: send it again",
        )
    }

    /// The answer's body, as JSON text.
    pub fn json(&self) -> String {
        json!({"errors": [{"code": self.code, "message": self.message}]}).to_string()
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        let status = match &error {
            BodyError::UnsupportedType { .. } => 415,
            _ => 400,
        };
        Self::new(status, error.code(), error.to_string())
    }
}
