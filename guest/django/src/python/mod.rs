//! Python's meaning of template values: how they print, compare, convert.

#[cfg(test)]
mod tests;

mod case;
mod compare;
mod convert;
mod item;
mod kind;
mod members;
mod missing;
mod print;
mod text;

pub use self::{
    case::{capitalize, casefold, is_lower, is_title, is_upper, swap_case, title},
    compare::{compare, contains, equals},
    convert::{from_integer, is_true, moment, numeric, to_float, to_i64, to_int},
    item::item,
    kind::{Exception, Kind, kind, text, type_name},
    members::{items, iterate, length},
    missing::{Missing, kind_as_a_whole},
    print::{as_text, repr, to_str},
    text::{
        ascii_digits, bytes_repr, decimal_digit, expand_tabs, is_digit, is_printable, is_space,
        split_lines, split_words, strip,
    },
};
pub use super::integer::Integer;
pub(super) use text::write_escape;
