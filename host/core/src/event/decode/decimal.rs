//! Exact decimals out of the bytes in which Kafka Connect keeps them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use num_bigint::BigInt;

/// Most bytes of a decimal, which has 2,466 digits then: more than a database declares, and
/// few enough to be written in time that is in proportion to the body.
const MOST_BYTES: usize = 1024;

/// Most zeros that a scale adds to the digits.
const MOST_ZEROS: usize = 256;

/// The decimal of an unscaled value, in base64, and a scale, digit for digit. None for what is
/// not one, or a larger one than any database has.
pub(super) fn decimal(base64: &str, scale: i64) -> Option<String> {
    if base64.len() / 4 * 3 > MOST_BYTES + 2 {
        return None;
    }
    let bytes = STANDARD.decode(base64).ok()?;
    if bytes.is_empty() || bytes.len() > MOST_BYTES {
        return None;
    }
    let unscaled = BigInt::from_signed_bytes_be(&bytes).to_string();
    let (sign, digits) = match unscaled.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", unscaled.as_str()),
    };
    let Ok(scale) = usize::try_from(scale) else {
        let zeros = usize::try_from(scale.unsigned_abs()).ok()?;
        // Nothing times ten is nothing.
        let zeros = if digits == "0" { 0 } else { zeros };
        let is_few = zeros <= MOST_ZEROS;
        return is_few.then(|| format!("{sign}{digits}{}", "0".repeat(zeros)));
    };
    if scale == 0 {
        return Some(unscaled);
    }
    // At least one digit stands before the point.
    let missing = (scale + 1).saturating_sub(digits.len());
    if missing > MOST_ZEROS {
        return None;
    }
    let digits = format!("{}{digits}", "0".repeat(missing));
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale)?;
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let max = STANDARD.encode([vec![0x7f], vec![0xff; 20]].concat());
        for (base64, scale, expected) in [
            ("BBo=", 2, Some("10.50")),
            ("++Y=", 2, Some("-10.50")),
            ("AQ==", 3, Some("0.001")),
            ("AA==", 2, Some("0.00")),
            ("AA==", -2, Some("0")),
            ("Ag==", -2, Some("200")),
            ("Bw==", 0, Some("7")),
            (
                &max,
                10,
                Some("18707220957835557353007165858768422651595.9365500927"),
            ),
            ("", 2, None),
            ("BBo", 2, None),
            ("10.50", 2, None),
            ("AQ==", 255, Some(&*format!("0.{}1", "0".repeat(254)))),
            ("AQ==", 300, None),
            ("AQ==", -300, None),
            ("AQ==", i64::MAX, None),
            ("AQ==", i64::MIN, None),
        ] {
            assert_eq!(
                decimal(base64, scale).as_deref(),
                expected,
                "{base64} {scale}"
            );
        }
        assert_eq!(decimal(&STANDARD.encode([1; MOST_BYTES + 1]), 0), None);
    }
}
