//! Templates: compiled once, rendered often.

use std::{borrow::Cow, io};

use minijinja::{Environment, Value};

use super::{
    ast::Node,
    context::{Context, Variable},
    emit,
    error::{RenderError, Span, TemplateError},
    json_text::{Doubt, Doubts, Position},
    limits::Limits,
    meter::Meter,
    output, parser,
    plain::{self, Piece},
    runtime::{self, Root},
};

/// How a template is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether output is escaped for HTML, as Django's engine does by default.
    pub autoescape: bool,
    /// Whether it is only rendered: [`Templates::evaluate`] then gives no value where a
    /// filter or tag has to run for it. Spares the memory that the value's own code takes.
    pub is_text_only: bool,
}

/// A template, compiled; it belongs to the [`Templates`] that compiled it.
#[derive(Clone, Debug)]
pub struct Template {
    body: Body,
    escape: bool,
    /// The name of a template that sets `value`, if this one is an expression.
    value: Option<Box<str>>,
    variables: Box<[Variable]>,
}

#[derive(Clone, Debug)]
enum Body {
    Static(Box<str>),
    Plain(Box<[Piece]>),
    Machine(Box<str>),
}

impl Template {
    /// Its text, if it is text alone.
    pub fn is_static(&self) -> Option<&str> {
        match &self.body {
            Body::Static(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it renders without minijinja's machine.
    #[cfg(test)]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.body, Body::Plain(_))
    }

    /// A value as the template would write it.
    pub fn text_of<'a>(&self, value: &'a Value) -> Cow<'a, str> {
        output::rendered(value, self.escape)
    }

    /// The variables it reads, in order; those its own tags bind are not
    /// among them. They are taken out: rendering does not need them.
    pub fn take_variables(&mut self) -> Box<[Variable]> {
        std::mem::take(&mut self.variables)
    }
}

/// A condition, compiled; it belongs to the [`Templates`] that compiled it.
#[derive(Clone, Debug)]
pub struct Condition {
    name: Box<str>,
    variables: Box<[Variable]>,
}

impl Condition {
    /// The variables it reads, in order; taken out, as for a template.
    pub fn take_variables(&mut self) -> Box<[Variable]> {
        std::mem::take(&mut self.variables)
    }
}

/// The templates of a set of triggers.
///
/// ```
/// use action_triggers_django::{Context, Options, Templates, json};
///
/// let mut templates = Templates::new(Default::default());
/// let template = templates.compile("Hello {{ name|title }}!", Options::default()).unwrap();
/// let variables = json::parse(r#"{"name": "ada"}"#).unwrap();
/// let mut out = String::new();
/// templates.render(&template, &Context { variables, now: None }, &mut out).unwrap();
/// assert_eq!(out, "Hello Ada!");
/// ```
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    limits: Limits,
    meter: Meter,
    count: usize,
}

impl Templates {
    /// Makes an empty set.
    pub fn new(limits: Limits) -> Self {
        let meter = Meter::default();
        Self {
            environment: runtime::environment(limits, &meter),
            meter,
            limits,
            count: 0,
        }
    }

    /// From now on all renders share one allowance: the limits, and of their fuel
    /// no more than this. Without it each render has the limits for itself.
    pub fn share_allowance(&self, fuel: u64) {
        self.meter.share(Limits {
            fuel: fuel.min(self.limits.fuel),
            output_bytes: self.limits.output_bytes,
        });
    }

    /// Ends what [`Self::share_allowance`] began. The fuel that is left of it.
    pub fn end_allowance(&self) -> u64 {
        self.meter.end()
    }

    /// Compiles a template.
    ///
    /// # Errors
    ///
    /// Every fault of the source, in order.
    pub fn compile(
        &mut self,
        source: &str,
        options: Options,
    ) -> Result<Template, Vec<TemplateError>> {
        let parsed = parser::parse(source)?;
        self.finish(source, parsed, options, false)
    }

    /// Compiles a template that may be JSON text, for [`Self::render_json_text`], and says
    /// what in it is hardly meant.
    ///
    /// # Errors
    ///
    /// Every fault of the source, in order.
    pub fn compile_json_text(
        &mut self,
        source: &str,
        options: Options,
    ) -> Result<(Template, Vec<Doubt>), Vec<TemplateError>> {
        let parsed = parser::parse(source)?;
        let doubts = Doubts::of(source, &parsed.nodes);
        let template = self.finish(source, parsed, options, true)?;
        Ok((template, doubts))
    }

    fn finish(
        &mut self,
        source: &str,
        parsed: parser::Parsed,
        options: Options,
        is_json_text: bool,
    ) -> Result<Template, Vec<TemplateError>> {
        let parser::Parsed {
            nodes,
            variables,
            cycles,
        } = parsed;
        let body = if let Some(text) = text_of(&nodes) {
            Body::Static(text.into())
        } else if let Some(pieces) = plain::pieces(&nodes) {
            Body::Plain(pieces.into())
        } else {
            let emitted = emit::template(&nodes, cycles, is_json_text);
            Body::Machine(self.add(source, emitted, options)?)
        };
        let value = match (nodes.as_slice(), &body) {
            ([Node::Output(expression, _)], Body::Machine(_)) if !options.is_text_only => {
                Some(self.add(source, emit::value(expression), options)?)
            }
            _ => None,
        };
        Ok(Template {
            body,
            escape: options.autoescape,
            value,
            variables: variables.into(),
        })
    }

    /// Compiles what could stand in `{% if … %}`.
    ///
    /// # Errors
    ///
    /// Every fault of the source, in order.
    pub fn compile_condition(&mut self, source: &str) -> Result<Condition, Vec<TemplateError>> {
        let (condition, variables) = parser::parse_condition(source)?;
        let name = self.add(source, emit::condition(&condition), Options::default())?;
        Ok(Condition {
            name,
            variables: variables.into(),
        })
    }

    fn add(
        &mut self,
        source: &str,
        emitted: String,
        options: Options,
    ) -> Result<Box<str>, Vec<TemplateError>> {
        self.count += 1;
        let ending = if options.autoescape {
            runtime::ESCAPED
        } else {
            ""
        };
        let name = format!("{}{ending}", self.count);
        match self.environment.add_template_owned(name.clone(), emitted) {
            Ok(()) => Ok(name.into()),
            Err(error) => Err(vec![TemplateError {
                code: "template_too_complex",
                message: format!("the template is too complex: {error}"),
                help: None,
                span: Span::of(source, 0, source.len()),
            }]),
        }
    }

    /// Renders a template at the end of `out`, which stays as it was if that
    /// fails.
    ///
    /// # Errors
    ///
    /// A filter or tag failed where Django's does, or a limit is reached.
    pub fn render(
        &self,
        template: &Template,
        context: &Context,
        out: &mut String,
    ) -> Result<(), RenderError> {
        self.render_from(Position::Text, template, context, out)
            .map(drop)
    }

    /// Renders a template at the end of `out`, as [`Self::render`] does; if it is JSON text, so
    /// that no value changes its shape. Whether it is.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`].
    pub fn render_json_text(
        &self,
        template: &Template,
        context: &Context,
        out: &mut String,
    ) -> Result<bool, RenderError> {
        let end = self.render_from(Position::Start, template, context, out)?;
        Ok(end.is_json())
    }

    fn render_from(
        &self,
        mut position: Position,
        template: &Template,
        context: &Context,
        out: &mut String,
    ) -> Result<Position, RenderError> {
        self.meter.begin(self.limits);
        match &template.body {
            Body::Static(text) => {
                out.push_str(text);
                self.charge_output(text.len())?;
                Ok(position)
            }
            Body::Plain(pieces) => {
                let escape = template.escape;
                let bounds = (self.limits, &self.meter);
                plain::render(pieces, context, escape, bounds, &mut position, out)?;
                Ok(position)
            }
            Body::Machine(name) => {
                let captured = self.run(name, context, position, out)?;
                Ok(runtime::position(captured.state()))
            }
        }
    }

    /// The value of a template that is exactly one `{{ expression }}`; `None`
    /// if it is anything else. A missing variable is `''`.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`].
    pub fn evaluate(
        &self,
        template: &Template,
        context: &Context,
    ) -> Result<Option<Value>, RenderError> {
        if let Body::Plain(pieces) = &template.body
            && let [Piece::Variable(path)] = &**pieces
        {
            let value = plain::value(context, path);
            return Ok(Some(if value.is_undefined() {
                Value::from("")
            } else {
                value
            }));
        }
        let Some(name) = &template.value else {
            return Ok(None);
        };
        let captured = self.run(name, context, Position::Text, &mut String::new())?;
        Ok(captured.state().lookup("value"))
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`].
    pub fn test(&self, condition: &Condition, context: &Context) -> Result<bool, RenderError> {
        let mut out = String::new();
        self.run(&condition.name, context, Position::Text, &mut out)?;
        Ok(!out.is_empty())
    }

    fn run(
        &self,
        name: &str,
        context: &Context,
        position: Position,
        out: &mut String,
    ) -> Result<minijinja::Captured<'_>, RenderError> {
        let start = out.len();
        self.meter.begin(self.limits);
        let result = self.environment.get_template(name).and_then(|template| {
            let root = Value::from_object(Root::new(context, position));
            let left = self.limits.output_bytes;
            template.render_captured_to(root, Bounded { out, left })
        });
        let error = match result {
            Ok(captured) => match self.charge(captured.state().fuel_levels(), out.len() - start) {
                Ok(()) => return Ok(captured),
                Err(error) => error,
            },
            Err(error) => {
                self.charge_failure(&error);
                RenderError::from_machine(&error, self.limits)
            }
        };
        out.truncate(start);
        Err(error)
    }

    /// Charges what a render has used; the machine has counted its steps.
    fn charge(&self, fuel: Option<(u64, u64)>, written: usize) -> Result<(), RenderError> {
        let (used, _) = fuel.unwrap_or_default();
        if !self.meter.step(used) {
            return Err(RenderError::OutOfFuel(self.limits.fuel));
        }
        self.charge_output(written)
    }

    fn charge_output(&self, written: usize) -> Result<(), RenderError> {
        if !self.meter.write(written) {
            return Err(RenderError::OutputTooLarge(self.limits.output_bytes));
        }
        if !self.meter.make(written) {
            return Err(RenderError::OutOfFuel(self.limits.fuel));
        }
        Ok(())
    }

    /// Charges a render that failed. The machine does not tell how many steps it
    /// took, so it pays a share of what it might have.
    fn charge_failure(&self, error: &minijinja::Error) {
        let is_enough = error.kind() != minijinja::ErrorKind::OutOfFuel
            && self.meter.step(1 + self.limits.fuel / FAILURES);
        if !is_enough {
            self.meter.empty();
        }
    }
}

/// So many failed renders use up all the fuel of an allowance.
const FAILURES: u64 = 100;

/// The text of a template that is nothing else.
fn text_of(nodes: &[Node]) -> Option<String> {
    nodes
        .iter()
        .map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Takes so many bytes and no more.
struct Bounded<'a> {
    out: &'a mut String,
    left: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::WriteZero)?;
        self.out
            .push_str(str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
