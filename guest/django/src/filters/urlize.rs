//! `urlize` and `urlizetrunc`: Django's `Urlizer`.

use minijinja::Value;

use super::{
    super::python,
    Argument, Call, DEAR, Filter, FilterError,
    html::escape,
    html_entities::unescape,
    required, safe,
    smart_url::{punycode, smart_url_quote},
};

pub(super) const FILTERS: &[Filter] = &[
    safe("urlize", Argument::None, urlize).at(DEAR),
    safe("urlizetrunc", Argument::Required, urlize_truncated).at(DEAR),
];

/// Longer words are no links.
const MOST_URL_CHARACTERS: usize = 2048;

const TOP_LEVEL_DOMAINS: [&str; 7] = ["com", "edu", "gov", "int", "mil", "net", "org"];

fn urlize(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    Ok(Urlizer::new(value, call, None).run(&python::as_text(value)))
}

fn urlize_truncated(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
) -> Result<Value, FilterError> {
    let limit = python::to_i64(required(argument)?)?;
    Ok(Urlizer::new(value, call, Some(limit)).run(&python::as_text(value)))
}

struct Urlizer {
    /// Whether words are escaped: where output is, unless the text is safe.
    escapes: bool,
    /// The most characters of a link's text.
    limit: Option<i64>,
}

impl Urlizer {
    fn new(value: &Value, call: &Call, limit: Option<i64>) -> Self {
        Self {
            escapes: call.autoescape && !value.is_safe(),
            limit,
        }
    }

    fn run(&self, text: &str) -> Value {
        let mut html = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let in_word = !separates(first);
            let end = rest
                .find(|character| separates(character) == in_word)
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            match self.link(word).filter(|_| in_word) {
                Some(link) => html.push_str(&link),
                None => html.push_str(&self.shown(word)),
            }
            rest = behind;
        }
        Value::from_safe_string(html)
    }

    fn shown(&self, text: &str) -> String {
        if self.escapes {
            escape(text)
        } else {
            text.to_owned()
        }
    }

    /// The word as a link, if it looks like an address.
    fn link(&self, word: &str) -> Option<String> {
        if !word.contains(['.', '@', ':']) {
            return None;
        }
        let (lead, middle, trail) = trim_punctuation(word);
        let is_short = middle.chars().count() <= MOST_URL_CHARACTERS;
        let (url, attributes) = if is_short && is_url(middle) {
            (smart_url_quote(&unescape(middle)), " rel=\"nofollow\"")
        } else if is_short && is_domain(middle) {
            (
                smart_url_quote(&format!("http://{}", unescape(middle))),
                " rel=\"nofollow\"",
            )
        } else if !middle.contains(':') && is_email(middle) {
            let (local, domain) = middle.rsplit_once('@')?;
            let Some(domain) = punycode(domain) else {
                // Django forgets to escape the word; it holds no tag.
                return Some(word.to_owned());
            };
            (format!("mailto:{local}@{domain}"), "")
        } else {
            return None;
        };
        let text = self.shown(&self.trimmed(middle));
        let (lead, trail, url) = (self.shown(lead), self.shown(&trail), escape(&url));
        Some(format!(
            "{lead}<a href=\"{url}\"{attributes}>{text}</a>{trail}"
        ))
    }

    fn trimmed(&self, url: &str) -> String {
        let length = i64::try_from(url.chars().count()).unwrap_or(i64::MAX);
        match self.limit {
            Some(limit) if length > limit => {
                let kept = usize::try_from(limit.saturating_sub(1)).unwrap_or(0);
                url.chars().take(kept).chain(['…']).collect()
            }
            _ => url.to_owned(),
        }
    }
}

/// What stands between words.
fn separates(character: char) -> bool {
    matches!(character, '<' | '>' | '"' | '\'') || python::is_space(character)
}

fn is_word_character(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// `^https?://\[?\w`
fn is_url(word: &str) -> bool {
    let rest = strip_prefix_ignoring_case(word, "http");
    let rest = rest.map(|rest| strip_prefix_ignoring_case(rest, "s").unwrap_or(rest));
    rest.and_then(|rest| rest.strip_prefix("://"))
        .map(|rest| rest.strip_prefix('[').unwrap_or(rest))
        .is_some_and(|host| host.starts_with(is_word_character))
}

/// `^www\.|^(?!http)\w[^@]+\.(com|edu|gov|int|mil|net|org)($|/.*)$`
fn is_domain(word: &str) -> bool {
    if strip_prefix_ignoring_case(word, "www.").is_some() {
        return true;
    }
    if strip_prefix_ignoring_case(word, "http").is_some() || !word.starts_with(is_word_character) {
        return false;
    }
    let host = word.split('@').next().unwrap_or_default();
    let mut characters = host.chars();
    characters.next();
    let behind_second = characters
        .next()
        .map_or(host.len(), |_| host.len() - characters.as_str().len());
    word.match_indices('.')
        .filter(|(dot, _)| (behind_second..=host.len()).contains(dot))
        .filter_map(|(dot, _)| word.get(dot + 1..))
        .any(|rest| {
            TOP_LEVEL_DOMAINS.iter().any(|domain| {
                strip_prefix_ignoring_case(rest, domain)
                    .is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
            })
        })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && !domain.starts_with('.')
        && domain.chars().count() <= 63
}

/// Takes punctuation off both ends of a word; brackets only where they are not of a pair inside.
fn trim_punctuation(word: &str) -> (&str, &str, String) {
    let mut middle = word.trim_start_matches(['(', '[']);
    let lead = word.strip_suffix(middle).unwrap_or_default();
    let mut trail = String::new();
    let count = |character: char| middle.matches(character).count();
    let mut pairs = [(count('('), ')', count(')')), (count('['), ']', count(']'))];
    loop {
        let before = middle.len();
        for (openings, closing, closings) in &mut pairs {
            if openings < closings && middle.ends_with(*closing) {
                let extra = *closings - *openings;
                let kept = middle
                    .char_indices()
                    .rev()
                    .nth(extra - 1)
                    .map_or(0, |(index, _)| index);
                let (start, cut) = middle.split_at_checked(kept).unwrap_or((middle, ""));
                // Django forgets what it took off before.
                cut.clone_into(&mut trail);
                middle = start;
                *closings -= extra;
            }
        }
        let marks: &[char] = if middle.contains('&') {
            &['.', ',', ':', '!']
        } else {
            &['.', ',', ':', ';', '!']
        };
        cut_to(middle.trim_end_matches(marks), &mut middle, &mut trail);
        trim_semicolon(&mut middle, &mut trail);
        if middle.is_empty() || middle.len() == before {
            return (lead, middle, trail);
        }
    }
}

/// Moves what is behind the start of the middle to the trail.
fn cut_to<'a>(start: &'a str, middle: &mut &'a str, trail: &mut String) {
    let cut = middle.strip_prefix(start).unwrap_or_default();
    trail.insert_str(0, cut);
    *middle = start;
}

/// A semicolon behind an entity stays.
fn trim_semicolon<'a>(middle: &mut &'a str, trail: &mut String) {
    if !middle.ends_with(';') {
        return;
    }
    // Without an ampersand Python looks at the last character alone.
    let ampersand = middle.rfind('&');
    let entity = ampersand.and_then(|at| middle.get(at..)).unwrap_or(";");
    let unescaped = unescape(entity);
    if unescaped != entity && !unescaped.ends_with(';') {
        return;
    }
    let text: &'a str = middle;
    let stripped = text.trim_end_matches(['.', ',', ':', ';', '!']);
    let semicolons = text.len() - text.trim_end_matches(';').len();
    let kept = if ampersand.is_some() && semicolons > 1 {
        // Up to the first semicolon, which may end an entity.
        let behind = text.get(stripped.len()..).unwrap_or_default();
        stripped.len() + behind.find(';').map_or(0, |index| index + 1)
    } else {
        stripped.len()
    };
    cut_to(text.get(..kept).unwrap_or_default(), middle, trail);
}
