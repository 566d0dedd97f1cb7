//! How long ago: Django's `timesince` and `timeuntil`.

use super::{Date, SECONDS_OF_DAY, Timestamp};

/// The names and lengths of what is shorter than a month.
const UNITS: [(&str, i64); 4] = [
    ("week", 7 * SECONDS_OF_DAY),
    ("day", SECONDS_OF_DAY),
    ("hour", 3600),
    ("minute", 60),
];

/// The time from one timestamp to another in at most two adjacent units, as Django's `timesince`
/// writes it; "0 minutes" when the other is earlier. None when one has a date and offset and the other has not, or
/// either has no date: those cannot be compared.
pub fn timesince(timestamp: Timestamp, now: Timestamp) -> Option<String> {
    if timestamp.offset.is_some() != now.offset.is_some() {
        return None;
    }
    // Months and days are counted on the first one's clock.
    let now = match timestamp.offset {
        Some(offset) => now.to_offset(offset)?,
        None => now,
    };
    between(timestamp, now)
}

/// The time until a timestamp, as [`timesince`] writes it.
pub fn timeuntil(timestamp: Timestamp, now: Timestamp) -> Option<String> {
    if timestamp.offset.is_some() != now.offset.is_some() {
        return None;
    }
    let now = match timestamp.offset {
        Some(offset) => now.to_offset(offset)?,
        None => now,
    };
    between(now, timestamp)
}

impl Timestamp {
    /// The timestamp with an offset or without, as the other is: on clocks of UTC.
    pub fn comparable_with(self, other: Self) -> Option<Self> {
        if other.offset.is_some() {
            self.to_offset(0)
        } else {
            let utc = self.to_utc()?;
            Some(Self {
                offset: None,
                ..utc
            })
        }
    }
}

fn between(earlier: Timestamp, later: Timestamp) -> Option<String> {
    let (from, to) = (earlier.wall_seconds()?, later.wall_seconds()?);
    let fraction = |timestamp: Timestamp| timestamp.time.unwrap_or_default().microsecond;
    // As Python's timedelta: whole seconds, towards the past.
    let seconds = to - from - i64::from(fraction(later) < fraction(earlier));
    if seconds <= 0 {
        return Some("0\u{a0}minutes".to_owned());
    }
    let months = months_between(earlier, later)?;
    let mut rest = if months > 0 {
        to - (shifted(earlier.date?, months)?.to_days() * SECONDS_OF_DAY
            + from.rem_euclid(SECONDS_OF_DAY))
    } else {
        seconds
    };
    let mut parts = vec![("year", months / 12), ("month", months % 12)];
    for (name, length) in UNITS {
        parts.push((name, rest.div_euclid(length)));
        rest = rest.rem_euclid(length);
    }
    Some(written(&parts))
}

/// The first unit that counts, and the next if it counts too.
fn written(parts: &[(&str, i64)]) -> String {
    let counting: Vec<String> = parts
        .iter()
        .skip_while(|(_, count)| *count == 0)
        .take(2)
        .take_while(|(_, count)| *count != 0)
        .map(|(name, count)| {
            let plural = if *count == 1 { "" } else { "s" };
            format!("{count}\u{a0}{name}{plural}")
        })
        .collect();
    if counting.is_empty() {
        "0\u{a0}minutes".to_owned()
    } else {
        counting.join(", ")
    }
}

/// Whole months on the calendar.
fn months_between(earlier: Timestamp, later: Timestamp) -> Option<i64> {
    let (from, to) = (earlier.date?, later.date?);
    let in_month =
        |timestamp: Timestamp, date: Date| (date.day, timestamp.time.unwrap_or_default());
    let unfinished = in_month(earlier, from) > in_month(later, to);
    Some((to.year - from.year) * 12 + to.month - from.month - i64::from(unfinished))
}

/// The date this many months later, at most the month's last day. Django knows no leap years here.
fn shifted(date: Date, months: i64) -> Option<Date> {
    let month_index = date.year * 12 + date.month - 1 + months;
    let (year, month) = (month_index.div_euclid(12), month_index.rem_euclid(12) + 1);
    let common_year = Date {
        year: 1,
        month,
        day: 1,
    };
    Date::new(year, month, date.day.min(common_year.days_of_month()))
}
