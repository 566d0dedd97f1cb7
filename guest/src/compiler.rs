//! Compiles the templates of a set; what is wrong goes to the faults.

use std::collections::BTreeSet;

use action_triggers_django::{
    self as django, Constancy, Context, Doubt, Options, Span, Template, TemplateError, Templates,
    Variable, dates, json,
    least::{Cost, Least},
};
use action_triggers_vocabulary::{
    Place,
    codes::{self, TEMPLATE_FAILED},
    suggest::did_you_mean,
};

use crate::{
    compiled::{PlacedCondition, PlacedTemplate},
    diagnostic::{Diagnostic, Faults, Severity},
    event::EVENT_VARIABLES,
    failure::{AMBIGUOUS, Failure, OUT_OF_FUEL, OUTPUT_TOO_LARGE},
};

/// The steps that finding out what a template comes to for every event may take.
const FINDING_OUT: u64 = 1000;

/// Compiles the templates of one trigger; what is wrong goes to the faults.
pub(crate) struct Compiler<'a> {
    pub(crate) templates: &'a mut Templates,
    pub(crate) faults: &'a mut Faults,
    pub(crate) options: Options,
    /// How bad a wrong template is: one that never renders only warns.
    pub(crate) severity: Severity,
}

impl Compiler<'_> {
    pub(crate) fn template(&mut self, source: &str, place: &Place) -> Option<PlacedTemplate> {
        let compiled = self.templates.compile(source, self.options);
        self.placed(compiled, source, place)
    }

    /// Compiles a string payload, which may be JSON text. What it comes to at least, and what
    /// rendering it takes.
    pub(crate) fn json_text(
        &mut self,
        source: &str,
        place: &Place,
    ) -> Option<(PlacedTemplate, Least, Cost)> {
        let compiled = self.templates.compile_json_text(source, self.options);
        let (mut least, mut cost) = (Least::Either(0), Cost::default());
        let compiled = compiled.map(|compiled| {
            self.warn_of(&compiled.doubts, source, place);
            (least, cost) = (compiled.least, compiled.cost);
            compiled.template
        });
        Some((self.placed(compiled, source, place)?, least, cost))
    }

    /// Tells of a payload that no event can make short enough.
    pub(crate) fn bound(&mut self, least_bytes: usize, place: &Place) {
        let most = self.templates.limits().output_bytes;
        if least_bytes > most {
            let failure = Failure::PayloadTooLarge(u32::try_from(most).unwrap_or(u32::MAX));
            let message = format!("for any event, it has {least_bytes} bytes or more: {failure}");
            self.too_large(message, place.as_str());
        }
    }

    /// Tells of what the templates of a trigger write together, whatever the event.
    pub(crate) fn bound_written(&mut self, what: &str, least_bytes: usize, path: &str) {
        let most = self.templates.limits().output_bytes;
        if least_bytes > most {
            let message = format!(
                "for any event, {what} {least_bytes} bytes or more, and a trigger may write \
                 {most}: shorten it, or raise `output_bytes` in `limits`"
            );
            self.too_large(message, path);
        }
    }

    /// Where something was told to take too many steps, behind the first so many faults.
    pub(crate) fn told_of_steps(&self, first: usize) -> BTreeSet<String> {
        self.faults.places_of(OUT_OF_FUEL, first)
    }

    /// Tells of what the templates of a trigger take together, whatever the event.
    pub(crate) fn bound_steps(&mut self, what: &str, least: u64, path: &str) {
        let most = self.templates.limits().fuel;
        if least <= most {
            return;
        }
        let message = format!(
            "for any event, {what} {least} steps or more, and a trigger may take {most}: make it \
             cheaper, or raise `trigger_fuel` in `limits`"
        );
        self.warn_of_fate((OUT_OF_FUEL, message), path, None);
    }

    fn too_large(&mut self, message: String, path: &str) {
        self.faults.push(Diagnostic {
            severity: self.severity,
            code: OUTPUT_TOO_LARGE,
            path: path.into(),
            message,
            help: None,
            span: None,
        });
    }

    fn placed(
        &mut self,
        compiled: Result<Template, Vec<TemplateError>>,
        source: &str,
        place: &Place,
    ) -> Option<PlacedTemplate> {
        match compiled {
            Ok(mut template) => {
                self.check(&template.take_variables(), place);
                let fated = template.take_fated();
                let is_open = fated.is_empty() && template.is_static().is_none();
                for fated in fated {
                    let span = fated.span(source);
                    let fate = (TEMPLATE_FAILED, fated.message);
                    self.warn_of_fate(fate, place.as_str(), Some(span));
                }
                let is_fixed = template.constancy() == Constancy::Constant;
                let mut template = PlacedTemplate::new(template, place);
                if is_open && template.is_constant() {
                    let mut text = String::new();
                    let found = self.find_out(place, |templates, context| {
                        template.render(templates, context, &mut text)
                    });
                    if found.is_some() && is_fixed {
                        template.fix(text);
                    }
                }
                Some(template)
            }
            Err(errors) => {
                self.report(errors, place);
                self.check(&django::variables(source), place);
                None
            }
        }
    }

    /// Renders what reads nothing of an event but perhaps its time, and tells of its failure;
    /// none where it fails, or takes more steps than are spent on it here.
    pub(crate) fn find_out<T>(
        &mut self,
        place: &Place,
        render: impl FnOnce(&Templates, &Context) -> Result<T, Failure>,
    ) -> Option<T> {
        let failure = match self.tried(render) {
            Ok(found) => return Some(found),
            Err(failure) => failure,
        };
        let most = self.templates.limits().fuel;
        if failure.code() != OUT_OF_FUEL || most <= FINDING_OUT {
            let code = codes::find(failure.code()).map_or(TEMPLATE_FAILED, |code| code.name);
            let fate = (code, format!("for any event, {failure}"));
            self.warn_of_fate(fate, place.as_str(), None);
        }
        None
    }

    /// Renders a payload without any values, and tells of it if it is ambiguous.
    pub(crate) fn find_ambiguity<T>(
        &mut self,
        place: &Place,
        render: impl FnOnce(&Templates, &Context) -> Result<T, Failure>,
    ) {
        if let Err(failure @ Failure::PayloadAmbiguous(_)) = self.tried(render) {
            let message = format!("for any event whose values need no quotes, {failure}");
            self.warn_of_fate((AMBIGUOUS, message), place.as_str(), None);
        }
    }

    /// Renders something for an event that has nothing but a time.
    fn tried<T>(
        &mut self,
        render: impl FnOnce(&Templates, &Context) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let context = Context {
            variables: json::parse("{}").unwrap_or_default(),
            now: dates::parse("2024-01-02T03:04:05Z"),
            ..Context::default()
        };
        self.templates.share_allowance(FINDING_OUT);
        let found = render(self.templates, &context);
        self.templates.end_allowance();
        found
    }

    /// What fails for every event fails alone: the other triggers are taken.
    fn warn_of_fate(
        &mut self,
        (code, message): (&'static str, String),
        path: &str,
        span: Option<Span>,
    ) {
        if self.severity == Severity::Error {
            self.faults.push(Diagnostic {
                severity: Severity::Warning,
                code,
                path: path.into(),
                message,
                help: None,
                span,
            });
        }
    }

    fn warn_of(&mut self, doubts: &[Doubt], source: &str, place: &Place) {
        for doubt in doubts {
            let (code, message, help, span) = match doubt {
                Doubt::SingleQuotes => (
                    "single_quotes",
                    "JSON has no single quotes, so this payload is published as plain text".into(),
                    "write `\\\"` where it has `'`".into(),
                    None,
                ),
                Doubt::Unquoted(span) => {
                    let place = span.offset..span.offset + span.length;
                    let variable = source.get(place).unwrap_or_default();
                    (
                        "unquoted_variable",
                        format!(
                            "where `{variable}` is missing, this payload is not JSON and is \
                             published as plain text"
                        ),
                        format!("give it a default, such as `{{{{ {variable}|default:0 }}}}`"),
                        Some(*span),
                    )
                }
            };
            self.faults.push(Diagnostic {
                severity: Severity::Warning,
                code,
                path: place.as_str().into(),
                message,
                help: Some(help),
                span,
            });
        }
    }

    pub(crate) fn condition(&mut self, source: &str, place: &Place) -> Option<PlacedCondition> {
        match self.templates.compile_condition(source) {
            Ok(mut condition) => {
                let variables = condition.take_variables();
                self.check(&variables, place);
                let fated = condition.take_fated();
                let is_open = fated.is_none();
                if let Some(message) = fated {
                    self.warn_of_fate((TEMPLATE_FAILED, message), place.as_str(), None);
                }
                let constancy = condition.constancy();
                let compares = variables.iter().any(compares);
                let mut fixed = None;
                if is_open && constancy == Constancy::Constant {
                    fixed = self.find_out(place, |templates, context| {
                        let holds = templates.test(&condition, context);
                        holds.map_err(|error| Failure::template(&error, place.as_str()))
                    });
                }
                let mut condition = PlacedCondition::new(condition, source, place, compares);
                if let Some(holds) = fixed {
                    condition.fix(holds);
                }
                Some(condition)
            }
            Err(errors) => {
                self.report(errors, place);
                None
            }
        }
    }

    fn report(&mut self, errors: Vec<TemplateError>, place: &Place) {
        for error in errors {
            self.faults.push(Diagnostic {
                severity: self.severity,
                code: error.code,
                path: place.as_str().into(),
                message: error.message,
                help: error.help,
                span: Some(error.span),
            });
        }
    }

    /// Finds members of `event` that do not exist.
    fn check(&mut self, variables: &[Variable], place: &Place) {
        for variable in variables {
            let [first, member, ..] = variable.path.as_slice() else {
                continue;
            };
            if first != "event" || EVENT_VARIABLES.contains(&member.as_str()) {
                continue;
            }
            self.faults.push(Diagnostic {
                severity: self.severity,
                code: "unknown_event_variable",
                path: place.as_str().into(),
                message: format!("an event has no `{member}`"),
                help: Some(format!(
                    "{} (a field of the instance named `event` is `instance.event`)",
                    did_you_mean(member, EVENT_VARIABLES)
                )),
                span: Some(variable.span),
            });
        }
    }
}

fn compares(variable: &Variable) -> bool {
    let is_state = |name: &str| matches!(name, "before" | "changed");
    match variable.path.as_slice() {
        [first, second, ..] if first == "event" => is_state(second),
        // `event` alone may be taken apart by a filter.
        [first, ..] => first == "event" || is_state(first),
        [] => false,
    }
}
