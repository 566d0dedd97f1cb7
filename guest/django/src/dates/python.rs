//! Timestamps as Python's `datetime`, `date` and `time` have them: compared, printed.

use std::{cmp::Ordering, fmt::Write as _};

use super::{Timestamp, format_date, format_time};

/// Which of Python's types a timestamp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A date and a time of day.
    DateTime,
    /// A date alone.
    Date,
    /// A time of day alone.
    Time,
}

impl Type {
    /// The type's name, without its module.
    pub fn name(self) -> &'static str {
        match self {
            Self::DateTime => "datetime",
            Self::Date => "date",
            Self::Time => "time",
        }
    }
}

impl Timestamp {
    /// Python's type.
    pub fn python_type(&self) -> Type {
        match (self.date, self.time) {
            (Some(_), None) => Type::Date,
            (None, _) => Type::Time,
            (Some(_), Some(_)) => Type::DateTime,
        }
    }

    /// Whether it is a date alone.
    pub fn is_date(&self) -> bool {
        self.python_type() == Type::Date
    }

    /// Whether it has a date, a time and an offset.
    pub fn is_instant(&self) -> bool {
        self.python_type() == Type::DateTime && self.offset.is_some()
    }

    /// The datetime; a date alone is its midnight, as for Python's `fromisoformat`.
    pub fn as_datetime(self) -> Option<Self> {
        self.date.map(|_| Self {
            time: Some(self.time.unwrap_or_default()),
            ..self
        })
    }

    /// The time of day, without an offset as Django reads it.
    pub fn as_time(self) -> Option<Self> {
        self.date.is_none().then_some(Self {
            offset: None,
            ..self
        })
    }

    /// Python's `==`; what is not of one type is never equal.
    pub fn equals(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// Python's order; none where Python raises `TypeError`.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.python_type() != other.python_type()
            || self.offset.is_some() != other.offset.is_some()
        {
            return None;
        }
        let day = |timestamp: &Self| {
            let of_day = timestamp.time.unwrap_or_default();
            match timestamp.wall_seconds() {
                Some(seconds) => (seconds - timestamp.offset.unwrap_or(0), of_day.microsecond),
                None => (
                    of_day.hour * 3600 + of_day.minute * 60 + of_day.second,
                    of_day.microsecond,
                ),
            }
        };
        Some(day(self).cmp(&day(other)))
    }

    /// Python's `isoformat`, with its own offset.
    pub fn iso_format(&self) -> String {
        self.written("T")
    }

    /// Python's `str`.
    pub fn text(&self) -> String {
        self.written(" ")
    }

    fn written(&self, between: &str) -> String {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        let time = self.time.map(|time| time.to_string()).unwrap_or_default();
        let between = if date.is_empty() || time.is_empty() {
            ""
        } else {
            between
        };
        let offset = self.offset.map(offset_text).unwrap_or_default();
        [&date, between, &time, &offset].concat()
    }

    /// Python's `repr`.
    pub fn repr(&self) -> String {
        let mut numbers = Vec::new();
        if let Some(date) = self.date {
            numbers.extend([date.year, date.month, date.day]);
        }
        if let Some(time) = self.time {
            numbers.extend([time.hour, time.minute]);
            if time.second != 0 || time.microsecond != 0 {
                numbers.push(time.second);
            }
            if time.microsecond != 0 {
                numbers.push(time.microsecond);
            }
        }
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        let mut text = format!(
            "datetime.{}({}",
            self.python_type().name(),
            numbers.join(", ")
        );
        if let Some(offset) = self.offset {
            let _infallible = write!(text, ", tzinfo={}", zone_repr(offset));
        }
        text.push(')');
        text
    }

    /// What Django's output shows: its English format, in UTC.
    pub fn localized(&self) -> Option<String> {
        self.to_utc().as_ref().and_then(Self::in_english)
    }

    /// The same on its own clock.
    pub fn in_english(&self) -> Option<String> {
        match self.python_type() {
            Type::DateTime => format_date(*self, "DATETIME_FORMAT").ok(),
            Type::Date => format_date(*self, "DATE_FORMAT").ok(),
            Type::Time => format_time(*self, "TIME_FORMAT").ok(),
        }
    }

    /// What Django's JSON has: milliseconds, and `Z` for UTC.
    pub fn json_text(&self) -> String {
        let text = self.iso_format();
        let text = match (self.python_type(), text.split_once('.')) {
            (Type::Date, _) | (_, None) => text,
            (_, Some((before, fraction))) => {
                let milliseconds = fraction.get(..3).unwrap_or(fraction);
                let behind = fraction.get(6..).unwrap_or_default();
                format!("{before}.{milliseconds}{behind}")
            }
        };
        match text.strip_suffix("+00:00") {
            Some(text) if self.python_type() == Type::DateTime => format!("{text}Z"),
            _ => text,
        }
    }
}

/// `+02:00`, with seconds where they count.
fn offset_text(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if seconds == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{seconds:02}")
    }
}

fn zone_repr(offset: i64) -> String {
    if offset == 0 {
        return "datetime.timezone.utc".into();
    }
    let (days, seconds) = (offset.div_euclid(86_400), offset.rem_euclid(86_400));
    let days = if days == 0 {
        String::new()
    } else {
        format!("days={days}, ")
    };
    format!("datetime.timezone(datetime.timedelta({days}seconds={seconds}))")
}

/// What Python's objects answer to.
impl Timestamp {
    /// `UTC` or `UTC+02:00`; none without an offset.
    pub(crate) fn zone_name(&self) -> Option<String> {
        self.offset.map(|offset| match offset {
            0 => "UTC".to_owned(),
            _ => format!("UTC{}", offset_text(offset)),
        })
    }

    /// The offset as Python prints a `timedelta`.
    pub(crate) fn offset_text(&self) -> Option<String> {
        self.offset.map(|offset| {
            let (days, seconds) = (offset.div_euclid(86_400), offset.rem_euclid(86_400));
            let days = if days == 0 { "" } else { "-1 day, " };
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            format!("{days}{hours}:{minutes:02}:{seconds:02}")
        })
    }

    /// The timestamp, if it is a datetime.
    pub(crate) fn as_datetime_only(self) -> Option<Self> {
        (self.python_type() == Type::DateTime).then_some(self)
    }

    /// Whether it is behind another of its kind, and how many whole seconds lie between.
    pub(crate) fn seconds_since(&self, other: &Self) -> Option<(bool, i64)> {
        let microseconds = |timestamp: &Self| {
            let seconds = timestamp.wall_seconds()? - timestamp.offset.unwrap_or(0);
            Some(seconds * 1_000_000 + timestamp.time.unwrap_or_default().microsecond)
        };
        let distance = microseconds(self)? - microseconds(other)?;
        Some((distance > 0, distance.abs() / 1_000_000))
    }

    pub(crate) fn date_alone(self) -> Option<Self> {
        self.date.map(|date| Self {
            date: Some(date),
            ..Self::default()
        })
    }

    pub(crate) fn time_alone(self, with_offset: bool) -> Option<Self> {
        self.time.map(|time| Self {
            time: Some(time),
            offset: self.offset.filter(|_| with_offset),
            date: None,
        })
    }

    /// The same instant in UTC; a datetime without an offset is taken for one.
    pub(crate) fn in_utc(self) -> Option<Self> {
        self.to_offset(0)
    }

    /// Seconds since 1970, with a fraction.
    pub(crate) fn unix_seconds(self) -> Option<f64> {
        let seconds = self.wall_seconds()? - self.offset.unwrap_or(0);
        let microseconds = seconds * 1_000_000 + self.time.unwrap_or_default().microsecond;
        // Within the calendar both parts have few enough digits to be exact.
        format!("{microseconds}e-6").parse().ok()
    }

    /// 0 for Monday.
    pub(crate) fn weekday(&self) -> Option<i64> {
        self.date.map(super::Date::weekday)
    }

    pub(crate) fn iso_week(&self) -> Option<(i64, i64)> {
        self.date.map(super::Date::iso_week)
    }

    /// Days since the first of January of the year 1, which is 1.
    pub(crate) fn ordinal(&self) -> Option<i64> {
        self.date.map(|date| date.to_days() + 719_163)
    }

    /// Python's `ctime`.
    pub(crate) fn c_time(&self) -> Option<String> {
        let shown = Self {
            time: Some(self.time.unwrap_or_default()),
            offset: None,
            ..*self
        };
        let text = format_date(shown, "D M").ok()?;
        let date = self.date?;
        let time = shown.time?;
        Some(format!(
            "{text} {:2} {:02}:{:02}:{:02} {:04}",
            date.day, time.hour, time.minute, time.second, date.year
        ))
    }
}
