//! Whether what stands outside of strings may be JSON, whatever the values are.
//!
//! A list, an object or the whole text is in all those states to which some event may bring it.
//! Where there are none left, it is no JSON for any event.

/// The states of a list, an object or the whole text, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct States(u32);

/// An object that has just begun.
const FIRST_NAME: u32 = 1;
/// Behind the comma of an object.
const NAME: u32 = 1 << 1;
/// Before the colon.
const NAMED: u32 = 1 << 2;
/// A list that has just begun.
const FIRST: u32 = 1 << 3;
/// Where a value must come.
const VALUE: u32 = 1 << 4;
/// Behind a value.
const DONE: u32 = 1 << 5;

const MINUS: u32 = 1 << 6;
const ZERO: u32 = 1 << 7;
const INTEGER: u32 = 1 << 8;
const POINT: u32 = 1 << 9;
const FRACTION: u32 = 1 << 10;
const E: u32 = 1 << 11;
const SIGN: u32 = 1 << 12;
const EXPONENT: u32 = 1 << 13;

const T: u32 = 1 << 14;
const TR: u32 = 1 << 15;
const TRU: u32 = 1 << 16;
const F: u32 = 1 << 17;
const FA: u32 = 1 << 18;
const FAL: u32 = 1 << 19;
const FALS: u32 = 1 << 20;
const N: u32 = 1 << 21;
const NU: u32 = 1 << 22;
const NUL: u32 = 1 << 23;

const NAMES: u32 = FIRST_NAME | NAME;
const VALUES: u32 = FIRST | VALUE;
/// Behind a number, which may go on.
const NUMBER: u32 = ZERO | INTEGER | FRACTION | EXPONENT;
/// In a number.
const DIGITS: u32 = NUMBER | MINUS | POINT | E | SIGN;
/// In `true`, `false` or `null`.
const LETTERS: u32 = T | TR | TRU | F | FA | FAL | FALS | N | NU | NUL;
const ENDED: u32 = NUMBER | DONE;

impl States {
    pub(super) const NONE: Self = Self(0);
    pub(super) const WHOLE: Self = Self(VALUE);

    /// Of a list or an object that has just begun.
    pub(super) fn of_begun(is_object: bool) -> Self {
        Self(if is_object { FIRST_NAME } else { FIRST })
    }

    /// Wherever a round of a loop may begin.
    pub(super) fn anywhere(is_object: bool) -> Self {
        let values = VALUE | DIGITS | LETTERS | DONE;
        Self(if is_object {
            values | NAMES | NAMED
        } else {
            values | FIRST
        })
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a value may have ended here.
    pub(super) fn is_ended(self) -> bool {
        self.0 & ENDED != 0
    }

    /// Whether a list or an object may be closed here.
    pub(super) fn may_close(self) -> bool {
        self.0 & (ENDED | FIRST | FIRST_NAME) != 0
    }

    /// This, where it is in one of those.
    fn from(self, states: u32, to: u32) -> u32 {
        if self.0 & states == 0 { 0 } else { to }
    }

    /// Behind a comma.
    pub(super) fn behind_comma(self, is_object: bool) -> Self {
        Self(self.from(ENDED, if is_object { NAME } else { VALUE }))
    }

    /// Behind a colon.
    pub(super) fn behind_colon(self) -> Self {
        Self(self.from(NAMED, VALUE))
    }

    /// Behind a list or an object.
    pub(super) fn behind_container(self) -> Self {
        Self(self.from(VALUES, DONE))
    }

    /// Behind a string.
    pub(super) fn behind_string(self) -> Self {
        Self(self.from(NAMES, NAMED) | self.from(VALUES, DONE))
    }

    /// Behind a character of a number, of `true`, `false` or `null`, or white space.
    pub(super) fn behind(self, character: char) -> Self {
        let from = |states, to| self.from(states, to);
        Self(match character {
            ' ' | '\t' | '\n' | '\r' => from(ENDED, DONE) | self.0 & (NAMES | NAMED | VALUES),
            '-' => from(VALUES, MINUS) | from(E, SIGN),
            '+' => from(E, SIGN),
            '.' => from(ZERO | INTEGER, POINT),
            '0' => from(VALUES | MINUS, ZERO) | self.behind_digit(),
            '1'..='9' => from(VALUES | MINUS, INTEGER) | self.behind_digit(),
            'e' => from(ZERO | INTEGER | FRACTION, E) | from(TRU | FALS, DONE),
            'E' => from(ZERO | INTEGER | FRACTION, E),
            't' => from(VALUES, T),
            'r' => from(T, TR),
            'u' => from(TR, TRU) | from(N, NU),
            'f' => from(VALUES, F),
            'a' => from(F, FA),
            'l' => from(FA, FAL) | from(NU, NUL) | from(NUL, DONE),
            's' => from(FAL, FALS),
            'n' => from(VALUES, N),
            _ => 0,
        })
    }

    fn behind_digit(self) -> u32 {
        self.from(INTEGER, INTEGER)
            | self.from(POINT | FRACTION, FRACTION)
            | self.from(E | SIGN | EXPONENT, EXPONENT)
    }

    /// Behind what an event gives and JSON text has there: JSON, or nothing.
    pub(super) fn behind_value(self, may_be_nothing: bool) -> Self {
        let nothing = if may_be_nothing { self.0 } else { 0 };
        Self(
            nothing
                | self.from(NAMES, NAMED)
                | self.from(VALUES, DONE | NUMBER)
                | self.from(MINUS | INTEGER, INTEGER | FRACTION | EXPONENT)
                | self.from(MINUS, ZERO)
                | self.from(POINT | FRACTION, FRACTION | EXPONENT)
                | self.from(E | SIGN | EXPONENT, EXPONENT),
        )
    }

    /// Behind any text at all, as far as numbers, `true`, `false` and `null` go.
    pub(super) fn behind_text(self) -> Self {
        Self(
            self.0
                | self.from(VALUES, DIGITS | LETTERS | DONE)
                | self.from(DIGITS, DIGITS | DONE)
                | self.from(LETTERS, LETTERS | DONE),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_those_of_json() {
        for text in [
            "true",
            "false",
            "null",
            "0",
            "-0",
            "10",
            "1.5",
            "-0.25",
            "1e5",
            "1E-5",
            "0.5e+10",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "tru",
            "nulll",
            "truefalse",
            "+1",
            "1 2",
            "--1",
            "1.5.5",
            "NaN",
            "t",
            "e",
            " 1 ",
            "",
            "falsey",
            "nul l",
            "1e5.5",
            "1e+",
            "00",
            "-01",
        ] {
            let states = text.chars().fold(States::WHOLE, States::behind);
            let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(states.is_ended(), is_json, "{text}");
        }
    }

    #[test]
    fn a_value_goes_on_with_a_number_or_is_the_whole_of_it() {
        let text = |text: &str, states: States| text.chars().fold(states, States::behind);
        let between = |before: &str, after: &str| {
            let states = text(before, States::WHOLE).behind_value(true);
            text(after, states).is_ended()
        };
        for (before, after) in [
            ("", ""),
            ("", " "),
            (" ", "5"),
            ("1", ""),
            ("-", ""),
            ("-", ".5"),
            ("1.", ""),
            ("1e", ""),
            ("1", "e5"),
            ("true", ""),
            ("tr", "ue"),
            ("0.", "e1"),
            ("1 ", " "),
        ] {
            assert!(between(before, after), "{before} and {after}");
        }
        for (before, after) in [
            ("tr", "u"),
            ("1 ", "2"),
            ("0", "5"),
            ("tru", " e"),
            ("", "x"),
        ] {
            assert!(!between(before, after), "{before} and {after}");
        }
    }
}
