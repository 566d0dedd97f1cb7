//! Dates, times and durations as Python writes them in ISO 8601.

use action_triggers_vocabulary::calendar::civil_from_days;

/// What a count of time is a count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl Precision {
    fn nanoseconds(self) -> i128 {
        match self {
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }
}

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// The date of a day counted from 1970-01-01; none beyond the years that Python has.
pub(super) fn date(days: i64) -> Option<String> {
    // Within these no sum below can overflow.
    if !(-4_000_000..4_000_000).contains(&days) {
        return None;
    }
    let (year, month, day) = civil_from_days(days);
    let is_known = (1..=9999).contains(&year);
    is_known.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The time of day that is this long after midnight; none where that is another day.
pub(super) fn time(count: i64, precision: Precision) -> Option<String> {
    let nanoseconds = i128::from(count) * precision.nanoseconds();
    (0..DAY).contains(&nanoseconds).then(|| clock(nanoseconds))
}

/// The date and time that is this long after 1970 began, without a zone.
pub(super) fn datetime(count: i64, precision: Precision) -> Option<String> {
    let nanoseconds = i128::from(count) * precision.nanoseconds();
    let days = i64::try_from(nanoseconds.div_euclid(DAY)).ok()?;
    let time = clock(nanoseconds.rem_euclid(DAY));
    Some(format!("{}T{time}", date(days)?))
}

/// A duration as Django writes it.
pub(super) fn duration(count: i64, precision: Precision) -> String {
    let nanoseconds = i128::from(count) * precision.nanoseconds();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let nanoseconds = nanoseconds.abs();
    let seconds = nanoseconds / SECOND;
    let [days, hours, minutes] = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60];
    let fraction = fraction(nanoseconds % SECOND);
    let seconds = seconds % 60;
    format!("{sign}P{days}DT{hours:02}H{minutes:02}M{seconds:02}{fraction}S")
}

fn clock(nanoseconds: i128) -> String {
    let seconds = nanoseconds / SECOND;
    let [hour, minute, second] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    let fraction = fraction(nanoseconds % SECOND);
    format!("{hour:02}:{minute:02}:{second:02}{fraction}")
}

/// As many digits as there are: none, three, six or nine.
fn fraction(nanoseconds: i128) -> String {
    if nanoseconds == 0 {
        String::new()
    } else if nanoseconds % 1_000_000 == 0 {
        format!(".{:03}", nanoseconds / 1_000_000)
    } else if nanoseconds % 1_000 == 0 {
        format!(".{:06}", nanoseconds / 1_000)
    } else {
        format!(".{nanoseconds:09}")
    }
}

/// A point in time as RFC 3339: one that tells no offset is in UTC. None for what is not one.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let has_offset = time.contains(['Z', 'z', '+', '-']);
    let is_plain = |text: &str| {
        let mut bytes = text.bytes();
        bytes.all(|byte| byte.is_ascii_digit() || b":.-+Zz".contains(&byte))
    };
    if date.len() != 10 || time.len() < 8 || !is_plain(date) || !is_plain(time) {
        return None;
    }
    let zone = if has_offset { "" } else { "Z" };
    Some(format!("{date}T{time}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_python_and_no_others() {
        for (days, expected) in [
            (0, Some("1970-01-01")),
            (19_844, Some("2024-05-01")),
            (-719_162, Some("0001-01-01")),
            (-719_163, None),
            (2_932_896, Some("9999-12-31")),
            (2_932_897, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            assert_eq!(date(days).as_deref(), expected, "{days}");
        }
    }

    #[test]
    fn times_have_the_digits_that_count() {
        use Precision::{Microseconds, Milliseconds, Nanoseconds};
        for (count, precision, expected) in [
            (37_230_000, Milliseconds, Some("10:20:30")),
            (37_230_120, Milliseconds, Some("10:20:30.120")),
            (37_230_000_001, Microseconds, Some("10:20:30.000001")),
            (37_230_000_000_001, Nanoseconds, Some("10:20:30.000000001")),
            (86_399_999, Milliseconds, Some("23:59:59.999")),
            (86_400_000, Milliseconds, None),
            (-1, Nanoseconds, None),
            (i64::MAX, Milliseconds, None),
        ] {
            assert_eq!(time(count, precision).as_deref(), expected, "{count}");
        }
        for (count, precision, expected) in [
            (
                1_714_557_600_123_456,
                Microseconds,
                Some("2024-05-01T10:00:00.123456"),
            ),
            (-1, Milliseconds, Some("1969-12-31T23:59:59.999")),
            (i64::MAX, Milliseconds, None),
            (i64::MIN, Nanoseconds, Some("1677-09-21T00:12:43.145224192")),
        ] {
            assert_eq!(datetime(count, precision).as_deref(), expected, "{count}");
        }
    }

    #[test]
    fn durations_are_written_as_django_does() {
        for (count, expected) in [
            (0, "P0DT00H00M00S"),
            (93_784_000_005, "P1DT02H03M04.000005S"),
            (-500_000, "-P0DT00H00M00.500S"),
        ] {
            assert_eq!(duration(count, Precision::Microseconds), expected);
        }
    }

    #[test]
    fn a_point_in_time_without_an_offset_is_in_utc() {
        for (text, expected) in [
            ("2024-05-01T10:00:00.5", Some("2024-05-01T10:00:00.5Z")),
            (
                "2024-05-01 10:00:00+02:00",
                Some("2024-05-01T10:00:00+02:00"),
            ),
            ("2024-05-01T10:00:00Z", Some("2024-05-01T10:00:00Z")),
            ("2024-05-01", None),
            ("now T or never", None),
        ] {
            assert_eq!(rfc3339(text).as_deref(), expected, "{text}");
        }
    }
}
