//! `Retry-After`: the pause that a proxy asks for.

use std::time::{Duration, UNIX_EPOCH};

/// What the header says, in seconds, whole or not, or as a date; the time is in
/// milliseconds since 1970.
pub fn retry_after(text: &str, unix_ms: u64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // Some gateways count in parts of a second.
    if let Ok(seconds) = text.parse::<f64>() {
        let is_time = seconds.is_finite() && seconds >= 0.0;
        // What is beyond all bounds is the longest pause that is granted.
        return is_time.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let date = date.duration_since(UNIX_EPOCH).ok()?;
    // A date that is over asks for no pause.
    Some(date.saturating_sub(Duration::from_millis(unix_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (text, expected) in [
            ("7", Some(7)),
            (" 7.0 ", Some(7)),
            ("1e99", Some(u64::MAX)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("NaN", None),
            ("inf", None),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(3)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let found = retry_after(text, 784_111_777_000).map(|wait| wait.as_secs());
            assert_eq!(found, expected, "{text}");
        }
    }
}
