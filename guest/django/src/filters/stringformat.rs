//! `stringformat`: Python's `%` formatting of one value.

use std::{iter::Peekable, str::Chars};

use minijinja::Value;

use super::{
    super::{
        python::{self, Exception, Kind},
        sequence::{SequenceKind, sequence_kind},
    },
    Argument, Call, Filter, FilterError, bounded,
    printf_float::format_float,
    required, safe,
};

pub(super) const FILTERS: &[Filter] = &[safe("stringformat", Argument::Required, string_format)];

/// Django: nothing where the format is none, or does not fit the value.
fn string_format(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
) -> Result<Value, FilterError> {
    let format = format!("%{}", python::as_text(required(argument)?));
    match Formatting::of(value, call).run(&format) {
        Ok(text) => Ok(Value::from(text)),
        Err(Failure::Silent) => Ok(Value::from("")),
        Err(Failure::Loud(error)) => Err(error),
    }
}

/// Why a value cannot be formatted.
enum Failure {
    /// `TypeError` or `ValueError`, which Django catches.
    Silent,
    /// What Django lets through, and our own bounds.
    Loud(FilterError),
}

impl From<Exception> for Failure {
    fn from(exception: Exception) -> Self {
        match exception {
            Exception::Type(_) | Exception::Value => Self::Silent,
            other => Self::Loud(other.into()),
        }
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        Self::Loud(error)
    }
}

/// One `%` operation.
struct Formatting<'a> {
    /// The value, until a conversion has taken it.
    value: Option<&'a Value>,
    /// The same value where names can be looked up in it; such values need not be taken.
    mapping: Option<&'a Value>,
    call: &'a Call,
}

/// What stands between `%` and the conversion's letter.
struct Specification<'a> {
    call: &'a Call,
    left: bool,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl<'a> Formatting<'a> {
    fn of(value: &'a Value, call: &'a Call) -> Self {
        // What has an index passes for a mapping.
        let is_mapping = match python::kind(value) {
            Kind::List => !matches!(sequence_kind(value), Some(SequenceKind::View(_))),
            kind => matches!(kind, Kind::Dict),
        };
        Self {
            value: Some(value),
            mapping: is_mapping.then_some(value),
            call,
        }
    }

    fn run(mut self, format: &str) -> Result<String, Failure> {
        let mut characters = format.chars().peekable();
        let mut formatted = String::new();
        while let Some(character) = characters.next() {
            if character == '%' {
                let converted = self.convert(&mut characters)?;
                formatted.push_str(&converted);
            } else {
                formatted.push(character);
            }
            bounded(
                i64::try_from(formatted.len()).unwrap_or(i64::MAX),
                self.call,
            )?;
        }
        if self.value.is_some() && self.mapping.is_none() {
            return Err(Failure::Silent);
        }
        Ok(formatted)
    }

    /// Takes a conversion off the format and does it.
    fn convert(&mut self, characters: &mut Peekable<Chars<'_>>) -> Result<String, Failure> {
        if characters.next_if_eq(&'%').is_some() {
            return Ok("%".into());
        }
        let named = self.named_value(characters)?;
        let specification = Specification::take(characters, self.call)?;
        // C's length modifiers mean nothing.
        characters.next_if(|character| "hlL".contains(*character));
        let letter = characters.next().ok_or(Failure::Silent)?;
        let value = match named {
            Some(value) => value,
            None => self.value.take().ok_or(Failure::Silent)?.clone(),
        };
        specification.convert(letter, &value)
    }

    /// The value of `%(name)…`, looked up in a dict.
    fn named_value(&self, characters: &mut Peekable<Chars<'_>>) -> Result<Option<Value>, Failure> {
        if characters.next_if_eq(&'(').is_none() {
            return Ok(None);
        }
        let mut name = String::new();
        let mut depth = 1;
        loop {
            let character = characters.next().ok_or(Failure::Silent)?;
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            name.push(character);
        }
        let mapping = self.mapping.ok_or(Failure::Silent)?;
        Ok(Some(python::item(mapping, &Value::from(name))?))
    }
}

impl<'a> Specification<'a> {
    fn take(characters: &mut Peekable<Chars<'_>>, call: &'a Call) -> Result<Self, Failure> {
        let mut specification = Self {
            call,
            left: false,
            sign: None,
            alternate: false,
            zero: false,
            width: 0,
            precision: None,
        };
        while let Some(flag) = characters.next_if(|character| "-+ #0".contains(*character)) {
            match flag {
                '-' => specification.left = true,
                '+' => specification.sign = Some('+'),
                ' ' => specification.sign = specification.sign.or(Some(' ')),
                '#' => specification.alternate = true,
                _ => specification.zero = true,
            }
        }
        specification.width = take_number(characters, call)?;
        if characters.next_if_eq(&'.').is_some() {
            specification.precision = Some(take_number(characters, call)?);
        }
        Ok(specification)
    }

    fn convert(&self, letter: char, value: &Value) -> Result<String, Failure> {
        let number = &python::numeric(value);
        match letter {
            's' => self.text(&python::as_text(value)),
            'r' => self.text(&python::repr(value)),
            'a' => self.text(&ascii(&python::repr(value))),
            'c' => self.padded("", "", &character(value)?.to_string(), false),
            _ if matches!(python::kind(number), Kind::Str(_)) => Err(Failure::Silent),
            'd' | 'i' | 'u' => {
                let number = python::to_int(number)?;
                self.integer(number.is_negative(), "", &number.abs().to_string())
            }
            'o' | 'x' | 'X' => self.in_base(letter, number),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => self.float(letter, python::to_float(number)?),
            _ => Err(Failure::Silent),
        }
    }

    fn text(&self, text: &str) -> Result<String, Failure> {
        let text: String = text
            .chars()
            .take(self.precision.unwrap_or(usize::MAX))
            .collect();
        self.padded("", "", &text, false)
    }

    fn in_base(&self, letter: char, value: &Value) -> Result<String, Failure> {
        if matches!(python::kind(value), Kind::Float(_) | Kind::Decimal(_)) {
            return Err(Failure::Silent);
        }
        let number = python::to_int(value)?;
        let (base, prefix) = match letter {
            'o' => (8, "0o"),
            'x' => (16, "0x"),
            _ => (16, "0X"),
        };
        let digits = number.in_base(base);
        let digits = if letter == 'X' {
            digits.to_uppercase()
        } else {
            digits
        };
        self.integer(
            number.is_negative(),
            if self.alternate { prefix } else { "" },
            &digits,
        )
    }

    /// A precision is the least number of digits.
    fn integer(&self, negative: bool, prefix: &str, digits: &str) -> Result<String, Failure> {
        let zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let digits = "0".repeat(zeros) + digits;
        self.padded(self.sign_of(negative), prefix, &digits, self.zero)
    }

    fn float(&self, letter: char, number: f64) -> Result<String, Failure> {
        let negative = number.is_sign_negative() && !number.is_nan();
        let digits = format_float(letter, number.abs(), self.precision, self.alternate);
        self.padded(self.sign_of(negative), "", &digits, self.zero)
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match self.sign {
            _ if negative => "-",
            Some('+') => "+",
            Some(_) => " ",
            None => "",
        }
    }

    /// Fills to the width: zeros between the sign and the digits, or spaces outside.
    fn padded(&self, sign: &str, prefix: &str, body: &str, zeros: bool) -> Result<String, Failure> {
        let length = sign.len() + prefix.len() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        let size = i64::try_from(missing.max(body.len())).unwrap_or(i64::MAX);
        bounded(size, self.call)?;
        let fill = |character: &str| character.repeat(missing);
        Ok(if self.left {
            [sign, prefix, body, &fill(" ")].concat()
        } else if zeros {
            [sign, prefix, &fill("0"), body].concat()
        } else {
            [&fill(" "), sign, prefix, body].concat()
        })
    }
}

/// A width or precision; none is zero. `*` would take it from a second value, which there is not.
fn take_number(characters: &mut Peekable<Chars<'_>>, call: &Call) -> Result<usize, Failure> {
    let mut number: i64 = 0;
    while let Some(digit) = characters
        .peek()
        .and_then(|character| character.to_digit(10))
    {
        characters.next();
        // Python: a number beyond its sizes is a ValueError.
        let shifted = number.checked_mul(10).ok_or(Failure::Silent)?;
        number = shifted
            .checked_add(i64::from(digit))
            .ok_or(Failure::Silent)?;
    }
    Ok(bounded(number, call)?)
}

/// What `%c` shows: a character, or the one of a code.
fn character(value: &Value) -> Result<char, Failure> {
    if let Kind::Str(text) = python::kind(value) {
        let mut characters = text.chars();
        let only = characters.next().filter(|_| characters.next().is_none());
        return only.ok_or(Failure::Silent);
    }
    if matches!(python::kind(value), Kind::Float(_) | Kind::Decimal(_)) {
        return Err(Failure::Silent);
    }
    let code = python::to_int(value)?
        .to_i64()
        .and_then(|code| u32::try_from(code).ok());
    let character = code.and_then(char::from_u32);
    character
        .ok_or_else(|| Failure::Loud(FilterError::failed("there is no character of this code")))
}

/// Python's `ascii`: a `repr` with everything else escaped too.
fn ascii(repr: &str) -> String {
    let mut text = String::new();
    for character in repr.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            python::write_escape(character, &mut text);
        }
    }
    text
}
