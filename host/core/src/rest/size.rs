//! How much of a body a record takes. Proxies bound the body, not its records:
//! Karapace refuses one above 1 MiB, where base64 has made 4 bytes of 3.

use super::dialect::Dialect;
use crate::{
    cluster::{Cluster, Format},
    record::Record,
};

/// Most bytes of a record's fixed parts: names of members, brackets, numbers.
const FRAME: usize = 160;
/// The same of a header.
const HEADER_FRAME: usize = 24;

/// Most bytes that a record takes in the body of a POST to this cluster.
pub fn body_size(record: &Record, cluster: &Cluster) -> usize {
    let is_json =
        cluster.format == Format::Json && Dialect::of(cluster) != Some(Dialect::ConfluentV3);
    let value = record.value.as_deref().unwrap_or_default();
    let key = record.key.as_deref().unwrap_or_default();
    let headers: usize = record
        .headers
        .iter()
        .map(|(name, value)| HEADER_FRAME + escaped(name.as_bytes()) + base64(value))
        .sum();
    let texts = match (is_json, record.value_is_json) {
        (true, true) => escaped(key) + value.len(),
        (true, false) => escaped(key) + escaped(value),
        (false, _) => base64(key) + base64(value),
    };
    FRAME + headers + texts
}

fn base64(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// As a JSON string: quotes and backslashes take two bytes, controls six.
fn escaped(text: &[u8]) -> usize {
    let width = |byte: &u8| match byte {
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.iter().map(width).sum()
}
