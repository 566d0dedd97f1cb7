//! URLs quoted for links as Django's `smart_urlquote` does, and domains in ASCII.

use super::urls::quote;

/// RFC 3986's reserved characters and `~`.
const RESERVED: &str = "!$&'()*+,;=:/?#[]@~";

/// Quotes a URL, unless it is quoted. It begins with `http://` or `https://` in any case.
pub(super) fn smart_url_quote(url: &str) -> String {
    let parts = Parts::of(url);
    let Some((parts, host)) = parts.and_then(|parts| Some((parts, punycode(parts.host)?))) else {
        return requote(url);
    };
    let mut quoted = format!("{}://{host}", parts.scheme.to_ascii_lowercase());
    let path = requote(parts.path);
    quoted.push_str(&path);
    let query = requote_query(parts.query);
    for (mark, part) in [('?', query), ('#', requote(parts.fragment))] {
        if !part.is_empty() {
            quoted.push(mark);
            quoted.push_str(&part);
        }
    }
    quoted
}

fn requote(segment: &str) -> String {
    quote(&unquote(segment), RESERVED)
}

/// Names and values one by one, so that what separates them stays apart from what is in them.
fn requote_query(query: &str) -> String {
    let unquoted = |text: &str| unquote(&unquote(&text.replace('+', " ")));
    let quoted = |text: &str| quote(&unquoted(text), " ").replace(' ', "+");
    let pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| format!("{}={}", quoted(name), quoted(value)))
        .collect();
    pairs.join("&")
}

/// What Python's `urlsplit` makes of a URL.
#[derive(Clone, Copy)]
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

impl<'a> Parts<'a> {
    /// None where the brackets of the host hold no IPv6 address.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        has_valid_brackets(host).then_some(Self {
            scheme,
            host,
            path,
            query,
            fragment,
        })
    }
}

fn has_valid_brackets(host: &str) -> bool {
    match (host.split_once('['), host.contains(']')) {
        (None, false) => true,
        (Some((_, rest)), true) => {
            let address = rest.split(']').next().unwrap_or_default();
            let address = address.split('%').next().unwrap_or_default();
            address.starts_with(['v', 'V']) || address.parse::<std::net::Ipv6Addr>().is_ok()
        }
        _ => false,
    }
}

/// A domain in ASCII (IDNA 2003); none where a label is empty or too long.
pub(super) fn punycode(domain: &str) -> Option<String> {
    let is_dot = |character: char| matches!(character, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    if domain.is_ascii() {
        let (labels, last) = domain.rsplit_once('.').unwrap_or(("", domain));
        let fits = labels.is_empty() && !domain.starts_with('.')
            || labels
                .split('.')
                .all(|label| (1..64).contains(&label.len()));
        return (fits && last.len() < 64).then(|| domain.to_owned());
    }
    let mut labels: Vec<&str> = domain.split(is_dot).collect();
    let ends_in_dot = labels.last().is_some_and(|label| label.is_empty());
    if ends_in_dot {
        labels.pop();
    }
    let labels: Option<Vec<String>> = labels.into_iter().map(ascii_label).collect();
    Some(labels?.join(".") + if ends_in_dot { "." } else { "" })
}

fn ascii_label(label: &str) -> Option<String> {
    let ascii = if label.is_ascii() {
        label.to_owned()
    } else {
        // Nameprep folds case.
        let folded = label.to_lowercase().replace('ß', "ss");
        if folded.is_ascii() {
            folded
        } else {
            format!("xn--{}", encode_punycode(&folded)?)
        }
    };
    (1..64).contains(&ascii.len()).then_some(ascii)
}

/// RFC 3492.
fn encode_punycode(label: &str) -> Option<String> {
    let mut output: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(output.len()).ok()?;
    let mut handled = basic;
    if basic > 0 {
        output.push('-');
    }
    let codes: Vec<u32> = label.chars().map(u32::from).collect();
    let total = u32::try_from(codes.len()).ok()?;
    let (mut next, mut delta, mut bias) = (128, 0_u32, 72);
    while handled < total {
        let least = codes.iter().copied().filter(|code| *code >= next).min()?;
        delta = delta.checked_add((least - next).checked_mul(handled + 1)?)?;
        next = least;
        for code in &codes {
            if *code < next {
                delta = delta.checked_add(1)?;
            } else if *code == next {
                push_delta(delta, bias, &mut output);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        next += 1;
    }
    Some(output)
}

fn push_delta(delta: u32, bias: u32, output: &mut String) {
    let mut rest = delta;
    let mut place = 36;
    loop {
        let threshold = place.max(bias + 1).min(bias + 26) - bias;
        if rest < threshold {
            break;
        }
        output.push(punycode_digit(
            threshold + (rest - threshold) % (36 - threshold),
        ));
        rest = (rest - threshold) / (36 - threshold);
        place += 36;
    }
    output.push(punycode_digit(rest));
}

fn punycode_digit(digit: u32) -> char {
    let code = if digit < 26 {
        u32::from('a') + digit
    } else {
        u32::from('0') + digit - 26
    };
    char::from_u32(code).unwrap_or('a')
}

fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut bias = 0;
    while delta > 455 {
        delta /= 35;
        bias += 36;
    }
    bias + 36 * delta / (delta + 38)
}

/// Python's `urllib.parse.unquote`: bytes that are no UTF-8 become replacement characters.
fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = if *first == b'%' {
            behind.first_chunk().copied().and_then(hexadecimal)
        } else {
            None
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() {
            behind.get(2..).unwrap_or_default()
        } else {
            behind
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}
