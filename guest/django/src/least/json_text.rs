//! The least that a string payload is published as: compact if it is JSON, else as it is.
//!
//! Static text that begins a JSON object, list or string has a shape that no value changes,
//! so it is read as JSON of which the values are missing. Of the branches of a tag each is
//! read, and the least of them counts.

use std::rc::Rc;

use super::{
    branches::{State, Text, joined},
    frame::Frame,
    grammar::States,
    members::Name,
    plain, scalar,
};
use crate::{
    ast::{Node, Target},
    json_text::Position,
};

/// What a payload comes to at least, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// It is never JSON.
    Text(usize),
    /// It may be JSON.
    Either(usize),
}

/// The least of a string payload, and how often it is written to find out what it is.
pub(crate) fn payload(nodes: &[Node]) -> (Least, u32) {
    let plain = plain::bytes(nodes);
    let mut reader = Reader::default();
    if reader.nodes(nodes).is_none() {
        // What is not empty may be a number of one digit.
        return (Least::Either(plain.min(1)), 1);
    }
    let least = reader.least(nodes, plain);
    let is_written_twice = matches!(least, Least::Text(_)) && reader.position.is_json();
    (least, if is_written_twice { 2 } else { 1 })
}

/// The least of what is no JSON text: it may be a number, or a value may make JSON of it.
fn prose(nodes: &[Node], plain: usize) -> Least {
    let first = edge(nodes.iter(), |text| text.trim_start().chars().next());
    let last = edge(nodes.iter().rev(), |text| text.trim_end().chars().last());
    let begins = first.is_none_or(|first| "-0123456789tfn".contains(first));
    let ends = last.is_none_or(|last| "}]\"0123456789el".contains(last));
    match first {
        _ if !begins || !ends => Least::Text(plain),
        Some(_) if !scalar::may_be(nodes) => Least::Text(plain),
        Some(_) => Least::Either(plain::solid(nodes)),
        None => Least::Either(plain.min(1)),
    }
}

/// The first character that stands at an edge; none where a tag does.
fn edge<'a>(
    nodes: impl Iterator<Item = &'a Node>,
    first: impl Fn(&str) -> Option<char>,
) -> Option<char> {
    for node in nodes {
        let Node::Text(text) = node else { return None };
        if let Some(first) = first(text) {
            return Some(first);
        }
    }
    None
}

#[derive(Debug)]
struct Reader {
    position: Position,
    /// The outermost is the whole text.
    frames: Vec<Frame>,
    text: Text,
    /// How many strings have ended.
    strings: usize,
    /// So many frames were open where a branch began. It must not close them.
    fork: usize,
    /// So many were open where a loop began.
    round: usize,
    /// Whether it is no JSON, whatever the values.
    is_broken: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            position: Position::Start,
            frames: vec![Frame::whole()],
            text: Text::default(),
            strings: 0,
            fork: 1,
            round: 0,
            is_broken: false,
        }
    }
}

/// None where nothing can be said.
impl Reader {
    /// The least of the nodes that were read, which are as long as this as plain text.
    fn least(&self, nodes: &[Node], plain: usize) -> Least {
        match self.position {
            Position::Text => prose(nodes, plain),
            Position::Outside => match self.json() {
                Some(json) => Least::Either(plain.min(json)),
                None => Least::Text(plain),
            },
            Position::Start | Position::Inside | Position::Escaping => Least::Text(plain),
        }
    }

    /// The least bytes of the JSON; none where it is none.
    fn json(&self) -> Option<usize> {
        match self.frames.as_slice() {
            [whole] if !self.is_broken && whole.states.is_ended() => Some(whole.part.bytes),
            _ => None,
        }
    }

    fn nodes(&mut self, nodes: &[Node]) -> Option<()> {
        nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Text(text) => return self.static_text(text),
            Node::Output(expression, _) => self.value(plain::expression(expression)),
            Node::If {
                branches,
                otherwise,
            } => {
                let bodies = branches.iter().map(|(_, body)| (body.as_slice(), false));
                return self.branches(bodies.chain([(otherwise.as_slice(), false)]));
            }
            Node::IfChanged {
                body, otherwise, ..
            } => return self.branches([(body.as_slice(), false), (otherwise.as_slice(), false)]),
            Node::For { body, empty, .. } => {
                let outer = std::mem::replace(&mut self.round, self.frames.len());
                self.branches([(body.as_slice(), true), (empty.as_slice(), false)])?;
                self.round = outer;
            }
            Node::With { body, .. } | Node::Autoescape { body, .. } => return self.nodes(body),
            Node::Filter { body, .. } | Node::Spaceless { body, .. } => return self.filtered(body),
            Node::FirstOf { target, .. }
            | Node::WidthRatio { target, .. }
            | Node::Now { target, .. } => {
                if matches!(target, Target::Output) {
                    self.value(0);
                }
            }
            Node::Cycle { silent: false, .. } | Node::Lorem { .. } => self.value(0),
            Node::Cycle { .. } | Node::ResetCycle { .. } | Node::Regroup { .. } => {}
        }
        Some(())
    }

    fn top(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    /// What an event gives.
    fn value(&mut self, bytes: usize) {
        match self.position {
            Position::Start | Position::Text => self.position = Position::Text,
            Position::Outside => {
                self.go(|states, _| states.behind_value(bytes == 0));
                self.add(bytes);
            }
            Position::Inside | Position::Escaping => {
                self.position = Position::Inside;
                self.text.is_made = true;
                self.text.bytes = self.text.bytes.saturating_add(bytes);
            }
        }
    }

    fn add(&mut self, bytes: usize) {
        if let Some(top) = self.top() {
            top.part.bytes = top.part.bytes.saturating_add(bytes);
        }
    }

    fn static_text(&mut self, text: &str) -> Option<()> {
        for (start, character) in text.char_indices() {
            if self.position == Position::Text {
                break;
            }
            let before = self.position;
            let end = start + character.len_utf8();
            self.position.pass(text.get(start..end).unwrap_or_default());
            match (before, self.position) {
                (_, Position::Start | Position::Text) => {}
                (Position::Start | Position::Outside, Position::Outside) => {
                    self.token(character)?;
                }
                (Position::Start | Position::Outside, _) => self.text = Text::default(),
                (_, Position::Outside) => self.end_of_string(),
                (before, _) => self.in_string(before, character),
            }
        }
        Some(())
    }

    fn in_string(&mut self, before: Position, character: char) {
        let is_escape = before == Position::Escaping;
        self.is_broken |= character < ' ' || is_escape && !"\"\\/bfnrtu".contains(character);
        self.text.bytes += character.len_utf8();
        let is_name = self
            .top()
            .is_some_and(|top| top.is_object && top.part.name.is_none());
        if is_name && !self.text.is_made {
            self.text.raw.push(character);
        }
    }

    fn end_of_string(&mut self) {
        self.strings += 1;
        let text = std::mem::take(&mut self.text);
        let bytes = text.bytes.saturating_add("\"\"".len());
        self.go(|states, _| states.behind_string());
        let Some(top) = self.frames.last_mut() else {
            return;
        };
        if !top.is_object || top.part.name.is_some() {
            return self.add(bytes);
        }
        let written = format!("\"{}\"", text.raw);
        let name = serde_json::from_str::<String>(&written).ok();
        let name = name.filter(|_| !text.is_made).map(Rc::from);
        top.part.string = Some(Name { text: name, bytes });
    }

    /// A character outside of strings.
    fn token(&mut self, character: char) -> Option<()> {
        if self.is_broken {
            return Some(());
        }
        match character {
            '{' | '[' => {
                self.go(|states, _| states.behind_container());
                self.frames.push(Frame::begun(character == '{'));
            }
            '}' | ']' => return self.close(character == '}'),
            ',' => self.end_part(),
            ':' => {
                self.go(|states, _| states.behind_colon());
                if let Some(top) = self.top() {
                    top.take_name();
                }
            }
            _ => {
                self.go(|states, _| states.behind(character));
                let is_solid = !character.is_ascii_whitespace();
                self.add(if is_solid { character.len_utf8() } else { 0 });
            }
        }
        Some(())
    }

    /// Goes on outside of strings, by what that makes of the states of a list or an object.
    fn go(&mut self, step: impl Fn(States, bool) -> States) {
        if let Some(top) = self.top() {
            top.states = step(top.states, top.is_object);
            self.is_broken |= top.states.is_none();
        }
    }

    fn close(&mut self, is_object: bool) -> Option<()> {
        if self.frames.len() <= self.fork {
            // Only the whole text has nothing to close.
            self.is_broken = self.frames.len() == 1;
            return self.is_broken.then_some(());
        }
        let is_repeated = self.frames.len() <= self.round;
        let frame = self.frames.pop()?;
        self.is_broken |= frame.is_object != is_object || !frame.states.may_close();
        self.add(frame.bytes(is_repeated));
        Some(())
    }

    /// A comma: the whole text has none.
    fn end_part(&mut self) {
        let (depth, is_repeated) = (self.frames.len(), self.frames.len() <= self.round);
        self.go(States::behind_comma);
        self.is_broken |= depth == 1;
        if let Some(top) = self.top() {
            top.end_of_part(is_repeated);
            top.part.is_due = true;
        }
    }
}

/// Branches.
impl Reader {
    fn state(&self) -> Option<State> {
        let top = self.frames.last()?;
        Some(State {
            position: self.position,
            text: self.text.clone(),
            part: top.part.clone(),
            items: top.items,
            states: top.states,
            is_broken: self.is_broken,
        })
    }

    fn set(&mut self, state: State) {
        self.position = state.position;
        self.text = state.text;
        self.is_broken = state.is_broken;
        if let Some(top) = self.top() {
            top.part = state.part;
            top.items = state.items;
            top.states = state.states;
        }
    }

    /// A name of which a branch has a part is made by the event.
    fn make(&mut self) {
        if matches!(self.position, Position::Inside | Position::Escaping) {
            self.text.is_made = true;
            self.text.raw.clear();
        }
    }

    /// Reads the branches of a tag, of each whether it may come again behind itself.
    fn branches<'a>(&mut self, bodies: impl IntoIterator<Item = (&'a [Node], bool)>) -> Option<()> {
        self.make();
        let start = self.state()?;
        let depth = self.frames.len();
        let known = self.top()?.entries.len();
        let fork = std::mem::replace(&mut self.fork, depth);
        let mut ends = Vec::new();
        for (body, is_repeated) in bodies {
            self.set(start.clone());
            if is_repeated {
                self.go(|_, is_object| States::anywhere(is_object));
            }
            self.nodes(body)?;
            let end = self.state()?;
            if end.is_broken {
                self.frames.truncate(depth);
            }
            if self.frames.len() != depth {
                return None;
            }
            let own = self.top()?.entries.split_off(known);
            ends.push((end, own));
        }
        self.fork = fork;
        // What is no JSON is text, and longer.
        ends.retain(|(end, _)| !end.is_broken);
        if ends.is_empty() {
            self.is_broken = true;
            return Some(());
        }
        let is_repeated = depth <= self.round;
        let (state, entries) = joined(ends, is_repeated)?;
        self.set(state);
        self.top()?.entries.extend(entries);
        Some(())
    }

    /// What a filter makes of its body; only within one string is it known where that ends.
    fn filtered(&mut self, body: &[Node]) -> Option<()> {
        if self.position == Position::Text {
            return Some(());
        }
        self.make();
        let start = self.state()?;
        let (strings, depth) = (self.strings, self.frames.len());
        self.nodes(body)?;
        let is_inside = start.position == Position::Inside && self.position == Position::Inside;
        let stays = self.strings == strings && self.frames.len() == depth;
        self.set(start);
        (is_inside && stays).then_some(())
    }
}
