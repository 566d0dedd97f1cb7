//! What Django's tags take, and what they become; those with a body are in
//! `blocks`.

mod blocks;
mod foreign;

use action_triggers_vocabulary::suggest;

use super::{
    ast::{Node, Target},
    expression::Fault,
    lexer::Part,
    parser::{NamedCycle, Parser, command},
};

/// Tags that work here.
const KNOWN: &[&str] = &[
    "autoescape",
    "comment",
    "cycle",
    "debug",
    "filter",
    "firstof",
    "for",
    "if",
    "ifchanged",
    "load",
    "localize",
    "localtime",
    "lorem",
    "now",
    "regroup",
    "resetcycle",
    "spaceless",
    "templatetag",
    "verbatim",
    "widthratio",
    "with",
];

/// The most values that repeated cycles may come to: each `{% cycle name %}` is compiled to all
/// values of its cycle.
const MOST_REPEATED: usize = 10_000;

/// What `{% templatetag %}` writes.
const BRACES: &[(&str, &str)] = &[
    ("openblock", "{%"),
    ("closeblock", "%}"),
    ("openvariable", "{{"),
    ("closevariable", "}}"),
    ("openbrace", "{"),
    ("closebrace", "}"),
    ("opencomment", "{#"),
    ("closecomment", "#}"),
];

impl<'a> Parser<'a> {
    /// Reads a tag and, if it is a block, all of it. `None` if it writes
    /// nothing or has a fault.
    pub(super) fn tag(&mut self, tag: Part<'a>) -> Option<Node> {
        let pieces = tag.split();
        let arguments = pieces.get(1..).unwrap_or_default();
        match command(tag) {
            "" => {
                self.fault(Fault::syntax(tag, "there is nothing between `{%` and `%}`"));
                None
            }
            "autoescape" => Some(self.autoescape(tag, arguments)),
            "comment" => {
                self.skip_past(tag, "endcomment");
                None
            }
            "cycle" => self.cycle(tag, arguments),
            // Django's writes nothing but in its own debug mode.
            "debug" => None,
            "filter" => self.filter(tag),
            "firstof" => self.first_of(tag, arguments),
            "for" => self.for_loop(tag, arguments),
            "if" => Some(self.if_block(tag, arguments)),
            "ifchanged" => self.if_changed(tag, arguments),
            "load" => self.load(arguments),
            "localize" | "localtime" => self.localized(tag, arguments),
            "lorem" if cfg!(feature = "web") => self.lorem(tag, arguments),
            "now" => self.now(tag, arguments),
            "regroup" => self.regroup(tag, arguments),
            "resetcycle" => self.reset_cycle(tag, arguments),
            "spaceless" => {
                let number = self.number();
                let (body, _) = self.body(tag, &["endspaceless"]);
                Some(Node::Spaceless { number, body })
            }
            "templatetag" => self.template_tag(tag, arguments),
            "verbatim" => {
                let (mut body, _) = self.body(tag, &["endverbatim"]);
                body.pop()
            }
            "widthratio" => self.width_ratio(tag, arguments),
            "with" => self.with(tag, arguments),
            name => self.unknown(tag, name),
        }
    }

    fn unknown(&mut self, tag: Part<'a>, name: &'a str) -> Option<Node> {
        let part = tag.slice(0, name.len());
        if let Some(fault) = foreign::refused(name, part) {
            self.unknown_tag(name, fault);
            return None;
        }
        let fault = Fault::new(
            "template_unknown_tag",
            part,
            format!("there is no tag `{name}`"),
        );
        let fault = match self.help_for_unknown(tag, name) {
            Some(help) => fault.help(help),
            None => fault,
        };
        self.unknown_tag(name, fault);
        None
    }

    fn help_for_unknown(&self, tag: Part<'a>, name: &str) -> Option<String> {
        if let Some(help) = foreign::habit(tag) {
            return Some(help);
        }
        let awaited = self.awaited();
        let ends = awaited.map_or(&[][..], |(ends, _)| ends);
        if let Some(help) = suggest::near(name, KNOWN.iter().chain(ends).copied()) {
            return Some(help);
        }
        match awaited {
            Some((ends, opening)) => {
                let ends = ends.join("` or `");
                Some(format!("`{opening}` is open here and waits for `{ends}`"))
            }
            None if name.starts_with("end") || matches!(name, "else" | "elif" | "empty") => {
                Some("no block is open here".into())
            }
            None => None,
        }
    }

    pub(super) fn misused(&mut self, tag: Part<'_>, message: &str) -> Option<Node> {
        self.fault(Fault::new("template_tag_arguments", tag, message));
        None
    }

    /// Takes ` as name` off the end of a tag's arguments.
    fn target<'b>(&mut self, arguments: &'b [Part<'a>]) -> (&'b [Part<'a>], Target) {
        match arguments {
            [rest @ .., word, name] if word.text == "as" => {
                self.bind(name.text);
                (rest, Target::Variable(name.text.to_owned()))
            }
            _ => (arguments, Target::Output),
        }
    }

    fn first_of(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        if arguments.is_empty() {
            return self.misused(tag, "`firstof` needs at least one value");
        }
        let (values, target) = self.target(arguments);
        let values = self.expressions(values)?;
        Some(Node::FirstOf { values, target })
    }

    fn cycle(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        if let [name] = arguments {
            return self.repeated_cycle(*name);
        }
        let (values, name, silent) = match arguments {
            [] => return self.misused(tag, "`cycle` needs values"),
            [values @ .., word, name, silent] if word.text == "as" && !values.is_empty() => {
                if silent.text != "silent" {
                    return self.misused(*silent, "only `silent` may follow the name of a cycle");
                }
                (values, Some(*name), true)
            }
            [values @ .., word, name] if word.text == "as" && values.len() > 1 => {
                (values, Some(*name), false)
            }
            values => (values, None, false),
        };
        let number = self.number();
        let values = self.expressions(values)?;
        let name = name.map(|name| name.text.to_owned());
        let node = Node::Cycle {
            number,
            values,
            name: name.clone(),
            silent,
        };
        self.last_cycle = Some(number);
        if let Some(name) = name {
            self.bind(&name);
            let node = node.clone();
            self.named_cycles.insert(name, NamedCycle { number, node });
        }
        Some(node)
    }

    /// `{% cycle name %}`: what the cycle of this name above gives next.
    fn repeated_cycle(&mut self, name: Part<'a>) -> Option<Node> {
        let Some(NamedCycle { node, .. }) = self.named_cycles.get(name.text) else {
            let message = format!("there is no cycle named `{}` above", name.text);
            return self.misused(name, &message);
        };
        if let Node::Cycle { values, .. } = node {
            self.repeated_values += values.len();
        }
        if self.repeated_values <= MOST_REPEATED {
            return Some(node.clone());
        }
        let message = "the values of cycles are repeated too often";
        self.fault(Fault::new("template_too_complex", name, message));
        None
    }

    fn reset_cycle(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let number = match arguments {
            [] => self.last_cycle,
            [name] => self.named_cycles.get(name.text).map(|cycle| cycle.number),
            _ => return self.misused(tag, "`resetcycle` takes one name at most"),
        };
        match number {
            Some(number) => Some(Node::ResetCycle { number }),
            None => self.misused(tag, "there is no such cycle above"),
        }
    }

    fn regroup(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let [sequence, by, key, word, name] = arguments else {
            return self.misused(
                tag,
                "`regroup` is written `regroup list by attribute as name`",
            );
        };
        if by.text != "by" || word.text != "as" {
            return self.misused(
                tag,
                "`regroup` is written `regroup list by attribute as name`",
            );
        }
        let sequence = self.expression(*sequence);
        self.bind(name.text);
        let text = format!("{}.{}", name.text, key.text);
        let offset = key.offset.saturating_sub(name.text.len() + 1);
        let key = self.expression(Part {
            text: &text,
            offset,
        });
        let number = self.number();
        Some(Node::Regroup {
            number,
            sequence: sequence?,
            key: key?,
            name: name.text.to_owned(),
        })
    }

    fn template_tag(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let text = match arguments {
            [name] => BRACES.iter().find(|(known, _)| *known == name.text),
            _ => None,
        };
        if let Some((_, text)) = text {
            return Some(Node::Text((*text).to_owned()));
        }
        let names: Vec<_> = BRACES.iter().map(|(name, _)| *name).collect();
        self.misused(
            tag,
            &format!("`templatetag` takes one of {}", names.join(", ")),
        )
    }

    fn width_ratio(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (values, target) = match arguments.len() {
            5 => self.target(arguments),
            _ => (arguments, Target::Output),
        };
        let [value, maximum, width] = values else {
            return self.misused(tag, "`widthratio` takes a value, its maximum and a width");
        };
        let (value, maximum, width) = (
            self.expression(*value),
            self.expression(*maximum),
            self.expression(*width),
        );
        Some(Node::WidthRatio {
            value: value?,
            maximum: maximum?,
            width: width?,
            target,
        })
    }

    fn now(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (arguments, target) = match arguments.len() {
            3 => self.target(arguments),
            _ => (arguments, Target::Output),
        };
        let [format] = arguments else {
            return self.misused(tag, "`now` takes a format");
        };
        let mut format = format.text.chars();
        format.next();
        format.next_back();
        let format = format.as_str().to_owned();
        Some(Node::Now { format, target })
    }

    fn lorem(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (common, arguments) = match arguments {
            [rest @ .., last] if last.text == "random" => (false, rest),
            _ => (true, arguments),
        };
        let (method, arguments) = match arguments {
            [rest @ .., last] if matches!(last.text, "w" | "p" | "b") => {
                (last.text.chars().next().unwrap_or('b'), rest)
            }
            _ => ('b', arguments),
        };
        let count = match arguments {
            [] => self.expression(Part {
                text: "1",
                offset: tag.offset,
            }),
            [count] => self.expression(*count),
            _ => {
                return self.misused(
                    tag,
                    "`lorem` takes a count, then `w`, `p` or `b`, then `random`",
                );
            }
        };
        Some(Node::Lorem {
            count: count?,
            method,
            common,
        })
    }
}
