//! Faults on demand, each as it was seen from a real proxy.

use std::{collections::VecDeque, str::FromStr, time::Duration};

/// What goes wrong with a POST.
///
/// As text, for `dev-proxy --fault`: `record:N:CODE`, `records:CODE`,
/// `status:S`, `delay:MS`, `hang`, `drop`, `redirect:URL`, `truncate`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The record at this place in the POST, from 0, is refused with this code;
    /// its neighbours are stored.
    Record {
        /// Its place.
        nth: usize,
        /// The `error_code`, such as 50002.
        code: u32,
    },
    /// Every record is refused with this code; the status stays 200.
    Records {
        /// The `error_code`.
        code: u32,
    },
    /// The whole POST gets this status and nothing is stored.
    Status(u16),
    /// Stored and answered, but late.
    Delay(Duration),
    /// Nothing is stored and no answer ever comes.
    Hang,
    /// Stored, then the connection is cut without an answer.
    DropAfterStoring,
    /// Answered with 307 and this address; nothing is stored.
    Redirect(String),
    /// Stored, but half of the answer is missing.
    TruncateAfterStoring,
}

/// A fault that cannot be read from its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no fault; expected `record:N:CODE`, `records:CODE`, `status:S`, `delay:MS`, `hang`, `drop`, `redirect:URL` or `truncate`"
)]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text).ok_or_else(|| FaultError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Fault> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    Some(match (kind, rest) {
        ("record", rest) => {
            let (nth, code) = rest.split_once(':')?;
            Fault::Record {
                nth: nth.parse().ok()?,
                code: code.parse().ok()?,
            }
        }
        ("records", code) => Fault::Records {
            code: code.parse().ok()?,
        },
        ("status", status) => {
            let status = status.parse().ok()?;
            (200..=599)
                .contains(&status)
                .then_some(Fault::Status(status))?
        }
        ("delay", ms) => Fault::Delay(Duration::from_millis(ms.parse().ok()?)),
        ("redirect", url) if !url.is_empty() => Fault::Redirect(url.to_owned()),
        ("hang", "") => Fault::Hang,
        ("drop", "") => Fault::DropAfterStoring,
        ("truncate", "") => Fault::TruncateAfterStoring,
        _ => return None,
    })
}

impl Fault {
    /// The code with which the record at this place is refused.
    pub(super) fn code_of_record(&self, place: usize) -> Option<u32> {
        match self {
            Self::Record { nth, code } if *nth == place => Some(*code),
            Self::Records { code } => Some(*code),
            _ => None,
        }
    }
}

/// Faults to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Fault, usize)>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, times: usize) {
        if times > 0 {
            self.0.push_back((fault, times));
        }
    }

    pub(super) fn next(&mut self) -> Option<Fault> {
        let (fault, times) = self.0.front_mut()?;
        if *times > 1 {
            *times -= 1;
            return Some(fault.clone());
        }
        self.0.pop_front().map(|(fault, _)| fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_their_text() {
        assert_eq!(
            "record:2:50002".parse(),
            Ok(Fault::Record {
                nth: 2,
                code: 50002
            })
        );
        assert_eq!(
            "delay:250".parse(),
            Ok(Fault::Delay(Duration::from_millis(250)))
        );
        assert_eq!(
            "redirect:http://x/".parse(),
            Ok(Fault::Redirect("http://x/".to_owned()))
        );
        for text in [
            "",
            "hang:1",
            "status:9",
            "status:x",
            "record:1",
            "redirect:",
            "other",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn faults_are_met_in_order_and_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.add(Fault::Status(503), 2);
        faults.add(Fault::Hang, 1);
        faults.add(Fault::DropAfterStoring, 0);
        let met: Vec<_> = std::iter::from_fn(|| faults.next()).collect();
        assert_eq!(met, [Fault::Status(503), Fault::Status(503), Fault::Hang]);
    }
}
