//! Filter expressions: `customer.name|default:"nobody"|upper`.

use action_triggers_vocabulary::suggest;

use super::{
    ast::{Expression, FilterCall, Operand},
    filters::{self, Argument},
    lexer::{self, Part},
    python,
};

/// The most filters one expression may have.
const MOST_FILTERS: usize = 64;

/// A fault, before it knows its line.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) offset: usize,
    pub(super) length: usize,
}

impl Fault {
    pub(super) fn new(code: &'static str, part: Part<'_>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            offset: part.offset,
            length: part.text.len(),
        }
    }

    pub(super) fn syntax(part: Part<'_>, message: impl Into<String>) -> Self {
        Self::new("template_syntax", part, message)
    }

    /// A filter or tag of Django's that this build was made without.
    pub(super) fn left_out(what: &str, part: Part<'_>) -> Self {
        let message = format!(
            "the {what} `{}` is for web pages, and this build of the component has none of those",
            part.text
        );
        Self::new("template_left_out", part, message)
            .help("use the component that was built with the feature `web`")
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What an expression reads, beside its meaning.
pub(super) struct Parsed {
    pub(super) expression: Expression,
    /// The variables it reads, with their place.
    pub(super) reads: Vec<(Vec<String>, usize, usize)>,
}

/// Reads a filter expression. Every fault of it is told.
pub(super) fn parse(part: Part<'_>) -> Result<Parsed, Vec<Fault>> {
    let mut reader = Reader {
        part,
        at: 0,
        faults: Vec::new(),
        reads: Vec::new(),
    };
    let Some(operand) = reader.operand() else {
        let fault = Fault::syntax(
            part,
            format!("there is no value at the start of `{}`", part.text),
        )
        .help("write a variable, a number or a quoted string");
        return Err(non_empty(reader.faults, fault));
    };
    let filters = reader.filters();
    let rest = part.slice(reader.at, part.text.len());
    if !rest.text.is_empty() {
        let fault = Fault::syntax(
            rest,
            format!("`{}` cannot be read in `{}`", rest.text, part.text),
        );
        let before = part.slice(0, reader.at).text;
        reader
            .faults
            .push(with_syntax_help(fault, before, rest.text));
    }
    if reader.faults.is_empty() {
        Ok(Parsed {
            expression: Expression { operand, filters },
            reads: reader.reads,
        })
    } else {
        Err(reader.faults)
    }
}

fn non_empty(faults: Vec<Fault>, fault: Fault) -> Vec<Fault> {
    if faults.is_empty() {
        vec![fault]
    } else {
        faults
    }
}

/// What Django has in place of Jinja's `range`.
pub(super) const NO_RANGE: &str =
    "`range` is Jinja's; Django loops over a list of the event's, where `forloop.counter` counts";

/// Says what Django has in place of what was written: `before` was read and `rest` was not.
fn with_syntax_help(fault: Fault, before: &str, rest: &str) -> Fault {
    let word = rest.trim_start().split(' ').next().unwrap_or_default();
    if rest.starts_with("()") {
        return fault.help(format!(
            "parentheses are Jinja's; Django calls a method without them: `{before}`"
        ));
    }
    if let Some(index) = rest
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
    {
        let index = index.trim_matches(['"', '\'']);
        return fault.help(format!(
            "brackets are Jinja's; in Django what is inside stands behind a dot: `{before}.{index}`"
        ));
    }
    if before == "range" && rest.starts_with('(') {
        return fault.help(NO_RANGE);
    }
    match word {
        "if" => fault.help("an `if` in an expression is Jinja's; Django writes `{% if … %}…{% else %}…{% endif %}`"),
        "+" => fault.help(format!("Django has no `+`: write `{before}|add:…`")),
        "-" | "*" | "/" | "%" | "//" | "**" => fault.help("Django's templates do not calculate; `add` and `widthratio` do a little"),
        "~" => fault.help("`~` is Jinja's; in Django write one value behind the other: `{{ a }}{{ b }}`"),
        _ if rest.starts_with('(') => {
            fault.help("a filter's argument stands behind a colon: `name:\"argument\"`")
        }
        _ if rest.starts_with(": ") || rest.starts_with(" :") => {
            fault.help("no space may stand around the colon of a filter")
        }
        _ => fault,
    }
}

struct Reader<'a> {
    part: Part<'a>,
    at: usize,
    faults: Vec<Fault>,
    reads: Vec<(Vec<String>, usize, usize)>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.part.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> Part<'a> {
        let part = self.part.slice(self.at, self.at + length);
        self.at += length;
        part
    }

    fn operand(&mut self) -> Option<Operand> {
        let rest = self.rest();
        if let Some(length) = constant_length(rest) {
            let text = self.take(length).text;
            let quoted = text
                .strip_prefix("_(")
                .map_or(text, |text| text.trim_end_matches(')'));
            return Some(Operand::Text(unescape(quoted)));
        }
        let length = match word_length(rest, true) {
            0 => number_length(rest)?,
            length => length,
        };
        let part = self.take(length);
        if let Some(number) = number(part.text) {
            return Some(Operand::Number(number));
        }
        if part.text.starts_with('_') || part.text.contains("._") {
            self.faults.push(Fault::new(
                "template_private_name",
                part,
                format!(
                    "`{}`: names and attributes may not begin with an underscore",
                    part.text
                ),
            ));
        }
        let path: Vec<String> = part.text.split('.').map(str::to_owned).collect();
        self.reads
            .push((path.clone(), part.offset, part.text.len()));
        Some(Operand::Variable(path))
    }

    fn filters(&mut self) -> Vec<FilterCall> {
        let mut calls = Vec::new();
        while let Some(name) = self.filter_name() {
            let argument = match self.rest().strip_prefix(':') {
                Some(_) => {
                    self.at += 1;
                    let argument = self.operand();
                    if argument.is_none() {
                        self.at -= 1;
                    }
                    argument
                }
                None => None,
            };
            match check_call(name, argument.is_some()) {
                Ok(filter) => calls.push(FilterCall { filter, argument }),
                Err(fault) => self.faults.push(fault),
            }
        }
        if calls.len() > MOST_FILTERS {
            self.faults.push(Fault::new(
                "template_too_deep",
                self.part,
                format!("the expression has more than {MOST_FILTERS} filters"),
            ));
        }
        calls
    }

    /// Reads ` | name`, or nothing.
    fn filter_name(&mut self) -> Option<Part<'a>> {
        let rest = self.rest();
        let spaced = rest
            .trim_start_matches(python::is_space)
            .strip_prefix('|')?;
        let name = spaced.trim_start_matches(python::is_space);
        let length = word_length(name, false);
        if length == 0 {
            return None;
        }
        self.at += rest.len() - name.len();
        Some(self.take(length))
    }
}

fn check_call(name: Part<'_>, has_argument: bool) -> Result<&'static filters::Filter, Fault> {
    let Some(filter) = filters::find(name.text) else {
        if filters::is_left_out(name.text) {
            return Err(Fault::left_out("filter", name));
        }
        let fault = Fault::new(
            "template_unknown_filter",
            name,
            format!("there is no filter `{}`", name.text),
        );
        return Err(match suggest::near(name.text, filters::names()) {
            Some(help) => fault.help(help),
            None => fault,
        });
    };
    match (filter.argument, has_argument) {
        (Argument::None, true) => Err(Fault::new(
            "template_filter_argument",
            name,
            format!("the filter `{}` takes no argument", name.text),
        )),
        (Argument::Required, false) => Err(Fault::new(
            "template_filter_argument",
            name,
            format!("the filter `{}` needs an argument", name.text),
        )
        .help(format!("write `{}:\"…\"`", name.text))),
        _ => Ok(filter),
    }
}

/// The length of a quoted string, or of one in `_(…)`.
fn constant_length(text: &str) -> Option<usize> {
    if let Some(inner) = text.strip_prefix("_(") {
        let length = lexer::quoted_length(inner)?;
        return inner.get(length..)?.starts_with(')').then_some(length + 3);
    }
    lexer::quoted_length(text)
}

fn word_length(text: &str, dots: bool) -> usize {
    let is_word = |character: char| {
        character.is_alphanumeric() || character == '_' || (dots && character == '.')
    };
    text.find(|character| !is_word(character))
        .unwrap_or(text.len())
}

/// The length of `[-+.]?\d[\d.e]*`.
fn number_length(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(['-', '+', '.']).unwrap_or(text);
    if !digits.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let is_part = |character: char| character.is_ascii_digit() || matches!(character, '.' | 'e');
    let length = digits
        .find(|character| !is_part(character))
        .unwrap_or(digits.len());
    Some(text.len() - digits.len() + length)
}

/// A number as JSON or [`f64`] reads it, if Python's `int` or `float` takes it.
fn number(text: &str) -> Option<String> {
    let has_digit = text.contains(|character: char| character.is_ascii_digit());
    if !has_digit || text.starts_with('_') || text.ends_with(['_', '.']) || text.contains("__") {
        return None;
    }
    let plain = text.trim_start_matches('+').replace('_', "");
    if plain.contains(['.', 'e', 'E']) {
        plain.parse::<f64>().ok()?;
        return Some(plain);
    }
    let (sign, digits) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |digits| ("-", digits));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.trim_start_matches('0') {
        "" => Some("0".into()),
        digits => Some(format!("{sign}{digits}")),
    }
}

fn unescape(quoted: &str) -> String {
    let quote = quoted.get(..1).unwrap_or_default();
    let inner = quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default();
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    inner
        .replace(&format!("\\{quote}"), quote)
        .replace("\\\\", "\\")
}
