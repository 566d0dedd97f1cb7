//! Templates: compiled once, rendered often.

use std::borrow::Cow;

use minijinja::{State, Value};

use super::{
    ast::Node,
    context::{Context, Variable},
    direct::{self, Piece, Scope},
    emit,
    error::{RenderError, Span, TemplateError},
    fated::{self, Constancy, Fated},
    json_text::{Doubt, Doubts, Position, Rendered},
    least::{self, Cost, Least},
    limits::Limits,
    machine::{Bounded, Machine, Program},
    meter::Meter,
    output, parser,
    runtime::{self, Bounds, Root},
};

/// How a template is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether output is escaped for HTML, as Django's engine does by default.
    pub autoescape: bool,
}

/// A template, compiled; it belongs to the [`Templates`] that compiled it.
#[derive(Clone, Debug)]
pub struct Template {
    body: Body,
    escape: bool,
    cost: Cost,
    /// The least steps of the value, where it is one expression.
    value_steps: u64,
    variables: Box<[Variable]>,
    fated: Box<[Fated]>,
    constancy: Constancy,
    /// Whether its pieces are JSON text of which every value stands inside of a string.
    is_shaped: bool,
}

#[derive(Clone, Debug)]
enum Body {
    Static(Box<str>),
    Direct(Box<[Piece]>),
    Machine(Box<Program>),
}

impl Template {
    /// Its text, if it is text alone.
    pub fn is_static(&self) -> Option<&str> {
        match &self.body {
            Body::Static(text) => Some(text),
            _ => None,
        }
    }

    /// How far it is the same for every event.
    pub fn constancy(&self) -> Constancy {
        self.constancy
    }

    /// The least that it writes, in bytes, whatever its variables are.
    pub fn least_bytes(&self) -> usize {
        self.cost.bytes
    }

    /// What rendering it takes at least.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// What it takes at least to ask for its value, where it is one expression, or else to render
    /// it.
    pub fn cost_of_value(&self) -> Cost {
        if !self.is_expression() {
            return self.cost;
        }
        Cost {
            bytes: 0,
            steps: self.value_steps,
        }
    }

    /// Whether it is exactly one `{{ expression }}`.
    pub fn is_expression(&self) -> bool {
        match &self.body {
            Body::Direct(pieces) => matches!(&**pieces, [piece] if piece.is_expression()),
            Body::Static(_) | Body::Machine(_) => false,
        }
    }

    /// Whether it renders without minijinja's machine.
    #[cfg(test)]
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.body, Body::Direct(_))
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

    /// What fails in it for every event; taken out, too.
    pub fn take_fated(&mut self) -> Box<[Fated]> {
        std::mem::take(&mut self.fated)
    }
}

/// A template that may be JSON text, compiled.
#[derive(Clone, Debug)]
pub struct JsonText {
    /// The template.
    pub template: Template,
    /// What in it is hardly meant.
    pub doubts: Vec<Doubt>,
    /// What it comes to at least, without the white space that JSON does not need.
    pub least: Least,
    /// What it takes at least to render it and to find out what it is.
    pub cost: Cost,
}

/// A condition, compiled; it belongs to the [`Templates`] that compiled it.
#[derive(Clone, Debug)]
pub struct Condition {
    test: direct::Condition,
    variables: Box<[Variable]>,
    fated: Option<String>,
    constancy: Constancy,
    least_steps: u64,
}

impl Condition {
    /// The least steps that testing it takes.
    pub fn least_steps(&self) -> u64 {
        self.least_steps
    }

    /// The variables it reads, in order; taken out, as for a template.
    pub fn take_variables(&mut self) -> Box<[Variable]> {
        std::mem::take(&mut self.variables)
    }

    /// How far it is the same for every event.
    pub fn constancy(&self) -> Constancy {
        self.constancy
    }

    /// Why it fails for every event; taken out, too.
    pub fn take_fated(&mut self) -> Option<String> {
        self.fated.take()
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
/// templates.render(&template, &Context { variables, ..Default::default() }, &mut out).unwrap();
/// assert_eq!(out, "Hello Ada!");
/// ```
#[derive(Debug)]
pub struct Templates {
    machine: Machine,
    bounds: Bounds,
}

impl Templates {
    /// Makes an empty set.
    pub fn new(limits: Limits) -> Self {
        let meter = Meter::default();
        let bounds = Bounds { limits, meter };
        Self {
            machine: Machine::new(&bounds),
            bounds,
        }
    }

    /// What bounds each render.
    pub fn limits(&self) -> Limits {
        self.bounds.limits
    }

    /// From now on all renders share one allowance: the limits, and of their fuel
    /// no more than this. Without it each render has the limits for itself.
    pub fn share_allowance(&self, fuel: u64) {
        let Limits {
            fuel: most,
            output_bytes,
        } = self.bounds.limits;
        self.bounds.meter.share(Limits {
            fuel: fuel.min(most),
            output_bytes,
        });
    }

    /// Ends what [`Self::share_allowance`] began. The fuel that is left of it.
    pub fn end_allowance(&self) -> u64 {
        self.bounds.meter.end()
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

    /// Compiles a template that may be JSON text, for [`Self::render_json_text`].
    ///
    /// # Errors
    ///
    /// Every fault of the source, in order.
    pub fn compile_json_text(
        &mut self,
        source: &str,
        options: Options,
    ) -> Result<JsonText, Vec<TemplateError>> {
        let parsed = parser::parse(source)?;
        let doubts = Doubts::of(source, &parsed.nodes);
        let (least, times) = least::payload(&parsed.nodes);
        let template = self.finish(source, parsed, options, true)?;
        Ok(JsonText {
            doubts,
            least,
            cost: template.cost.times(times),
            template,
        })
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
        let fated = fated::in_nodes(&nodes).into();
        let least_bytes = least::bytes(&nodes);
        if least_bytes > self.bounds.limits.output_bytes {
            return Err(vec![self.too_large(source, least_bytes)]);
        }
        let mut is_shaped = false;
        let body = if let Some(text) = Node::text_of(&nodes) {
            Body::Static(text.into())
        } else if let Some(pieces) = direct::pieces(&nodes) {
            let shaped = is_json_text.then(|| direct::shaped(&pieces)).flatten();
            is_shaped = shaped.is_some();
            Body::Direct(shaped.unwrap_or(pieces))
        } else {
            let emitted = emit::template(&nodes, cycles, is_json_text);
            let program = self.machine.program(emitted, options.autoescape);
            Body::Machine(Box::new(program.map_err(|error| {
                vec![TemplateError {
                    code: "template_too_complex",
                    message: format!("the template is too complex: {error}"),
                    help: None,
                    span: Span::of(source, 0, source.len()),
                }]
            })?))
        };
        let steps = match &body {
            Body::Static(_) => 0,
            Body::Direct(_) => least::steps(&nodes),
            Body::Machine(program) => program.steps(),
        };
        Ok(Template {
            body,
            escape: options.autoescape,
            cost: Cost::of_writing(least_bytes, steps),
            value_steps: least::value_steps(&nodes),
            constancy: Constancy::of_nodes(&nodes, &variables),
            variables: variables.into(),
            fated,
            is_shaped,
        })
    }

    fn too_large(&self, source: &str, least_bytes: usize) -> TemplateError {
        let error = RenderError::OutputTooLarge(self.bounds.limits.output_bytes);
        TemplateError {
            code: error.code(),
            message: format!("for any event, it writes {least_bytes} bytes or more: {error}"),
            help: None,
            span: Span::of(source, 0, source.len()),
        }
    }

    /// Compiles what could stand in `{% if … %}`.
    ///
    /// # Errors
    ///
    /// Every fault of the source, in order.
    pub fn compile_condition(&self, source: &str) -> Result<Condition, Vec<TemplateError>> {
        let (condition, variables) = parser::parse_condition(source)?;
        Ok(Condition {
            test: direct::Condition::of(&condition),
            constancy: Constancy::of_condition(&condition, &variables),
            least_steps: least::condition(&condition),
            variables: variables.into(),
            fated: fated::in_condition(&condition),
        })
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
    /// that no value changes its shape.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`].
    pub fn render_json_text(
        &self,
        template: &Template,
        context: &Context,
        out: &mut String,
    ) -> Result<Rendered, RenderError> {
        let end = self.render_from(Position::Start, template, context, out)?;
        Ok(match end {
            _ if template.is_shaped => Rendered::CompactJson,
            end if end.is_json() => Rendered::JsonText,
            _ => Rendered::Text,
        })
    }

    fn render_from(
        &self,
        mut position: Position,
        template: &Template,
        context: &Context,
        out: &mut String,
    ) -> Result<Position, RenderError> {
        self.begin();
        match &template.body {
            Body::Static(text) => {
                let charged = self.bounds.write(text.len());
                charged.map_err(|error| self.error(&error))?;
                position.pass(text);
                out.push_str(text);
                Ok(position)
            }
            Body::Direct(pieces) => {
                let scope = self.scope(context, template.escape);
                if template.is_shaped && position == Position::Start {
                    direct::render_shaped(pieces, scope, out)?;
                } else {
                    direct::render(pieces, scope, &mut position, out)?;
                }
                Ok(position)
            }
            Body::Machine(program) => {
                let root = Value::from_object(Root::new(context, position));
                self.run(program, root, out)
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
        let Body::Direct(pieces) = &template.body else {
            return Ok(None);
        };
        let [piece] = &**pieces else {
            return Ok(None);
        };
        self.begin();
        let scope = self.scope(context, template.escape);
        piece.value(&scope).map_err(|error| self.error(&error))
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    ///
    /// As for [`Self::render`].
    pub fn test(&self, condition: &Condition, context: &Context) -> Result<bool, RenderError> {
        self.begin();
        let scope = self.scope(context, false);
        let holds = condition.test.holds(&scope);
        holds.map_err(|error| self.error(&error))
    }

    fn begin(&self) {
        self.bounds.meter.begin(self.bounds.limits);
    }

    fn scope<'a>(&'a self, context: &'a Context, escape: bool) -> Scope<'a> {
        Scope::new(context, escape, &self.bounds)
    }

    fn error(&self, error: &minijinja::Error) -> RenderError {
        RenderError::from_machine(error, self.bounds.limits)
    }

    /// Runs a program; where in a JSON text its output ends.
    fn run(
        &self,
        program: &Program,
        root: Value,
        out: &mut String,
    ) -> Result<Position, RenderError> {
        let start = out.len();
        let writer = Bounded {
            left: self.bounds.limits.output_bytes,
            out,
        };
        // The same whether it is compiled at the moment or not, so that equal events cost alike.
        let compiling = self.bounds.steps(program.steps());
        compiling.map_err(|error| self.error(&error))?;
        let left = self.bounds.meter.left();
        let finish = |state: &State<'_, '_>| (state.fuel_levels(), runtime::position(state));
        let result = match self.machine.run((program, left), root, writer, finish) {
            Ok((fuel, position)) => self.charge(fuel, out.len() - start).map(|()| position),
            Err(error) => {
                self.charge_failure(&error);
                Err(error)
            }
        };
        result.map_err(|error| {
            out.truncate(start);
            self.error(&error)
        })
    }

    /// Charges what a render has used; the machine has counted its steps.
    fn charge(&self, fuel: Option<(u64, u64)>, written: usize) -> Result<(), minijinja::Error> {
        let (used, _) = fuel.unwrap_or_default();
        self.bounds.pay(used)?;
        self.bounds.write(written)
    }

    /// Charges a render that failed. The machine does not tell how many steps it
    /// took, so it pays a share of what it might have.
    fn charge_failure(&self, error: &minijinja::Error) {
        let meter = &self.bounds.meter;
        let is_enough = error.kind() != minijinja::ErrorKind::OutOfFuel
            && meter.pay(1 + self.bounds.limits.fuel / FAILURES);
        if !is_enough {
            meter.empty();
        }
    }
}

/// So many failed renders use up all the fuel of an allowance.
const FAILURES: u64 = 100;
