//! Fields that are more than JSON says: decimals, dates and times in quotes.

use std::{borrow::Cow, fmt, sync::Arc};

use minijinja::{
    Value,
    value::{Object, ObjectRepr},
};

use super::declared::FieldType;
use crate::{
    dates::{self, Timestamp},
    decimal::Decimal,
    python,
};

/// A field's text or number, and what it stands for.
#[derive(Debug)]
pub struct Field {
    text: Box<str>,
    /// Whether JSON has it as a number.
    is_number: bool,
    reading: Reading,
}

/// What a field's text stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// Declared to be Python's `Decimal`.
    Decimal(Decimal),
    /// Declared to be Python's `datetime`, `date` or `time`.
    Moment(Timestamp),
    /// Declared to be a text.
    Text,
    /// A text that is a decimal where it meets a number.
    DecimalText(Decimal),
    /// A text that is an integer where it meets a number.
    IntegerText(Decimal),
    /// A text that is a date or time for what asks for one, and an instant where it meets another.
    MomentText(Timestamp),
}

impl Field {
    /// The field as it was written, without quotes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether JSON has it as a number.
    pub fn is_number(&self) -> bool {
        self.is_number
    }

    /// What it stands for.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Python's `str` of it.
    pub fn printed(&self) -> Cow<'_, str> {
        match &self.reading {
            Reading::Decimal(decimal) => decimal.to_string().into(),
            Reading::Moment(moment) => moment.text().into(),
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// Whether Python has a text in its place.
    pub fn is_text(&self) -> bool {
        !matches!(self.reading, Reading::Decimal(_) | Reading::Moment(_))
    }
}

impl Object for Field {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        match &self.reading {
            Reading::Decimal(decimal) | Reading::DecimalText(decimal) => !decimal.is_zero(),
            Reading::Moment(_) => true,
            Reading::Text | Reading::IntegerText(_) | Reading::MomentText(_) => {
                !self.text.is_empty()
            }
        }
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.printed())
    }
}

/// The longest text that is looked at.
const LONGEST: usize = 1000;

/// A field's value, with what its text stands for though nothing is declared. Anything else comes
/// back as it is.
pub(crate) fn undeclared(value: Value) -> Value {
    let Some(reading) = value.as_str().and_then(reading) else {
        return value;
    };
    Value::from_object(Field {
        text: value.as_str().unwrap_or_default().into(),
        is_number: false,
        reading,
    })
}

fn reading(text: &str) -> Option<Reading> {
    if text.len() > LONGEST {
        return None;
    }
    let stripped = python::strip(text);
    if stripped.len() < text.len() {
        return dates::parse(stripped).map(Reading::MomentText);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        None if is_digits(digits) => Decimal::parse(text).map(Reading::IntegerText),
        Some((whole, fraction)) if is_digits(whole) && is_digits(fraction) => {
            Decimal::parse(text).map(Reading::DecimalText)
        }
        _ => dates::parse(text).map(Reading::MomentText),
    }
}

/// A field of this text, quoted or a number in JSON, as the type that was declared; none if
/// it cannot be read as that.
pub(super) fn declared(text: &str, is_number: bool, field_type: FieldType) -> Option<Value> {
    let reading = match field_type {
        FieldType::Decimal => Decimal::parse(text).map(Reading::Decimal),
        FieldType::DateTime => dates::parse(text)
            .and_then(Timestamp::as_datetime)
            .map(Reading::Moment),
        FieldType::Date => dates::parse(text)
            .filter(Timestamp::is_date)
            .map(Reading::Moment),
        FieldType::Time => dates::parse(text)
            .and_then(Timestamp::as_time)
            .map(Reading::Moment),
        FieldType::Text => Some(Reading::Text),
    };
    Some(Value::from_object(Field {
        text: text.into(),
        is_number,
        reading: reading?,
    }))
}

/// A decimal that something computed.
pub(crate) fn decimal(decimal: Decimal) -> Value {
    Value::from_object(Field {
        text: decimal.to_string().into(),
        is_number: false,
        reading: Reading::Decimal(decimal),
    })
}

/// A date or time that something computed.
pub(crate) fn moment(moment: Timestamp) -> Value {
    Value::from_object(Field {
        text: moment.iso_format().into(),
        is_number: false,
        reading: Reading::Moment(moment),
    })
}
