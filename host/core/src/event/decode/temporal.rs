//! Dates and times as Python writes them in ISO 8601.

/// A point in time as RFC 3339: one that tells no offset is in UTC. None for what is not one.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let is_date = date.len() == 10;
    let has_offset = time.contains(['Z', 'z', '+', '-']);
    let is_plain = |text: &str| {
        let mut bytes = text.bytes();
        bytes.all(|byte| byte.is_ascii_digit() || b":.-+Zz".contains(&byte))
    };
    if !is_date || time.len() < 8 || !is_plain(date) || !is_plain(time) {
        return None;
    }
    let zone = if has_offset { "" } else { "Z" };
    Some(format!("{date}T{time}{zone}"))
}
