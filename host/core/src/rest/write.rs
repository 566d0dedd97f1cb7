//! JSON pieces that both APIs write.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A JSON string of standard base64 with padding: the only alphabet all
/// proxies read (Karapace skips others' characters in silence).
pub(super) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// A JSON string. What is not UTF-8 is replaced; records are checked before.
pub(super) fn string(out: &mut Vec<u8>, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    // A `Value` prints itself without a way to fail.
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// A member's name and colon, after a comma unless it is the object's first.
pub(super) fn member(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// A member with headers, their names under `name_member`.
pub(super) fn headers(out: &mut Vec<u8>, name_member: &str, headers: &[(String, bytes::Bytes)]) {
    if headers.is_empty() {
        return;
    }
    member(out, "headers");
    out.push(b'[');
    for (index, (name, value)) in headers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        member(out, name_member);
        string(out, name.as_bytes());
        member(out, "value");
        base64(out, value);
        out.push(b'}');
    }
    out.push(b']');
}
