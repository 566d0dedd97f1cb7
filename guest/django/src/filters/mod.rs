//! Django's built-in filters, and those of its libraries `humanize`, `l10n` and `tz`.
//!
//! Each does to JSON-able values what Django 4.2 does with the default
//! settings (`en-us`, no thousand separators, `USE_TZ` with UTC), silent
//! failures included.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every filter has the signature of `FilterFunction`"
)]

mod dates;
mod filter;
pub mod html;
mod html_entities;
mod html_lists;
mod html_tags;
mod humanize;
mod json_script;
mod lists;
mod localization;
mod logic;
mod numbers;
mod pprint;
mod printf_float;
mod slice;
mod slugify;
mod smart_url;
mod stringformat;
mod strings;
mod striptags;
mod truncate;
mod truncate_html;
mod unicode;
mod urlize;
mod urls;
mod wrap;

#[cfg(test)]
mod tests;

pub use self::filter::{Argument, Call, Filter, FilterError, FilterFunction};
use self::filter::{MOST_BYTES, bounded, plain, required, safe, text_argument, text_like};
pub use super::dates::Timestamp;

const THEMES: &[&[Filter]] = &[
    dates::FILTERS,
    html::FILTERS,
    html_lists::FILTERS,
    humanize::FILTERS,
    json_script::FILTERS,
    lists::FILTERS,
    localization::FILTERS,
    logic::FILTERS,
    numbers::FILTERS,
    pprint::FILTERS,
    slice::FILTERS,
    slugify::FILTERS,
    stringformat::FILTERS,
    strings::FILTERS,
    striptags::FILTERS,
    truncate::FILTERS,
    urlize::FILTERS,
    urls::FILTERS,
    wrap::FILTERS,
];

/// Finds a filter by its name.
pub fn find(name: &str) -> Option<&'static Filter> {
    all().find(|filter| filter.name == name)
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|filter| filter.name)
}

fn all() -> impl Iterator<Item = &'static Filter> {
    THEMES.iter().copied().flatten()
}
