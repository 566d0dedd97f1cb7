//! What kind of JSON value something is, in words.

/// Null.
pub const NULL: &str = "null";
/// True or false.
pub const BOOLEAN: &str = "a boolean";
/// A number.
pub const NUMBER: &str = "a number";
/// A string.
pub const STRING: &str = "a string";
/// A list.
pub const LIST: &str = "a list";
/// An object.
pub const OBJECT: &str = "an object";

/// Says that a value is of the wrong kind.
///
/// ```
/// use action_triggers_vocabulary::kind;
///
/// assert_eq!(kind::wrong(kind::OBJECT, kind::LIST), "expected an object, found a list");
/// ```
pub fn wrong(expected: &str, found: &str) -> String {
    format!("expected {expected}, found {found}")
}
