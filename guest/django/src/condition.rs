//! The grammar of `{% if %}`: Django's operators, with Django's precedence.

use super::{
    ast::{Condition, Expression, Operator},
    expression::{self, Fault, Parsed},
    lexer::Part,
};

/// The most operands a condition may have.
const MOST_OPERANDS: usize = 200;
/// The most operators inside each other.
const DEEPEST: usize = 24;

const NOT: u8 = 8;

impl Operator {
    /// How tightly it binds; `not` binds with [`NOT`].
    fn binding(self) -> u8 {
        match self {
            Self::Or => 6,
            Self::And => 7,
            Self::In | Self::NotIn => 9,
            _ => 10,
        }
    }

    /// Whether a chain of it may be one operation.
    fn is_chain(self) -> bool {
        matches!(self, Self::Or | Self::And)
    }
}

#[derive(Debug)]
enum Word<'a> {
    Operand(Expression),
    Not(Part<'a>),
    Operator(Operator, Part<'a>),
}

/// Variables read: path, offset, length.
pub(super) type Reads = Vec<(Vec<String>, usize, usize)>;

/// Reads a condition out of a tag's pieces; `whole` is what to blame when it
/// stops short.
pub(super) fn parse(
    whole: Part<'_>,
    pieces: &[Part<'_>],
) -> Result<(Condition, Reads), Vec<Fault>> {
    let mut reads = Vec::new();
    let words = words(pieces, &mut reads)?;
    let operands = words
        .iter()
        .filter(|word| matches!(word, Word::Operand(_)))
        .count();
    if operands > MOST_OPERANDS {
        let message = format!("the condition has more than {MOST_OPERANDS} operands");
        return Err(vec![Fault::new("template_too_deep", whole, message)]);
    }
    let mut parser = Parser {
        whole,
        words: words.into_iter().peekable(),
        depth: 0,
    };
    let condition = parser.expression(0).map_err(|fault| vec![fault])?;
    match parser.words.next() {
        None => Ok((condition, reads)),
        Some(_) => Err(vec![
            Fault::syntax(
                whole,
                "an operator is missing between two values of the condition",
            )
            .help("join them by `and`, `or` or a comparison"),
        ]),
    }
}

fn words<'a>(pieces: &[Part<'a>], reads: &mut Reads) -> Result<Vec<Word<'a>>, Vec<Fault>> {
    let mut words = Vec::new();
    let mut faults = Vec::new();
    let mut pieces = pieces.iter().copied().peekable();
    while let Some(piece) = pieces.next() {
        let second = match piece.text {
            "is" => "not",
            "not" => "in",
            _ => "",
        };
        let is_pair = !second.is_empty() && pieces.next_if(|next| next.text == second).is_some();
        if let Some(operator) = operator(piece.text, is_pair) {
            words.push(Word::Operator(operator, piece));
        } else if piece.text == "not" {
            words.push(Word::Not(piece));
        } else {
            match expression::parse(piece) {
                Ok(Parsed {
                    expression,
                    reads: read,
                }) => {
                    reads.extend(read);
                    words.push(Word::Operand(expression));
                }
                Err(found) => {
                    faults.extend(found.into_iter().map(|fault| explain(fault, piece.text)));
                }
            }
        }
    }
    if faults.is_empty() {
        Ok(words)
    } else {
        Err(faults)
    }
}

fn explain(fault: Fault, text: &str) -> Fault {
    match text {
        "=" => fault.help("did you mean `==`?"),
        "&&" => fault.help("did you mean `and`?"),
        "||" => fault.help("did you mean `or`?"),
        "!" => fault.help("did you mean `not`?"),
        _ if text.starts_with('(') => {
            fault.help("conditions have no parentheses: `and` binds tighter than `or`")
        }
        _ => fault,
    }
}

fn operator(text: &str, is_pair: bool) -> Option<Operator> {
    Some(match (text, is_pair) {
        ("or", _) => Operator::Or,
        ("and", _) => Operator::And,
        ("in", _) => Operator::In,
        ("not", true) => Operator::NotIn,
        ("is", false) => Operator::Is,
        ("is", true) => Operator::IsNot,
        ("==", _) => Operator::Equal,
        ("!=", _) => Operator::NotEqual,
        ("<", _) => Operator::Less,
        ("<=", _) => Operator::LessOrEqual,
        (">", _) => Operator::Greater,
        (">=", _) => Operator::GreaterOrEqual,
        _ => return None,
    })
}

/// A Pratt parser, as Django's `smartif` is.
struct Parser<'a, I: Iterator<Item = Word<'a>>> {
    whole: Part<'a>,
    words: std::iter::Peekable<I>,
    depth: usize,
}

impl<'a, I: Iterator<Item = Word<'a>>> Parser<'a, I> {
    fn expression(&mut self, binding: u8) -> Result<Condition, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.too_deep());
        }
        let mut left = match self.words.next() {
            Some(Word::Operand(expression)) => Condition::Value(expression),
            Some(Word::Not(_)) => Condition::Not(Box::new(self.expression(NOT)?)),
            Some(Word::Operator(_, part)) => return Err(misplaced(part)),
            None => {
                return Err(Fault::syntax(
                    self.whole,
                    "the condition ends where a value is expected",
                ));
            }
        };
        let mut steps = 0;
        loop {
            match self.words.peek() {
                Some(Word::Not(part)) if binding < NOT => return Err(misplaced(*part)),
                Some(Word::Operator(operator, _)) if binding < operator.binding() => {
                    let operator = *operator;
                    self.words.next();
                    let right = self.expression(operator.binding())?;
                    steps += usize::from(!operator.is_chain());
                    if steps > DEEPEST {
                        return Err(self.too_deep());
                    }
                    left = join(operator, left, right);
                }
                _ => break,
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn too_deep(&self) -> Fault {
        let message = format!("the condition has more than {DEEPEST} operators inside each other");
        Fault::new("template_too_deep", self.whole, message)
    }
}

fn misplaced(part: Part<'_>) -> Fault {
    Fault::syntax(
        part,
        format!(
            "`{}` is not expected at this place of the condition",
            part.text
        ),
    )
}

/// Joins two operands; `a or b or c` becomes one operation, folded from the
/// left when it runs.
fn join(operator: Operator, left: Condition, right: Condition) -> Condition {
    match left {
        Condition::Operation(known, mut operands) if known == operator && operator.is_chain() => {
            operands.push(right);
            Condition::Operation(operator, operands)
        }
        left => Condition::Operation(operator, vec![left, right]),
    }
}
