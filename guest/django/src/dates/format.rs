//! Django's format letters (`django.utils.dateformat`) with its English names.

use super::{Date, Timestamp};

/// Why a timestamp cannot be shown in a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The value has nothing to show for this letter; Django's filters answer with nothing.
    #[error("the format letter `{0}` does not fit the value")]
    Unfit(char),
    /// Django's `date` raises an exception here.
    #[error(
        "the format letter `{0}` is about a time, and the value is a date; use a format without it"
    )]
    TimeOfDate(char),
    /// Django's `date` raises an exception here.
    #[error(
        "the format letter `{0}` is about a date, and the value has none; use a format without it"
    )]
    DateOfTime(char),
}

const LETTERS: &str = "aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTUuwWyYzZ";

/// Letters of Django's `TimeFormat`, which `date` refuses for a date alone.
const TIME_LETTERS: &str = "aAefgGhHiOPsTuZ";

/// Shows a timestamp in a format of the `date` filter.
///
/// # Errors
///
/// The format needs what the timestamp has not.
pub fn format_date(timestamp: Timestamp, format: &str) -> Result<String, FormatError> {
    write(format, timestamp, |letter| date_letter(timestamp, letter))
}

/// Shows a timestamp in a format of the `time` filter.
///
/// # Errors
///
/// The format needs what the timestamp has not, or names a letter of dates.
pub fn format_time(timestamp: Timestamp, format: &str) -> Result<String, FormatError> {
    write(format, timestamp, |letter| time_letter(timestamp, letter))
}

fn write(
    format: &str,
    timestamp: Timestamp,
    letter: impl Fn(char) -> Option<String>,
) -> Result<String, FormatError> {
    let mut shown = String::new();
    let mut before = ' ';
    let mut characters = named_format(format).chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            before = push_escaped(characters.next(), &mut shown);
            continue;
        }
        // Django looks one character back, be that a backslash escaped itself.
        if before == '\\' || !LETTERS.contains(character) {
            shown.push(character);
        } else if timestamp.is_date_alone() && TIME_LETTERS.contains(character) {
            return Err(FormatError::TimeOfDate(character));
        } else if timestamp.date.is_none() && "rU".contains(character) {
            return Err(FormatError::DateOfTime(character));
        } else {
            shown.push_str(&letter(character).ok_or(FormatError::Unfit(character))?);
        }
        before = character;
    }
    Ok(shown)
}

/// A backslash takes the meaning from the next character; at the end, or before a line's, it
/// stays.
fn push_escaped(character: Option<char>, shown: &mut String) -> char {
    if matches!(character, None | Some('\n')) {
        shown.push('\\');
    }
    shown.extend(character);
    character.unwrap_or(' ')
}

/// Django's names for the formats of a locale, as `en` has them.
fn named_format(format: &str) -> &str {
    match format {
        "DATE_FORMAT" => "N j, Y",
        "DATETIME_FORMAT" => "N j, Y, P",
        "TIME_FORMAT" => "P",
        "YEAR_MONTH_FORMAT" => "F Y",
        "MONTH_DAY_FORMAT" => "F j",
        "SHORT_DATE_FORMAT" => "m/d/Y",
        "SHORT_DATETIME_FORMAT" => "m/d/Y P",
        other => other,
    }
}

impl Timestamp {
    fn is_date_alone(self) -> bool {
        self.date.is_some() && self.time.is_none()
    }

    fn is_date_and_time(self) -> bool {
        self.date.is_some() && self.time.is_some()
    }
}

/// Letters of Django's `TimeFormat`; none for a letter that is not, or without a time.
fn time_letter(timestamp: Timestamp, letter: char) -> Option<String> {
    if let Some(zone) = zone_letter(timestamp, letter) {
        return Some(zone);
    }
    let time = timestamp.time?;
    let half_day = (time.hour + 11) % 12 + 1;
    Some(match letter {
        'a' => if time.hour > 11 { "p.m." } else { "a.m." }.to_owned(),
        'A' => if time.hour > 11 { "PM" } else { "AM" }.to_owned(),
        'f' if time.minute == 0 => half_day.to_string(),
        'f' => format!("{half_day}:{:02}", time.minute),
        'g' => half_day.to_string(),
        'G' => time.hour.to_string(),
        'h' => format!("{half_day:02}"),
        'H' => format!("{:02}", time.hour),
        'i' => format!("{:02}", time.minute),
        'P' if time.minute == 0 && time.hour == 0 => "midnight".to_owned(),
        'P' if time.minute == 0 && time.hour == 12 => "noon".to_owned(),
        'P' => [time_letter(timestamp, 'f')?, time_letter(timestamp, 'a')?].join(" "),
        's' => format!("{:02}", time.second),
        'u' => format!("{:06}", time.microsecond),
        _ => return None,
    })
}

/// The zone is UTC, for a datetime alone. One without an offset does not name it.
fn zone_letter(timestamp: Timestamp, letter: char) -> Option<String> {
    let named = timestamp.offset.is_some() && timestamp.is_date_and_time();
    let text = match letter {
        'e' if named => "UTC",
        'e' => "",
        'O' | 'T' | 'Z' if !timestamp.is_date_and_time() => "",
        'O' => "+0000",
        'T' => "UTC",
        'Z' => "0",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Letters of Django's `DateFormat`, which has those of `TimeFormat` too.
fn date_letter(timestamp: Timestamp, letter: char) -> Option<String> {
    match letter {
        'I' => Some(
            if timestamp.is_date_and_time() {
                "0"
            } else {
                ""
            }
            .to_owned(),
        ),
        'c' => Some(timestamp.iso_format()).filter(|text| !text.is_empty()),
        'r' => rfc_5322(timestamp),
        'U' => Some(unix_time(timestamp)?.to_string()),
        _ => match time_letter(timestamp, letter) {
            None => day_letter(timestamp.date?, letter),
            some => some,
        },
    }
}

fn day_letter(date: Date, letter: char) -> Option<String> {
    Some(match letter {
        'b' => three_letters(month_name(date)).to_lowercase(),
        'd' => format!("{:02}", date.day),
        'D' => three_letters(weekday_name(date)).to_owned(),
        'E' | 'F' => month_name(date).to_owned(),
        'j' => date.day.to_string(),
        'l' => weekday_name(date).to_owned(),
        'L' => if date.is_leap_year() { "True" } else { "False" }.to_owned(),
        'm' => format!("{:02}", date.month),
        'M' => three_letters(month_name(date)).to_owned(),
        'n' => date.month.to_string(),
        'N' => associated_press_month(date),
        'o' => date.iso_week().0.to_string(),
        'S' => ordinal_suffix(date.day).to_owned(),
        't' => date.days_of_month().to_string(),
        'w' => ((date.weekday() + 1) % 7).to_string(),
        'W' => date.iso_week().1.to_string(),
        'y' => format!("{:02}", date.year % 100),
        'Y' => format!("{:04}", date.year),
        'z' => date.day_of_year().to_string(),
        _ => return None,
    })
}

fn rfc_5322(timestamp: Timestamp) -> Option<String> {
    let (date, time) = (timestamp.date?, timestamp.time.unwrap_or_default());
    Some(format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        three_letters(weekday_name(date)),
        date.day,
        three_letters(month_name(date)),
        date.year,
        time.hour,
        time.minute,
        time.second,
    ))
}

/// Seconds since 1970; a fraction is cut off towards it, as Python's `int` does.
fn unix_time(timestamp: Timestamp) -> Option<i64> {
    let seconds = timestamp.wall_seconds()?;
    let has_fraction = timestamp.time.is_some_and(|time| time.microsecond > 0);
    Some(seconds + i64::from(seconds < 0 && has_fraction))
}

fn three_letters(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

fn month_name(date: Date) -> &'static str {
    match date.month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

/// The Associated Press keeps short names whole and writes `Sept.`.
fn associated_press_month(date: Date) -> String {
    match date.month {
        3..=7 => month_name(date).to_owned(),
        9 => "Sept.".to_owned(),
        _ => format!("{}.", three_letters(month_name(date))),
    }
}

fn weekday_name(date: Date) -> &'static str {
    match date.weekday() {
        0 => "Monday",
        1 => "Tuesday",
        2 => "Wednesday",
        3 => "Thursday",
        4 => "Friday",
        5 => "Saturday",
        _ => "Sunday",
    }
}

fn ordinal_suffix(day: i64) -> &'static str {
    match (day, day % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}
