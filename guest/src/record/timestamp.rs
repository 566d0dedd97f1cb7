//! A record's timestamp, from text.

/// Milliseconds since 1970-01-01T00:00:00Z from an integer that says so, or
/// from an RFC 3339 date and time. Without an offset it is taken for UTC, as
/// Django writes times when `USE_TZ` is off. Digits below a millisecond go.
pub(super) fn parse(text: &str) -> Option<i64> {
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(place) => time.split_at(place),
        None => (time, "Z"),
    };
    let seconds = days(date)? * 86_400 - offset_minutes(offset)? * 60;
    Some(seconds * 1000 + time_of_day(time)?)
}

/// Days since 1970-01-01, by the method of Howard Hinnant's `days_from_civil`.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    if !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    // Years begin in March, so that a leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Milliseconds since midnight. A leap second is the next minute's first.
fn time_of_day(time: &str) -> Option<i64> {
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = number(parts.next()?, 2)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let digits: String = fraction.chars().chain("00".chars()).take(3).collect();
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((hour * 3600 + minute * 60 + second) * 1000 + number(&digits, 3)?)
}

fn offset_minutes(offset: &str) -> Option<i64> {
    if offset.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, clock) = match offset.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, offset.strip_prefix('+')?),
    };
    let (hours, minutes) = clock.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_dates_are_milliseconds() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-01-02T03:04:05+00:00", Some(1_704_164_645_000)),
            ("2024-01-02T03:04:05.1239Z", Some(1_704_164_645_123)),
            ("2024-01-02 03:04:05.5", Some(1_704_164_645_500)),
            ("2024-01-02T05:04:05+02:00", Some(1_704_164_645_000)),
            ("2024-02-29t00:00:00z", Some(1_709_164_800_000)),
            ("2023-02-29T00:00:00Z", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-01T24:00:00Z", None),
            ("2024-01-01", None),
            ("2024-01-01T00:00:00.Z", None),
            ("yesterday", None),
            ("1.5", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
