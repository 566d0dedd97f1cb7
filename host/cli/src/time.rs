//! Times as people write them: RFC 3339, in UTC.

use action_triggers_vocabulary::calendar::{civil_from_days, days_from_civil};

const DAY_MS: u64 = 86_400_000;

/// Milliseconds since 1970 as RFC 3339.
pub(crate) fn written(unix_ms: u64) -> String {
    let days = i64::try_from(unix_ms / DAY_MS).unwrap_or(0);
    let (year, month, day) = civil_from_days(days);
    let rest = unix_ms % DAY_MS;
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, millis) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Reads `2026-11-26`, `2026-11-26T10:00:00Z` or the same with parts of a second, as
/// milliseconds since 1970.
pub(crate) fn read(text: &str) -> Result<u64, String> {
    let wrong = || format!("invalid time `{text}`: expected one such as 2026-11-26T10:00:00Z");
    parse(text).ok_or_else(wrong)
}

fn parse(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-')?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let (time, part) = time.split_once('.').unwrap_or((time, "0"));
    let [hours, minutes, seconds] = numbers(time, ':')?;
    if hours > 23 || minutes > 59 || seconds > 59 || part.is_empty() {
        return None;
    }
    let millis: i64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    u64::try_from(seconds * 1_000 + millis).ok()
}

/// Three whole numbers with this between them.
fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split(between);
    let mut next = || parts.next().filter(|part| is_plain(part))?.parse().ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were_written() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2026-02-28T23:59:59.999Z",
            "2024-02-29T12:00:00.050Z",
        ] {
            assert_eq!(written(read(text).unwrap()), text);
        }
        assert_eq!(read("2026-11-26"), read("2026-11-26T00:00:00Z"));
        assert_eq!(
            read("2026-11-26T10:00:00.5Z"),
            read("2026-11-26T10:00:00.500Z")
        );
        for text in [
            "",
            "soon",
            "2026-13-01",
            "2026-02-30",
            "2026-01-01T24:00:00Z",
            "2026-01-01T10:00:00",
            "1969-01-01",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
