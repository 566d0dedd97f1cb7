//! Timestamps as v3 writes them: ISO 8601 instants.

use toml::value::{Datetime, Offset};

use action_triggers_vocabulary::calendar::{civil_from_days, days_from_civil};

const MS_PER_DAY: i64 = 86_400_000;

/// Milliseconds since 1970 of an instant such as `2020-01-02T03:04:05.678Z`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let instant: Datetime = text.parse().ok()?;
    let (date, time) = (instant.date?, instant.time?);
    let offset_minutes = match instant.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_civil(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    );
    let seconds = (i64::from(time.hour) * 60 + i64::from(time.minute) - offset_minutes) * 60
        + i64::from(time.second.unwrap_or(0));
    let nanoseconds = i64::from(time.nanosecond.unwrap_or(0));
    Some(days * MS_PER_DAY + seconds * 1000 + nanoseconds / 1_000_000)
}

/// The instant of so many milliseconds since 1970.
pub(super) fn format(ms: i64) -> String {
    let (year, month, day) = civil_from_days(ms.div_euclid(MS_PER_DAY));
    let rest = ms.rem_euclid(MS_PER_DAY);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, millisecond) = (rest / 1000 % 60, rest % 1000);
    let head = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if millisecond == 0 {
        return format!("{head}Z");
    }
    format!("{head}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_and_written() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2020-01-02T03:04:05.678Z", 1_577_934_245_678),
            ("2000-02-29T23:59:59Z", 951_868_799_000),
            ("2100-03-01T00:00:00.001Z", 4_107_542_400_001),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
            assert_eq!(format(ms), text);
        }
        assert_eq!(
            parse("2020-01-02T03:04:05.678+01:00"),
            Some(1_577_930_645_678)
        );
        assert_eq!(parse("yesterday"), None);
    }
}
