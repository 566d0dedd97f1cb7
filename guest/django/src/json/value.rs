//! JSON values: taken apart level by level, only where a template looks.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use action_triggers_vocabulary::quote;
use minijinja::{
    Value,
    value::{Enumerator, Object, ObjectRepr},
};
use serde_json::value::RawValue;

use super::{
    declared::{Declared, FieldType, Fields},
    field::{self, undeclared},
    float::python_float,
    members::{Index, Member},
    scan::Values,
    slice::{Document, Slice},
};
use crate::decimal::Decimal;

/// Takes JSON text as a template value. Containers are read one level at a
/// time, those inside when something asks for a member.
///
/// # Errors
///
/// The text is not one JSON value. All of it is checked, however deep.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    parse_with(text, None)
}

/// Takes JSON text as [`parse`] does; if it is an object, its fields have the types declared.
///
/// # Errors
///
/// As for [`parse`].
pub fn parse_with(text: &str, fields: Option<&Arc<Fields>>) -> Result<Value, serde_json::Error> {
    parse_all(&Slice::whole(text), fields.cloned())
}

fn parse_all(source: &Slice, fields: Option<Arc<Fields>>) -> Result<Value, serde_json::Error> {
    let raw: &RawValue = serde_json::from_str(source)?;
    let is_object = raw.get().starts_with('{');
    let declared = fields.filter(|_| is_object).map(|fields| Declared {
        own: None,
        inside: Some(fields),
    });
    Ok(value_of(source, raw.get(), declared.as_ref()))
}

/// The same value, nothing of it taken apart yet: what is taken apart of it goes
/// when it goes, and not with what it came from.
pub fn unread(value: &Value) -> Value {
    if let Some(object) = value.downcast_object_ref::<JsonObject>() {
        return value_of(&object.source, object.text(), None);
    }
    match value.downcast_object_ref::<JsonArray>() {
        Some(array) => value_of(&array.source, array.text(), None),
        None => value.clone(),
    }
}

/// A JSON number that minijinja could not hold without changing it.
#[derive(Debug, PartialEq, Eq)]
pub struct Number {
    text: Box<str>,
}

impl Number {
    /// The number as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number, exactly.
    pub fn to_decimal(&self) -> Option<Decimal> {
        Decimal::parse(&self.text)
    }

    /// Whether it was written without fraction and exponent.
    pub fn is_integer(&self) -> bool {
        !self.text.contains(['.', 'e', 'E'])
    }

    /// The nearest double; infinite where JSON's number is out of its range.
    pub fn to_f64(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }
}

impl Object for Number {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.text
            .bytes()
            .take_while(|byte| !matches!(byte, b'e' | b'E'))
            .any(|byte| matches!(byte, b'1'..=b'9'))
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A JSON object, as a map that keeps the order of its members.
#[derive(Debug)]
pub struct JsonObject {
    source: Slice,
    members: OnceLock<Index>,
    /// What is declared of its members; most often nothing.
    fields: Option<Arc<Fields>>,
}

impl JsonObject {
    /// The object's JSON text, as it came.
    pub fn text(&self) -> &str {
        &self.source
    }

    /// Its members.
    pub fn members(&self) -> Members<'_> {
        Members {
            object: self,
            index: self.index(),
        }
    }

    /// Whether no name is repeated and no value is an object or array.
    pub(crate) fn is_flat_and_unique(&self) -> bool {
        self.index().is_flat_and_unique
    }

    /// How many objects and arrays of its text stand in each other at most, itself among them.
    pub fn depth(&self) -> usize {
        self.index().seen.depth
    }

    /// Whether a string of it is written with escapes.
    pub fn has_escapes(&self) -> bool {
        self.index().seen.has_escapes
    }

    /// The text of the field at a dotted path, where that is a text without escapes or an integer
    /// of at most 18 digits, and no type is declared that it might have. It is borrowed, and needs no
    /// value of its own.
    pub fn plain(&self, path: &str) -> Option<&str> {
        let (mut object, mut rest) = (self, path);
        loop {
            if object.fields.is_some() {
                return None;
            }
            let dot = rest.bytes().position(|byte| byte == b'.');
            let name = rest.get(..dot.unwrap_or(rest.len()))?;
            let member = object.index().find(object.text(), name)?;
            let text = member.text(object.text());
            let Some(dot) = dot else {
                return plain(text);
            };
            if !text.starts_with('{') {
                return None;
            }
            let value = member.value(object.text(), |name, text| object.value_of(name, text));
            object = value.downcast_object_ref()?;
            rest = rest.get(dot + 1..)?;
        }
    }

    /// The text of the member of this name or its [substitute](Document::with_substitute), where that
    /// is one that [`plain`](Self::plain) gives; whatever type is declared of it.
    pub fn plain_member(&self, name: &str) -> Option<&str> {
        let (index, object) = (self.index(), self.text());
        let find = |name| index.find(object, name);
        let member = find(name).or_else(|| find(self.source.substitute(name)?));
        plain(member?.text(object))
    }

    fn index(&self) -> &Index {
        self.members.get_or_init(|| Index::of(&self.source))
    }

    /// The value of the member of this name, which is written like this.
    fn value_of(&self, name: &str, written: &str) -> Value {
        let declared = self.fields.as_ref().and_then(|fields| fields.get(name));
        value_of(&self.source, written, declared)
    }

    /// The member of this name as templates see it: as [`member`](Self::member), with the type
    /// that is declared of it.
    pub fn lookup(&self, name: &str) -> Option<Value> {
        let value = self.member(name)?;
        let Some(fields) = &self.fields else {
            return Some(value.clone());
        };
        let declared = fields.get(name);
        let declared = declared.or_else(|| fields.get(self.source.substitute(name)?));
        Some(typed(value, declared))
    }

    /// The member of this name, or its [substitute](Document::with_substitute).
    pub fn member(&self, name: &str) -> Option<&Value> {
        let members = self.members();
        let found = members.get(name);
        found.or_else(|| members.get(self.source.substitute(name)?))
    }
}

impl Object for JsonObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.lookup(key).map(undeclared)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.members().names().map(Value::from).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.members().len())
    }
}

/// An object's members in the order written; of a repeated name the last one, as JSON readers
/// do, in the place of the first.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    object: &'a JsonObject,
    index: &'a Index,
}

impl<'a> Members<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.index.all().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.all().is_empty()
    }

    /// The names.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        let text = self.object.text();
        self.index.all().iter().map(move |member| member.name(text))
    }

    /// The names and values.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.names()
            .zip(self.index.all())
            .map(move |(name, member)| (name, self.value(member)))
    }

    /// The value of exactly this name.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        let member = self.index.find(self.object.text(), name)?;
        Some(self.value(member))
    }

    fn value(self, member: &'a Member) -> &'a Value {
        let object = self.object;
        member.value(object.text(), |name, text| object.value_of(name, text))
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

/// A JSON array, as a sequence.
#[derive(Debug)]
pub struct JsonArray {
    source: Slice,
    items: OnceLock<Vec<Value>>,
    /// What is declared of each item; most often nothing.
    declared: Option<Box<Declared>>,
}

impl JsonArray {
    /// The array's JSON text, as it came.
    pub fn text(&self) -> &str {
        &self.source
    }

    /// Its items in order.
    pub fn items(&self) -> &[Value] {
        self.items.get_or_init(|| {
            let declared = self.declared.as_deref();
            Values::of(self.text())
                .map(|text| value_of(&self.source, text, declared))
                .collect()
        })
    }
}

impl Object for JsonArray {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let item = self.items().get(key.as_usize()?)?;
        Some(undeclared(typed(item, self.declared.as_deref())))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items().len())
    }
}

impl Document {
    /// The text as a template value, as [`parse`] gives it, without a copy of it.
    ///
    /// # Errors
    ///
    /// The text is not one JSON value.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        parse_all(&self.whole(), None)
    }

    /// A part of the text as an object with fields of the types declared,
    /// nothing of it taken apart yet. The part must be a slice of the text and
    /// one JSON value.
    pub fn object(&self, part: &str, fields: Option<&Arc<Fields>>) -> Option<JsonObject> {
        let source = self.part(part)?;
        part.starts_with('{').then(|| JsonObject {
            source,
            members: OnceLock::new(),
            fields: fields.cloned(),
        })
    }
}

/// A value with the type that is declared of it, if it is not one inside of which things are.
fn typed(value: &Value, declared: Option<&Declared>) -> Value {
    match declared.and_then(|declared| declared.own) {
        Some(field_type) => {
            let text = value.as_str().map(|text| (text.to_owned(), false));
            let number =
                || Some((number_text(value)?, true)).filter(|_| field_type == FieldType::Decimal);
            let written = text.or_else(number);
            let field =
                written.and_then(|(text, is_number)| field::declared(&text, is_number, field_type));
            field.unwrap_or_else(|| value.clone())
        }
        None => value.clone(),
    }
}

/// A number as it was written, if the value is one.
fn number_text(value: &Value) -> Option<String> {
    let is_number = value.is_number() || value.downcast_object_ref::<Number>().is_some();
    is_number.then(|| value.to_string())
}

/// The value that this text is, which was read out of the source's.
fn value_of(source: &Slice, text: &str, declared: Option<&Declared>) -> Value {
    match text.as_bytes().first() {
        Some(b'{') => Value::from_object(JsonObject {
            source: source.part(text),
            members: OnceLock::new(),
            fields: declared.and_then(|declared| declared.inside.clone()),
        }),
        Some(b'[') => Value::from_object(JsonArray {
            source: source.part(text),
            items: OnceLock::new(),
            declared: declared.cloned().map(Box::new),
        }),
        Some(b'"') => match text.get(1..text.len() - 1) {
            Some(plain) if !plain.contains('\\') => Value::from(plain),
            _ => Value::from(serde_json::from_str::<String>(text).unwrap_or_default()),
        },
        Some(b't') => Value::from(true),
        Some(b'f') => Value::from(false),
        Some(b'n') => Value::from(()),
        _ => number_of(text),
    }
}

/// What is printed of a JSON text just as it is written, but for quotes.
fn plain(text: &str) -> Option<&str> {
    /// Those of the longest integer that is always one of 64 bits.
    const DIGITS: usize = 18;
    if let Some(rest) = text.strip_prefix('"') {
        let text = rest.strip_suffix('"')?;
        return quote::special(text.as_bytes()).is_none().then_some(text);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_integer =
        (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_integer && text != "-0").then_some(text)
}

fn number_of(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>()
        && text != "-0"
    {
        return Value::from(number);
    }
    match text.parse::<f64>() {
        // With an exponent it is text too: Django's output writes floats without.
        Ok(number) if python_float(number) == text && !text.contains('e') => Value::from(number),
        _ => Value::from_object(Number { text: text.into() }),
    }
}
