//! Python's comparisons: `==`, `<` and `in`, exact to the last digit.
//!
//! A field's text that is a decimal compares as the number with numbers and
//! other decimals, one that is an integer with numbers and decimals alone, and
//! one that is an instant with other instants. Against any other text they are
//! texts.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

use minijinja::Value;

use super::{
    kind::{Exception, Kind, kind, text, type_name},
    members::{items, iterate, length},
    missing::kind_as_a_whole,
};
use crate::{
    dates::Timestamp,
    decimal::Decimal,
    json::{Field, JsonObject, Number, Reading, undeclared},
    sequence::{SequenceKind, View, sequence_kind},
};

/// `left == right`.
pub fn equals(left: &Value, right: &Value) -> bool {
    match (kind_as_a_whole(left), kind_as_a_whole(right)) {
        (Kind::None, Kind::None) => true,
        (Kind::Str(one), Kind::Str(other)) => match by_worth(left, right) {
            Some(ordering) => ordering.is_eq(),
            None => one == other,
        },
        (Kind::List, Kind::List) => match (shape(left), shape(right)) {
            (Shape::List, Shape::List) | (Shape::Tuple, Shape::Tuple) => {
                let (one, other) = (
                    iterate(left).unwrap_or_default(),
                    iterate(right).unwrap_or_default(),
                );
                let mut pairs = one.iter().zip(&other);
                one.len() == other.len() && pairs.all(|(one, other)| equals(one, other))
            }
            (Shape::Set, Shape::Set) => compare_sets(left, right) == Some(Ordering::Equal),
            _ => false,
        },
        (Kind::Dict, Kind::Dict) => dicts_equal(left, right),
        (Kind::Other, _) | (_, Kind::Other) => left == right,
        _ => by_worth(left, right).is_some_and(Ordering::is_eq),
    }
}

/// `value[key]` of a dict, without the fallbacks of attribute access.
pub(super) fn get(dict: &Value, key: &Value) -> Option<Value> {
    if let Some(object) = dict.downcast_object_ref::<JsonObject>() {
        let name = text(key)?;
        object.members().get(name)?;
        return object.lookup(name).map(undeclared);
    }
    items(dict)
        .into_iter()
        .find(|(known, _)| equals(known, key))
        .map(|(_, item)| item)
}

fn dicts_equal(left: &Value, right: &Value) -> bool {
    let one = items(left);
    // Keys are texts and each one of its own, so as many that are all found are the same.
    length(right) == Ok(one.len())
        && one.iter().all(|(key, item)| {
            get(right, key).is_some_and(|counterpart| equals(item, &counterpart))
        })
}

/// `left < right` and its siblings; none where Python raises `TypeError` (or
/// answers no to each, as for NaN).
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (kind(left), kind(right)) {
        (Kind::Str(one), Kind::Str(other)) => {
            Some(by_worth(left, right).unwrap_or_else(|| one.cmp(other)))
        }
        (Kind::List, Kind::List) => match (shape(left), shape(right)) {
            (Shape::List, Shape::List) | (Shape::Tuple, Shape::Tuple) => {
                let (one, other) = (iterate(left).ok()?, iterate(right).ok()?);
                one.iter()
                    .zip(&other)
                    .find(|(one, other)| !equals(one, other))
                    .map_or_else(
                        || Some(one.len().cmp(&other.len())),
                        |(one, other)| compare(one, other),
                    )
            }
            (Shape::Set, Shape::Set) => compare_sets(left, right),
            _ => None,
        },
        _ => by_worth(left, right),
    }
}

/// What a sequence counts as where it meets another: Python compares only like with like.
enum Shape {
    List,
    Tuple,
    /// What `keys` and `items` of a dict give.
    Set,
    /// What `values` of a dict gives, which is like nothing.
    Values,
}

fn shape(sequence: &Value) -> Shape {
    match sequence_kind(sequence) {
        None => Shape::List,
        Some(SequenceKind::View(View::Values)) => Shape::Values,
        Some(SequenceKind::View(View::Keys | View::Items)) => Shape::Set,
        Some(_) => Shape::Tuple,
    }
}

/// A set is less than another that has all of it and more.
fn compare_sets(left: &Value, right: &Value) -> Option<Ordering> {
    let (one, other) = (iterate(left).ok()?, iterate(right).ok()?);
    let has_all = |set: &[Value], part: &[Value]| {
        let known: BTreeMap<_, _> = set.iter().filter_map(entry).collect();
        part.iter().filter_map(entry).all(|(key, item)| {
            known.get(&key).is_some_and(|other| match (other, item) {
                (None, None) => true,
                (Some(other), Some(item)) => equals(other, &item),
                _ => false,
            })
        })
    };
    match one.len().cmp(&other.len()) {
        Ordering::Less => has_all(&other, &one).then_some(Ordering::Less),
        ordering => has_all(&one, &other).then_some(ordering),
    }
}

/// `item in container`.
///
/// # Errors
///
/// `TypeError`: the container has no members, or is a string and the item is not.
pub fn contains(container: &Value, item: &Value) -> Result<bool, Exception> {
    match (kind(container), kind(item)) {
        (Kind::Str(text), Kind::Str(part)) => Ok(text.contains(part)),
        (Kind::List, _) => {
            let is_keys = matches!(
                sequence_kind(container),
                Some(SequenceKind::View(View::Keys))
            );
            if is_keys && !is_hashable(item) {
                return Err(Exception::Type(type_name(item)));
            }
            let members = iterate(container)?;
            Ok(members.iter().any(|member| equals(member, item)))
        }
        (Kind::Dict, _) if !is_hashable(item) => Err(Exception::Type(type_name(item))),
        (Kind::Str(_), _) => Err(Exception::Type(type_name(item))),
        (Kind::Dict, _) => Ok(get(container, item).is_some()),
        _ => Err(Exception::Type(type_name(container))),
    }
}

/// A key of a dict, and in `items` what it leads to.
fn entry(member: &Value) -> Option<(String, Option<Value>)> {
    if let Some(key) = text(member) {
        return Some((key.to_owned(), None));
    }
    let mut pair = iterate(member).ok()?.into_iter();
    let key = text(&pair.next()?)?.to_owned();
    Some((key, pair.next()))
}

/// Whether a value can be a key.
fn is_hashable(value: &Value) -> bool {
    match kind(value) {
        Kind::List => match shape(value) {
            Shape::Tuple => {
                let items = iterate(value).unwrap_or_default();
                items.iter().all(is_hashable)
            }
            Shape::Values => true,
            Shape::List | Shape::Set => false,
        },
        Kind::Dict => false,
        _ => true,
    }
}

/// What a value counts as where it meets another.
enum Worth<'a> {
    Number(Cow<'a, Decimal>),
    /// An infinity or NaN.
    Special(f64),
    IntegerText(&'a Decimal),
    Moment(&'a Timestamp),
    Nothing,
}

fn worth(value: &Value) -> Worth<'_> {
    if let Some(field) = value.downcast_object_ref::<Field>() {
        return match field.reading() {
            Reading::Decimal(number) | Reading::DecimalText(number) => {
                Worth::Number(Cow::Borrowed(number))
            }
            Reading::IntegerText(number) => Worth::IntegerText(number),
            Reading::Moment(moment) => Worth::Moment(moment),
            Reading::MomentText(moment) if moment.is_instant() => Worth::Moment(moment),
            Reading::MomentText(_) | Reading::Text => Worth::Nothing,
        };
    }
    if let Some(number) = value.downcast_object_ref::<Number>() {
        return number
            .to_decimal()
            .map_or(Worth::Nothing, |number| Worth::Number(Cow::Owned(number)));
    }
    let integer = match kind(value) {
        Kind::Bool(truth) => i64::from(truth).into(),
        Kind::Int(number) => number.into(),
        Kind::Long(number) => number,
        Kind::Float(number) => {
            return Decimal::from_f64(number).map_or(Worth::Special(number), |number| {
                Worth::Number(Cow::Owned(number))
            });
        }
        _ => return Worth::Nothing,
    };
    Worth::Number(Cow::Owned(Decimal::from(&integer)))
}

/// How two numbers, or two dates or times, compare; none for anything else.
fn by_worth(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Kind::Int(one), Kind::Int(other)) = (kind(left), kind(right)) {
        return Some(one.cmp(&other));
    }
    match (worth(left), worth(right)) {
        (Worth::Number(one), Worth::Number(other)) => Some(one.compare(&other)),
        (Worth::Number(one), Worth::IntegerText(other)) => Some(one.compare(other)),
        (Worth::IntegerText(one), Worth::Number(other)) => Some(one.compare(&other)),
        (Worth::Moment(one), Worth::Moment(other)) => one.compare(other),
        (Worth::Special(one), Worth::Special(other)) => one.partial_cmp(&other),
        (Worth::Special(one), Worth::Number(_)) => one.partial_cmp(&0.0),
        (Worth::Number(_), Worth::Special(other)) => 0.0_f64.partial_cmp(&other),
        _ => None,
    }
}

/// The number that a value is, or that a field's text is as a decimal, exactly.
pub(super) fn number(value: &Value) -> Option<Cow<'_, Decimal>> {
    match worth(value) {
        Worth::Number(number) => Some(number),
        _ => None,
    }
}
