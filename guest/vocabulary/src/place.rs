//! Where in a JSON document something stands: paths such as
//! `$[0].payload["a b"]`, written and read.

use std::{borrow::Cow, fmt};

use crate::quote;

/// The place of a value in a JSON document, written as a path from `$`. With a
/// `~` behind it, it is the place of that member's name instead of its value.
///
/// ```
/// use action_triggers_vocabulary::Place;
///
/// let payload = Place::root().item(0).member("payload");
/// assert_eq!(payload.member("a b").name().as_str(), r#"$[0].payload["a b"]~"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// The whole document.
    pub fn root() -> Self {
        Self("$".into())
    }

    /// The place of a member. Names that are no words are quoted as JSON.
    pub fn member(&self, name: &str) -> Self {
        let is_word = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut path = self.0.clone();
        if is_word {
            path.push('.');
            path.push_str(name);
        } else {
            path.push('[');
            quote::string(name, &mut path);
            path.push(']');
        }
        Self(path)
    }

    /// The place of an item, from 0.
    pub fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// The place of the name of this member, instead of its value.
    pub fn name(&self) -> Self {
        Self(format!("{}~", self.0))
    }

    /// A place of a document that itself stands here.
    pub fn joined(&self, inner: &str) -> Self {
        Self(format!(
            "{}{}",
            self.0,
            inner.strip_prefix('$').unwrap_or(inner)
        ))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Place {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One step on the way to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the member of this name.
    Member(Cow<'a, str>),
    /// To the item at this index, from 0.
    Item(usize),
}

/// A path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps<'a> {
    rest: &'a str,
    is_name: bool,
}

impl<'a> Steps<'a> {
    /// Reads a path. Its steps end where it cannot be read.
    pub fn of(path: &'a str) -> Self {
        let (path, is_name) = match path.strip_suffix('~') {
            Some(path) => (path, true),
            None => (path, false),
        };
        Self {
            rest: path.strip_prefix('$').unwrap_or_default(),
            is_name,
        }
    }

    /// Whether the path leads to a member's name.
    pub fn is_name(&self) -> bool {
        self.is_name
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let (step, rest) = next_step(self.rest)?;
        self.rest = rest;
        Some(step)
    }
}

fn next_step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        return Some((Step::Member(name.into()), rest));
    }
    let rest = path.strip_prefix('[')?;
    if let Some((name, rest)) = quote::read_string(rest) {
        return Some((Step::Member(name.into()), rest.strip_prefix(']')?));
    }
    let (index, rest) = rest.split_once(']')?;
    Some((Step::Item(index.parse().ok()?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_quoted_in_a_path() {
        let place = Place::root().item(0).member("payload");
        assert_eq!(place.member("customer").as_str(), "$[0].payload.customer");
        assert_eq!(
            place.member("a \"b\"").as_str(),
            r#"$[0].payload["a \"b\""]"#
        );
        assert_eq!(
            Place::from("$.triggers").joined(place.as_str()).as_str(),
            "$.triggers[0].payload"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let names = ["a_b", "odd \"name].x", "1st", "", "é", "a\nb", "~", "😀"];
        let mut place = Place::root().item(12);
        for name in names {
            place = place.member(name);
        }
        let mut steps = vec![Step::Item(12)];
        steps.extend(names.map(|name| Step::Member(name.into())));
        assert_eq!(Steps::of(place.as_str()).collect::<Vec<_>>(), steps);
        let name = place.name();
        assert!(Steps::of(name.as_str()).is_name());
        assert_eq!(Steps::of(name.as_str()).collect::<Vec<_>>(), steps);
    }

    #[test]
    fn a_path_that_cannot_be_read_ends_where_it_cannot() {
        let steps: Vec<_> = Steps::of("$.a[x].b").collect();
        assert_eq!(steps, [Step::Member("a".into())]);
        assert_eq!(Steps::of("").count(), 0);
    }
}
