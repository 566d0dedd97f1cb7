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
#[cfg(feature = "web")]
mod html_entities;
#[cfg(feature = "web")]
mod html_lines;
#[cfg(feature = "web")]
mod html_lists;
#[cfg(feature = "web")]
mod html_tags;
mod humanize;
#[cfg(feature = "web")]
mod json_script;
mod lists;
mod localization;
mod logic;
mod numbers;
#[cfg(feature = "web")]
mod pprint;
mod printf_float;
mod slice;
mod slugify;
#[cfg(feature = "web")]
mod smart_url;
mod stringformat;
mod strings;
#[cfg(feature = "web")]
mod striptags;
mod truncate;
#[cfg(feature = "web")]
mod truncate_html;
mod unicode;
#[cfg(feature = "web")]
mod urlize;
mod urls;
mod wrap;

#[cfg(test)]
mod tests;

pub use self::filter::{Argument, Call, Filter, FilterError, FilterFunction};
pub(crate) use self::filter::{DEAR, QUICK, USUAL};
use self::filter::{SORTING, bounded, plain, required, safe, text_argument, text_like};
pub use super::dates::Timestamp;

const THEMES: &[&[Filter]] = &[
    dates::FILTERS,
    html::FILTERS,
    humanize::FILTERS,
    lists::FILTERS,
    localization::FILTERS,
    logic::FILTERS,
    numbers::FILTERS,
    slice::FILTERS,
    slugify::FILTERS,
    stringformat::FILTERS,
    strings::FILTERS,
    truncate::FILTERS,
    urls::FILTERS,
    wrap::FILTERS,
];

/// The filters that only web pages need.
#[cfg(feature = "web")]
const WEB_THEMES: &[&[Filter]] = &[
    html_lines::FILTERS,
    html_lists::FILTERS,
    json_script::FILTERS,
    pprint::FILTERS,
    striptags::FILTERS,
    truncate_html::FILTERS,
    urlize::FILTERS,
];

#[cfg(not(feature = "web"))]
const WEB_THEMES: &[&[Filter]] = &[];

/// Their names, for a build without them.
const WEB_NAMES: &[&str] = &[
    "json_script",
    "linebreaks",
    "linebreaksbr",
    "linenumbers",
    "pprint",
    "striptags",
    "truncatechars_html",
    "truncatewords_html",
    "unordered_list",
    "urlize",
    "urlizetrunc",
];

/// Finds a filter by its name.
pub fn find(name: &str) -> Option<&'static Filter> {
    all().find(|filter| filter.name == name)
}

/// The names of all filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|filter| filter.name)
}

/// Whether Django has the filter and this build was made without it.
pub fn is_left_out(name: &str) -> bool {
    cfg!(not(feature = "web")) && WEB_NAMES.contains(&name)
}

fn all() -> impl Iterator<Item = &'static Filter> {
    THEMES.iter().chain(WEB_THEMES).copied().flatten()
}
