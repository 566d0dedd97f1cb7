#![doc = include_str!("codes.md")]

use std::iter;

/// The table, as the page above shows it.
const TABLE: &str = include_str!("codes.md");

/// The code of a template that fails, for an event or for every event.
pub const TEMPLATE_FAILED: &str = "template_failed";

/// Where it stands what keeps a trigger that fires from making a record.
pub const NOT_MADE: &str = "Records that are not made";

/// The code of a number in a payload that is too large for many readers.
pub const NUMBER_TOO_LARGE: &str = "number_too_large";

/// A stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// Its name, such as `unknown_broker`.
    pub name: &'static str,
    /// Where it arises: the heading that it stands under.
    pub area: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Every stable code, in the order of the table. A code that arises in two
/// places stands there twice.
///
/// ```
/// use action_triggers_vocabulary::codes;
///
/// let code = codes::find("unknown_broker").unwrap();
/// assert_eq!(code.area, "Records that are refused");
/// ```
pub fn all() -> impl Iterator<Item = Code> {
    let mut lines = TABLE.lines();
    let mut area = "";
    iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            if let Some(heading) = line.strip_prefix("## ") {
                area = heading;
            } else if let Some(code) = row(line, area) {
                return Some(code);
            }
        }
    })
}

/// The first code of this name.
pub fn find(name: &str) -> Option<Code> {
    all().find(|code| code.name == name)
}

/// A row of the table: a code in backticks, its meaning, its remedy.
fn row(line: &'static str, area: &'static str) -> Option<Code> {
    let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
    let (meaning, rest) = rest.split_once(" | ")?;
    Some(Code {
        name,
        area,
        meaning,
        remedy: rest.strip_suffix(" |")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read_and_says_something() {
        let rows = TABLE.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(all().count(), rows);
        for code in all() {
            let texts = [code.name, code.area, code.meaning, code.remedy];
            assert!(texts.iter().all(|text| !text.is_empty()), "{code:?}");
        }
    }

    #[test]
    fn no_code_stands_twice_in_one_area() {
        let mut names: Vec<_> = all().map(|code| (code.area, code.name)).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
