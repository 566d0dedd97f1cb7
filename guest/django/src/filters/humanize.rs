//! Filters of Django's library `humanize`, in English.

use minijinja::Value;

use super::{
    super::{
        dates::{self, Timestamp},
        decimal::Decimal,
        output,
        python::{self, Exception, Integer, Kind},
    },
    Argument, Call, Filter, FilterError, plain, safe,
};

pub(super) const FILTERS: &[Filter] = &[
    safe("apnumber", Argument::None, ap_number),
    safe("intcomma", Argument::Optional, int_comma),
    plain("intword", Argument::None, int_word),
    plain("naturalday", Argument::Optional, natural_day),
    plain("naturaltime", Argument::None, natural_time),
    safe("ordinal", Argument::None, ordinal),
];

const ONE_TO_NINE: [&str; 9] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// The names of powers of ten.
const LARGE_NUMBERS: [(usize, &str); 11] = [
    (6, "million"),
    (9, "billion"),
    (12, "trillion"),
    (15, "quadrillion"),
    (18, "quintillion"),
    (21, "sextillion"),
    (24, "septillion"),
    (27, "octillion"),
    (30, "nonillion"),
    (33, "decillion"),
    (100, "googol"),
];

/// `int(value)`; none where Django gives the value back.
fn integer(value: &Value) -> Result<Option<Integer>, FilterError> {
    match python::to_int(value) {
        Ok(number) => Ok(Some(number)),
        Err(Exception::Type(_) | Exception::Value) => Ok(None),
        Err(exception) => Err(exception.into()),
    }
}

/// Django: the Associated Press spells out one to nine.
fn ap_number(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let Some(number) = integer(value)? else {
        return Ok(value.clone());
    };
    let place = number
        .to_i64()
        .and_then(|number| usize::try_from(number.checked_sub(1)?).ok());
    let word = place.and_then(|place| ONE_TO_NINE.get(place));
    Ok(word.map_or_else(|| python::from_integer(&number), |word| Value::from(*word)))
}

/// Django: a comma every three digits; of a text that is no number, in its first digits.
fn int_comma(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let number = python::numeric(value);
    let is_localized = argument.is_none_or(python::is_true);
    if is_localized {
        if let Kind::Float(_) | Kind::Decimal(_) = python::kind(&number) {
            return Ok(Value::from(with_commas(&output::rendered(&number, false))));
        }
        if let Some(number) = integer(&number)? {
            return Ok(Value::from(with_commas(&number.to_string())));
        }
    }
    Ok(Value::from(with_commas(&python::as_text(value))))
}

/// The text with commas in the digits that it begins with.
pub(super) fn with_commas(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let behind = digits.trim_start_matches(|digit| python::decimal_digit(digit).is_some());
    let digits = digits
        .get(..digits.len() - behind.len())
        .unwrap_or_default();
    let count = digits.chars().count();
    let mut result = String::from(if text.starts_with('-') { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (count - place).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    result + behind
}

/// Django: `1.2 million`, from a million on.
fn int_word(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let Some(number) = integer(value)? else {
        return Ok(value.clone());
    };
    let digits = number.abs().to_string().len();
    let power = LARGE_NUMBERS.iter().find(|(power, _)| digits <= power + 3);
    let (Some((power, word)), true) = (power, digits > 6) else {
        return Ok(python::from_integer(&number));
    };
    // Python divides integers to the nearest float.
    let divided: f64 = format!("{number}e-{power}").parse().unwrap_or(f64::NAN);
    let divided = Decimal::from_f64(divided).map_or_else(String::new, |number| number.rounded(1));
    Ok(Value::from(format!("{divided} {word}")))
}

/// Django: `1st`, `2nd`, `3rd`, `11th`.
fn ordinal(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let Some(number) = integer(value)? else {
        return Ok(value.clone());
    };
    let digit = |place| i64::from(number.digit_from_right(place).unwrap_or(0));
    let last = digit(2) * 10 + digit(1);
    let last = if number.is_negative() {
        (100 - last) % 100
    } else {
        last
    };
    let suffix = match (last, last % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    Ok(Value::from_safe_string(format!("{number}{suffix}")))
}

fn now(call: &Call) -> Result<Timestamp, FilterError> {
    let missing = || FilterError::failed("the event has no time to count from");
    call.now.ok_or_else(missing)
}

/// Django: today, tomorrow or yesterday; else the date. What is no date comes back.
fn natural_day(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let moment = python::moment(value).and_then(Timestamp::to_utc);
    let Some(day) = moment.and_then(Timestamp::date_alone) else {
        return Ok(value.clone());
    };
    let days = |timestamp: Timestamp| timestamp.to_utc().as_ref().and_then(Timestamp::ordinal);
    let distance = day
        .ordinal()
        .zip(days(now(call)?))
        .map(|(day, today)| day - today);
    match distance {
        Some(0) => Ok(Value::from("today")),
        Some(1) => Ok(Value::from("tomorrow")),
        Some(-1) => Ok(Value::from("yesterday")),
        _ => super::dates::date(&crate::json::moment(day), argument, call),
    }
}

/// Django: how long ago or from now, in the largest unit below a day. What is no date comes back.
fn natural_time(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let Some(moment) = python::moment(value).filter(Timestamp::has_date) else {
        return Ok(value.clone());
    };
    if moment.is_date() {
        return Err(FilterError::failed(
            "`naturaltime` needs a time, and the value is a date",
        ));
    }
    let now = now(call)?.comparable_with(moment);
    let distance = now.and_then(|now| now.seconds_since(&moment)).zip(now);
    let Some(((is_past, seconds), now)) = distance else {
        return Ok(Value::from(""));
    };
    let end = if is_past { "ago" } else { "from now" };
    let counted = |count: i64, one: &str, unit: &str| match count {
        1 => format!("{one} {unit} {end}"),
        _ => format!("{count}\u{a0}{unit}s {end}"),
    };
    Ok(Value::from(match seconds {
        0 => "now".to_owned(),
        1..60 => counted(seconds, "a", "second"),
        60..3_600 => counted(seconds / 60, "a", "minute"),
        3_600..86_400 => counted(seconds / 3_600, "an", "hour"),
        _ => {
            let written = if is_past {
                dates::timesince
            } else {
                dates::timeuntil
            };
            format!("{} {end}", written(moment, now).unwrap_or_default())
        }
    }))
}
