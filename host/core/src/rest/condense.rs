//! Reads an answer without keeping all of it: a proxy may add a stack trace to each
//! record's refusal, and only its beginning is ever looked at.

/// Most bytes of a JSON string that are kept.
const LONGEST_STRING: usize = 2 * 1024;
/// Most bytes that are read, for each that may be kept: beyond that it is no answer.
const READ_FOR_KEPT: usize = 64;

/// The bytes of an answer, JSON strings cut short.
#[derive(Debug)]
pub struct Condensed {
    kept: Vec<u8>,
    most: usize,
    read: usize,
    place: Place,
}

/// Where in JSON the bytes are.
#[derive(Clone, Copy, Debug)]
enum Place {
    Outside,
    /// So many bytes into a string, and how many of an escape are to come.
    Inside {
        length: usize,
        escape: usize,
    },
    /// In the rest of a string, which is left out; right after a backslash or not.
    Skipped {
        is_escaped: bool,
    },
}

/// There are more bytes than are kept, or far more than are read.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too large")]
pub struct TooLarge;

impl Condensed {
    /// Keeps so many bytes at most.
    pub fn new(most: usize) -> Self {
        Self {
            kept: Vec::new(),
            most,
            read: 0,
            place: Place::Outside,
        }
    }

    /// Reads on.
    ///
    /// # Errors
    ///
    /// When it is too much; what was kept stays.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        self.read = self.read.saturating_add(bytes.len());
        if self.read > self.most.saturating_mul(READ_FOR_KEPT) {
            return Err(TooLarge);
        }
        for byte in bytes {
            if self.keeps(*byte) {
                if self.kept.len() == self.most {
                    return Err(TooLarge);
                }
                // JSON forbids a bare line break in a string, and not everybody heeds it.
                let is_text = matches!(self.place, Place::Inside { .. });
                let is_bare = is_text && *byte < b' ';
                self.kept.push(if is_bare { b' ' } else { *byte });
            }
        }
        Ok(())
    }

    /// What was kept.
    pub fn into_bytes(self) -> Vec<u8> {
        self.kept
    }

    /// Follows JSON by one byte. A string is cut only before a plain ASCII character,
    /// so never within an escape or a character.
    fn keeps(&mut self, byte: u8) -> bool {
        let (place, keeps) = match self.place {
            Place::Outside if byte == b'"' => (
                Place::Inside {
                    length: 0,
                    escape: 0,
                },
                true,
            ),
            Place::Outside => (Place::Outside, true),
            Place::Inside { length, escape: 0 } => match byte {
                b'"' => (Place::Outside, true),
                b'\\' => (
                    Place::Inside {
                        length: length + 1,
                        escape: 1,
                    },
                    true,
                ),
                ..0x80 if length >= LONGEST_STRING => (Place::Skipped { is_escaped: false }, false),
                _ => (
                    Place::Inside {
                        length: length + 1,
                        escape: 0,
                    },
                    true,
                ),
            },
            Place::Inside { length, escape } => {
                // After `\u` there are four digits.
                let escape = if escape == 1 && byte == b'u' {
                    5
                } else {
                    escape
                };
                (
                    Place::Inside {
                        length: length + 1,
                        escape: escape - 1,
                    },
                    true,
                )
            }
            Place::Skipped { is_escaped: true } => (Place::Skipped { is_escaped: false }, false),
            Place::Skipped { .. } if byte == b'"' => (Place::Outside, true),
            Place::Skipped { .. } => (
                Place::Skipped {
                    is_escaped: byte == b'\\',
                },
                false,
            ),
        };
        self.place = place;
        keeps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn condensed(text: &str, piece: usize) -> Vec<u8> {
        let mut condensed = Condensed::new(1 << 20);
        for piece in text.as_bytes().chunks(piece) {
            condensed.read(piece).unwrap();
        }
        condensed.into_bytes()
    }

    #[test]
    fn a_long_string_keeps_its_beginning() {
        let long = format!("larger than {}\" \\ \u{1f600}", "x\n".repeat(50_000));
        let text = json!({"offsets": [{"error_code": 50002, "error": long}, {"offset": 1}]});
        let short = condensed(&text.to_string(), 1000);
        assert!(short.len() < 2 * LONGEST_STRING);
        let short: Value = serde_json::from_slice(&short).unwrap();
        let error = short["offsets"][0]["error"].as_str().unwrap();
        assert!(long.starts_with(error) && error.len() > LONGEST_STRING / 2);
        assert_eq!(short["offsets"][1]["offset"], 1);
    }

    #[test]
    fn bare_control_characters_of_a_string_do_not_hide_the_answer() {
        let text = "{\"error\":\"at a\n\tat b\",\n\"offset\":1}";
        let value: Value = serde_json::from_slice(&condensed(text, 3)).unwrap();
        assert_eq!(value, json!({"error": "at a  at b", "offset": 1}));
    }

    #[test]
    fn both_bounds_end_it() {
        let mut condensed = Condensed::new(100);
        assert!(condensed.read(&[b' '; 100]).is_ok());
        assert!(condensed.read(b" ").is_err());
        let mut condensed = Condensed::new(LONGEST_STRING + 100);
        condensed.read(b"\"").unwrap();
        let reads = (0..).take_while(|_| condensed.read(&[b'x'; 1000]).is_ok());
        assert_eq!(reads.count(), (LONGEST_STRING + 100) * READ_FOR_KEPT / 1000);
    }

    proptest! {
        #[test]
        fn short_json_stays_and_long_json_stays_json(
            strings in proptest::collection::vec("[ -~äé\u{1f600}\n\"\\\\]{0,40}", 0..8),
            repeat in 1_usize..200,
            piece in 1_usize..50,
        ) {
            let strings: Vec<_> = strings.iter().map(|text| text.repeat(repeat)).collect();
            let text = json!({ "a": strings, "b": 1 }).to_string();
            let read = condensed(&text, piece);
            let value: Value = serde_json::from_slice(&read).unwrap();
            for (index, string) in strings.iter().enumerate() {
                prop_assert!(string.starts_with(value["a"][index].as_str().unwrap()));
            }
            if strings.iter().all(|string| string.len() < LONGEST_STRING / 2) {
                prop_assert_eq!(read, text.into_bytes());
            }
        }
    }
}
