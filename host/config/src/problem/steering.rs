//! Characters that steer a terminal.

/// Whether a character would steer the terminal that it is written to, or turn
/// the order of the text round it.
pub fn is_steering(character: char) -> bool {
    (character.is_control() && !matches!(character, '\t' | '\n'))
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
