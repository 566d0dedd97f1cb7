//! The forms that a record's partition, timestamp and topic have: where no event gives a
//! template such a form, that is told when it is loaded.

use std::collections::BTreeSet;

use action_triggers_django::reach::{States, behind};

/// Whether some event may give a partition, or none.
pub(super) fn may_be_partition(source: &str) -> bool {
    let states = behind(source, &Partition(START));
    states.is_none_or(|states| states.0 & (START | DIGITS | END) != 0)
}

/// Whether some event may give a timestamp, or none.
pub(super) fn may_be_timestamp(source: &str) -> bool {
    behind(source, &Timestamp(true)).is_none_or(|states| states.0)
}

/// Whether some event may give a topic that one of a broker's patterns allows.
pub(super) fn may_be_topic(source: &str, patterns: &[String]) -> bool {
    let places = (0..patterns.len()).map(|pattern| (pattern, 0));
    let start = Topic {
        patterns,
        places: places.collect(),
    };
    let Some(topic) = behind(source, &start) else {
        return true;
    };
    let mut places = topic.places.iter();
    places.any(|(pattern, place)| *place == topic.fixed(*pattern).0.len())
}

/// A number without a sign, or with `+`, and white space around it: a bit for each state.
#[derive(Clone, Copy)]
struct Partition(u8);

const START: u8 = 1;
const SIGN: u8 = 1 << 1;
const DIGITS: u8 = 1 << 2;
const END: u8 = 1 << 3;

impl Partition {
    fn from(self, states: u8, to: u8) -> u8 {
        if self.0 & states == 0 { 0 } else { to }
    }
}

impl States for Partition {
    fn behind(&self, letter: char) -> Self {
        Self(match letter {
            '0'..='9' => self.from(START | SIGN | DIGITS, DIGITS),
            '+' => self.from(START, SIGN),
            _ if letter.is_whitespace() => self.from(START, START) | self.from(DIGITS | END, END),
            _ => 0,
        })
    }

    fn behind_any(&self) -> Self {
        let begun = self.from(START | SIGN | DIGITS, DIGITS | END) | self.from(START, SIGN);
        Self(self.0 | begun)
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Whether all letters so far are those of a number, a date or a time.
#[derive(Clone, Copy)]
struct Timestamp(bool);

impl States for Timestamp {
    fn behind(&self, letter: char) -> Self {
        let is_known = letter.is_ascii_digit()
            || letter.is_whitespace()
            || matches!(letter, '+' | '-' | ':' | '.' | ',' | 'T' | 't' | 'Z' | 'z');
        Self(self.0 && is_known)
    }

    fn behind_any(&self) -> Self {
        *self
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 || other.0)
    }
}

/// Which patterns may still fit, and how far.
#[derive(Clone)]
struct Topic<'a> {
    patterns: &'a [String],
    /// A pattern, and how many bytes of its fixed text were read.
    places: BTreeSet<(usize, usize)>,
}

impl Topic<'_> {
    /// A pattern's text, and whether more may follow it.
    fn fixed(&self, pattern: usize) -> (&str, bool) {
        let pattern = self.patterns.get(pattern).map_or("", String::as_str);
        match pattern.strip_suffix('*') {
            Some(beginning) => (beginning, true),
            None => (pattern, false),
        }
    }
}

impl States for Topic<'_> {
    fn behind(&self, letter: char) -> Self {
        let next = |(pattern, place): &(usize, usize)| {
            let (fixed, is_open) = self.fixed(*pattern);
            let rest = fixed.get(*place..)?;
            let is_legal = letter.is_ascii_alphanumeric() || "._-".contains(letter);
            match rest.chars().next() {
                Some(first) => (first == letter).then_some((*pattern, place + letter.len_utf8())),
                None => (is_open && is_legal).then_some((*pattern, *place)),
            }
        };
        Self {
            patterns: self.patterns,
            places: self.places.iter().filter_map(next).collect(),
        }
    }

    fn behind_any(&self) -> Self {
        let reached = self.places.iter().flat_map(|(pattern, place)| {
            let end = self.fixed(*pattern).0.len();
            (*place..=end).map(|place| (*pattern, place))
        });
        Self {
            patterns: self.patterns,
            places: reached.collect(),
        }
    }

    fn or(mut self, other: Self) -> Self {
        self.places.extend(other.places);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_a_number_or_nothing() {
        for (source, expected) in [
            ("{{ a }}", true),
            (" {{ a }} ", true),
            ("1{{ a }}0", true),
            ("+{{ a }}", true),
            ("{% if a %}p{% endif %}1", true),
            ("{% if a %}{% for b in a %}x{% endfor %}{% endif %}", true),
            ("p{{ a }}", false),
            ("{{ a }}.0", false),
            ("-{{ a }}", false),
            ("1 {{ a }} 2", false),
            ("{{ \"p\" }}", false),
            ("{% if a %}p{% else %}q{% endif %}{{ b }}", false),
            ("+", false),
        ] {
            assert_eq!(may_be_partition(source), expected, "{source}");
        }
    }

    #[test]
    fn a_timestamp_has_the_letters_of_numbers_and_dates() {
        for (source, expected) in [
            ("{{ a }}", true),
            ("{{ a }}T{{ b }}Z", true),
            ("{{ a|date:\"U\" }}000", true),
            ("{% if a %}{{ a }}{% else %}now{% endif %}", true),
            ("at {{ a }}", false),
            ("{{ a }} ms", false),
        ] {
            assert_eq!(may_be_timestamp(source), expected, "{source}");
        }
    }

    #[test]
    fn a_topic_is_one_that_a_pattern_allows() {
        let patterns = ["orders.*".to_owned(), "audit".to_owned()];
        for (source, expected) in [
            ("{{ a }}", true),
            ("orders.{{ a }}", true),
            ("orders{{ a }}", true),
            ("{{ a }}.eu", true),
            ("au{{ a }}t", true),
            ("{% if a %}x{% else %}audit{% endif %}", true),
            ("order{{ a }}", true),
            ("orders {{ a }}", false),
            ("orders.{{ a }} eu", false),
            ("x{{ a }}", false),
            ("audit{{ a }}.", false),
            ("{% if a %}x{% else %}y{% endif %}", false),
        ] {
            assert_eq!(may_be_topic(source, &patterns), expected, "{source}");
        }
    }
}
