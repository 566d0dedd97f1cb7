//! What comes of a call into the guest.

use std::time::Duration;

use wasmtime::Trap;

use crate::outcome::{EventFailure, Failure};

/// Most bytes of a trap's message that are passed on.
const MAX_TRAP_MESSAGE: usize = 300;

/// A call did not end well. The instance is gone, and what it had published in
/// this call is discarded: nobody holds a receipt for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The guest used more CPU time than it may.
    #[error("the sandbox used more than {} ms of CPU time; nothing of the event was published", .deadline.as_millis())]
    DeadlineExceeded {
        /// What it may.
        deadline: Duration,
    },
    /// The guest asked for more memory than it may have.
    #[error(
        "the sandbox asked for {requested} bytes of memory and may have {maximum}; nothing of the event was published"
    )]
    MemoryExceeded {
        /// Bytes it asked for in total.
        requested: usize,
        /// Bytes it may have.
        maximum: usize,
    },
    /// The guest nested its calls too deep.
    #[error("the sandbox ran out of stack; nothing of the event was published")]
    StackOverflow,
    /// The guest trapped.
    #[error("the sandbox trapped: {message}; nothing of the event was published")]
    Trapped {
        /// What wasmtime says of it.
        message: String,
    },
    /// The guest's answer breaks its contract.
    #[error("the sandbox gave a false answer: {message}; nothing of the event was published")]
    Misbehaved {
        /// How.
        message: String,
    },
}

impl CallError {
    /// Every code that there is.
    pub const CODES: [&'static str; 5] = [
        "deadline_exceeded",
        "memory_exceeded",
        "stack_overflow",
        "guest_trapped",
        "guest_misbehaved",
    ];

    /// Stable, for machines: one of [`CallError::CODES`].
    pub fn code(&self) -> &'static str {
        let [deadline, memory, stack, trapped, misbehaved] = Self::CODES;
        match self {
            Self::DeadlineExceeded { .. } => deadline,
            Self::MemoryExceeded { .. } => memory,
            Self::StackOverflow => stack,
            Self::Trapped { .. } => trapped,
            Self::Misbehaved { .. } => misbehaved,
        }
    }

    /// Sorts what wasmtime reports of a call that had this deadline.
    pub(crate) fn of(error: &wasmtime::Error, deadline: Duration) -> Self {
        if let Some(known) = error.downcast_ref::<Self>() {
            return known.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::DeadlineExceeded { deadline },
            Some(Trap::StackOverflow) => Self::StackOverflow,
            Some(trap) => Self::Trapped {
                message: trap.to_string(),
            },
            None => Self::Trapped {
                message: shortened(&error.root_cause().to_string()),
            },
        }
    }

    pub(crate) fn misbehaved(message: impl Into<String>) -> Self {
        Self::Misbehaved {
            message: message.into(),
        }
    }
}

impl From<CallError> for EventFailure {
    fn from(error: CallError) -> Self {
        Self::Undecided(error.into())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// What came of one event.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<T> {
    /// The event's id: its own, or the host's where it brings none or was not read.
    pub(crate) id: String,
    /// One per queue of each trigger that fires; or why the event came to nothing.
    pub(crate) result: Result<Vec<T>, EventFailure>,
}

/// The beginning of a text that is not ours.
pub(crate) fn shortened(text: &str) -> String {
    match text
        .char_indices()
        .find(|(offset, _)| *offset >= MAX_TRAP_MESSAGE)
    {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
