//! Python's meaning of template values: how they print, compare, convert.

#[cfg(test)]
mod tests;

mod compare;
mod convert;
mod item;
mod kind;
mod members;
mod print;
mod text;
mod title;

pub use self::{
    compare::{compare, contains, equals},
    convert::{from_integer, is_true, moment, numeric, to_float, to_i64, to_int},
    item::item,
    kind::{Exception, Kind, kind, text, type_name},
    members::{items, iterate, length},
    print::{as_text, repr, to_str},
    text::{ascii_digits, decimal_digit, is_space, split_lines, split_words, strip},
    title::title,
};
pub use super::integer::Integer;
pub(super) use text::write_escape;
