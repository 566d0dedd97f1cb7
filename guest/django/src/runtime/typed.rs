//! Attributes of Python's `Decimal`, `datetime`, `date` and `time` that need no argument.

use minijinja::Value;

use crate::{
    dates::{Timestamp, Type},
    decimal::Decimal,
    json::{decimal, moment},
    sequence::{Sequence, SequenceKind},
};

/// What a method that cannot be called from a template gives.
pub(super) fn uncallable() -> Value {
    Value::from("")
}

pub(super) fn attribute_of_decimal(value: &Value, number: &Decimal, step: &str) -> Value {
    match step {
        "real" | "conjugate" | "canonical" => value.clone(),
        "imag" => decimal(Decimal::from(&0.into())),
        "radix" => decimal(Decimal::from(&10.into())),
        "adjusted" => Value::from(number.adjusted()),
        "copy_abs" => decimal(number.with_sign(false)),
        "copy_negate" => decimal(number.with_sign(!number.is_negative())),
        "normalize" => decimal(number.normalized()),
        "is_finite" | "is_canonical" => Value::from(true),
        "is_infinite" | "is_nan" | "is_qnan" | "is_snan" | "is_subnormal" => Value::from(false),
        "is_signed" => Value::from(number.is_negative()),
        "is_zero" => Value::from(number.is_zero()),
        "is_normal" => Value::from(!number.is_zero()),
        "as_tuple" => as_tuple(number),
        "as_integer_ratio" | "sqrt" | "exp" | "ln" | "log10" | "logb" | "next_minus"
        | "next_plus" | "to_integral" | "to_integral_exact" | "to_integral_value"
        | "to_eng_string" | "number_class" | "logical_invert" | "compare" | "max" | "min"
        | "quantize" | "scaleb" | "fma" | "from_float" | "shift" | "rotate" | "same_quantum"
        | "remainder_near" | "copy_sign" | "compare_total" | "next_toward" | "max_mag"
        | "min_mag" | "compare_signal" | "compare_total_mag" | "logical_and" | "logical_or"
        | "logical_xor" => uncallable(),
        _ => Value::UNDEFINED,
    }
}

fn as_tuple(number: &Decimal) -> Value {
    let digits = number
        .digits()
        .iter()
        .map(|digit| Value::from(i64::from(*digit)));
    let items = vec![
        Value::from(i64::from(number.is_negative())),
        Sequence::value(SequenceKind::Tuple, digits.collect()),
        Value::from(number.exponent()),
    ];
    Sequence::value(
        SequenceKind::Named("DecimalTuple", &["sign", "digits", "exponent"]),
        items,
    )
}

pub(super) fn attribute_of_moment(value: &Value, own: Timestamp, step: &str) -> Value {
    if let Some(number) = own.part(step) {
        return Value::from(number);
    }
    let kind = own.python_type();
    match (step, kind) {
        ("isoformat", _) => Value::from(own.iso_format()),
        ("replace", _) => value.clone(),
        ("fold", Type::DateTime | Type::Time) => Value::from(0),
        ("tzinfo" | "tzname", Type::DateTime | Type::Time) => {
            own.zone_name().map_or(Value::from(()), Value::from)
        }
        ("dst" | "utcoffset", Type::Time) | ("dst", Type::DateTime) => Value::from(()),
        ("utcoffset", Type::DateTime) => own.offset_text().map_or(Value::from(()), Value::from),
        (_, Type::Time) => match step {
            "strftime" | "fromisoformat" => uncallable(),
            _ => Value::UNDEFINED,
        },
        ("date", Type::DateTime) => own.date_alone().map(moment).unwrap_or_default(),
        ("time", Type::DateTime) => own.time_alone(false).map(moment).unwrap_or_default(),
        ("timetz", Type::DateTime) => own.time_alone(true).map(moment).unwrap_or_default(),
        ("timestamp", Type::DateTime) => own.unix_seconds().map(Value::from).unwrap_or_default(),
        ("astimezone", Type::DateTime) => own.in_utc().map(moment).unwrap_or_default(),
        ("weekday", _) => own.weekday().map(Value::from).unwrap_or_default(),
        ("isoweekday", _) => own
            .weekday()
            .map(|day| Value::from(day + 1))
            .unwrap_or_default(),
        ("toordinal", _) => own.ordinal().map(Value::from).unwrap_or_default(),
        ("ctime", _) => own.c_time().map(Value::from).unwrap_or_default(),
        ("isocalendar", _) => iso_calendar(own).unwrap_or_default(),
        (
            "strftime" | "fromisoformat" | "fromtimestamp" | "fromordinal" | "fromisocalendar"
            | "today" | "now" | "utcnow" | "utcfromtimestamp" | "combine" | "strptime"
            | "timetuple" | "utctimetuple",
            _,
        ) => uncallable(),
        _ => Value::UNDEFINED,
    }
}

fn iso_calendar(own: Timestamp) -> Option<Value> {
    let (year, week) = own.iso_week()?;
    let items = vec![
        Value::from(year),
        Value::from(week),
        Value::from(own.weekday()? + 1),
    ];
    let kind = SequenceKind::Named("datetime.IsoCalendarDate", &["year", "week", "weekday"]);
    Some(Sequence::value(kind, items))
}
