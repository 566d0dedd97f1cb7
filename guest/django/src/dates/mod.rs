//! Dates and times as ISO 8601 writes them, shown with Django's format letters.
//!
//! JSON has no dates, so a text that is one takes the place of Python's
//! `date`, `time` and `datetime`.

mod format;
pub(crate) mod python;
mod since;

use std::{fmt, str::FromStr};

use action_triggers_vocabulary::calendar;

pub use format::{FormatError, format_date, format_time};
pub use python::Type;
pub use since::{timesince, timeuntil};

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

/// A day of the Gregorian calendar, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// A time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
}

/// A date, a time of day, or both; then perhaps with an offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timestamp {
    date: Option<Date>,
    time: Option<Time>,
    /// Seconds east of UTC.
    offset: Option<i64>,
}

/// Reads an ISO date (`2008-01-02`), time (`10:30`, `10:30:00.5`) or both, with `T` or a space
/// between and perhaps an offset (`Z`, `+02:00`, `-0530`) behind.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = match text.get(..10).and_then(parse_date) {
        Some(date) => (Some(date), text.get(10..)?),
        None => (None, text),
    };
    if date.is_some() && rest.is_empty() {
        return Some(Timestamp {
            date,
            ..Timestamp::default()
        });
    }
    let rest = if date.is_some() {
        rest.strip_prefix(['T', 't', ' '])?
    } else {
        rest
    };
    let offset_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at_checked(offset_at)?;
    Some(Timestamp {
        date,
        time: Some(parse_time(time)?),
        offset: if offset.is_empty() {
            None
        } else {
            Some(parse_offset(offset)?)
        },
    })
}

impl fmt::Display for Date {
    /// `2008-01-02`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        )
    }
}

impl fmt::Display for Time {
    /// `10:30:00`, with microseconds where they count.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hour,
            minute,
            second,
            microsecond,
        } = self;
        write!(formatter, "{hour:02}:{minute:02}:{second:02}")?;
        match microsecond {
            0 => Ok(()),
            _ => write!(formatter, ".{microsecond:06}"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parse(text).ok_or(())
    }
}

impl Timestamp {
    /// One of its numbers by Python's name, such as `year`; as it stands, not in UTC.
    pub fn part(&self, name: &str) -> Option<i64> {
        match name {
            "year" => self.date.map(|date| date.year),
            "month" => self.date.map(|date| date.month),
            "day" => self.date.map(|date| date.day),
            "hour" => self.time.map(|time| time.hour),
            "minute" => self.time.map(|time| time.minute),
            "second" => self.time.map(|time| time.second),
            "microsecond" => self.time.map(|time| time.microsecond),
            _ => None,
        }
    }

    /// Whether it is more than a time of day.
    pub fn has_date(&self) -> bool {
        self.date.is_some()
    }

    /// The timestamp in UTC, if it has an offset; else as it stands. None when UTC is out of the
    /// calendar there.
    pub fn to_utc(self) -> Option<Self> {
        match self.offset {
            Some(_) if self.date.is_some() => self.to_offset(0),
            _ => Some(self),
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; without an offset it is taken as UTC. What is
    /// below a millisecond goes. None for a time without a date.
    pub fn epoch_milliseconds(self) -> Option<i64> {
        let seconds = self.wall_seconds()? - self.offset.unwrap_or(0);
        let microsecond = self.time.unwrap_or_default().microsecond;
        Some(seconds * 1000 + microsecond / 1000)
    }

    /// The same moment on clocks with this offset; without an offset it is taken as UTC.
    fn to_offset(self, offset: i64) -> Option<Self> {
        let seconds = self.wall_seconds()? - self.offset.unwrap_or(0) + offset;
        let second_of_day = seconds.rem_euclid(SECONDS_OF_DAY);
        Some(Self {
            date: Some(Date::from_days(seconds.div_euclid(SECONDS_OF_DAY))?),
            time: Some(Time {
                hour: second_of_day / 3600,
                minute: second_of_day / 60 % 60,
                second: second_of_day % 60,
                microsecond: self.time.unwrap_or_default().microsecond,
            }),
            offset: Some(offset),
        })
    }

    /// Seconds since 1970 on its own clock; none for a time without a date.
    fn wall_seconds(self) -> Option<i64> {
        let time = self.time.unwrap_or_default();
        let of_day = time.hour * 3600 + time.minute * 60 + time.second;
        Some(self.date?.to_days() * SECONDS_OF_DAY + of_day)
    }
}

impl Date {
    /// The date, if there is such a day.
    fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let date = Self { year, month, day };
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=date.days_of_month()).contains(&day);
        exists.then_some(date)
    }

    fn is_leap_year(self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    fn days_of_month(self) -> i64 {
        match self.month {
            2 if self.is_leap_year() => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days since 1970-01-01.
    fn to_days(self) -> i64 {
        calendar::days_from_civil(self.year, self.month, self.day)
    }

    /// The day that is this many days behind 1970-01-01.
    fn from_days(days: i64) -> Option<Self> {
        let (year, month, day) = calendar::civil_from_days(days);
        Self::new(year, month, day)
    }

    /// 1 to 366.
    fn day_of_year(self) -> i64 {
        let first = Self {
            month: 1,
            day: 1,
            ..self
        };
        self.to_days() - first.to_days() + 1
    }

    /// 0 for Monday to 6 for Sunday.
    fn weekday(self) -> i64 {
        (self.to_days() + 3).rem_euclid(7)
    }

    /// The ISO year and week: a week belongs to the year that has its Thursday.
    fn iso_week(self) -> (i64, i64) {
        let thursday = self.to_days() - self.weekday() + 3;
        // The last days of 9999 belong to it; so do those of its last week.
        let date = Self::from_days(thursday).unwrap_or(self);
        (date.year, (date.day_of_year() - 1) / 7 + 1)
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Date::new(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?)
}

fn parse_time(text: &str) -> Option<Time> {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] if fraction.is_none() => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    Some(Time {
        hour: digits(hour, 2).filter(|hour| *hour < 24)?,
        minute: digits(minute, 2).filter(|minute| *minute < 60)?,
        second: digits(second, 2).filter(|second| *second < 60)?,
        microsecond: fraction.map_or(Some(0), parse_fraction)?,
    })
}

/// Microseconds; what is finer is cut off.
fn parse_fraction(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded: String = text.chars().chain("000000".chars()).take(6).collect();
    padded.parse().ok()
}

fn parse_offset(text: &str) -> Option<i64> {
    let (sign, clock) = match text.split_at_checked(1)? {
        ("Z" | "z", "") => return Some(0),
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let clock: String = clock
        .chars()
        .filter(|character| *character != ':')
        .collect();
    let hours = digits(clock.get(..2)?, 2).filter(|hours| *hours < 24)?;
    let below_sixty = |part: &str| digits(part, 2).filter(|number| *number < 60);
    let (minutes, seconds) = match clock.len() {
        2 => (0, 0),
        4 => (below_sixty(clock.get(2..)?)?, 0),
        _ => (
            below_sixty(clock.get(2..4)?)?,
            below_sixty(clock.get(4..)?)?,
        ),
    };
    Some(sign * (hours * 3600 + minutes * 60 + seconds))
}

/// The number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let all_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_through_all_years() {
        let (first, last) = (
            Date::new(1, 1, 1).unwrap(),
            Date::new(9999, 12, 31).unwrap(),
        );
        assert_eq!(Date::new(1970, 1, 1).unwrap().to_days(), 0);
        let mut before = None;
        for days in first.to_days()..=last.to_days() {
            let date = Date::from_days(days).unwrap();
            assert_eq!(date.to_days(), days);
            assert!(before < Some(date));
            before = Some(date);
        }
        assert_eq!(before, Some(last));
        assert_eq!(Date::from_days(last.to_days() + 1), None);
    }

    #[test]
    fn iso_forms_are_read() {
        for text in [
            "2008-01-02",
            "2008-01-02T10:30",
            "2008-01-02 10:30:00",
            "2008-01-02T10:30:00.000123Z",
            "2008-01-02T10:30:00.123456789+02:00",
            "2008-01-02T10:30:00-0530",
            "2008-01-02T10:30:00+05",
            "1007-08-14T13:46:00-05:50:36",
            "10:30",
            "10:30:59.5",
        ] {
            assert!(parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "2008",
            "2008-13-01",
            "2007-02-29",
            "2008-01-02T",
            "2008-01-02T25:00",
            "10",
            "10:60",
            "2008-01-02T10:30:00+",
            "2008-01-02x10:30",
            "0000-01-01",
            "2008-1-2",
            "10:30.5",
            "é2008-01-0",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_are_turned_into_utc() {
        let local = parse("2008-01-01T00:30:00.5+01:00").unwrap();
        let utc = parse("2007-12-31T23:30:00.5Z").unwrap();
        assert_eq!(local.to_utc(), Some(utc));
        let naive = parse("2008-01-01T00:30").unwrap();
        assert_eq!(naive.to_utc(), Some(naive));
        assert_eq!(parse("0001-01-01T00:30+01:00").unwrap().to_utc(), None);
    }
}
