//! Templates and conditions with the place they stand at.

use action_triggers_django::{
    self as django, Condition, Context, Doubt, Options, Template, TemplateError, Templates,
    Variable, json::write,
};
use action_triggers_vocabulary::{Place, suggest::did_you_mean};
use minijinja::Value;

use crate::{
    diagnostic::{Diagnostic, Faults, Severity},
    event::{Change, EVENT_VARIABLES},
    failure::Failure,
};

/// A template that knows where in the set it stands.
#[derive(Debug)]
pub(crate) struct PlacedTemplate {
    template: Template,
    place: Box<str>,
}

impl PlacedTemplate {
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn is_static(&self) -> Option<&str> {
        self.template.is_static()
    }

    pub(crate) fn render(
        &self,
        templates: &Templates,
        context: &Context,
        out: &mut String,
    ) -> Result<(), Failure> {
        templates
            .render(&self.template, context, out)
            .map_err(|error| Failure::template(&error, &self.place))
    }

    /// Renders the template; if it is JSON text, so that no value changes its shape. Whether it is.
    pub(crate) fn render_json_text(
        &self,
        templates: &Templates,
        context: &Context,
        out: &mut String,
    ) -> Result<bool, Failure> {
        templates
            .render_json_text(&self.template, context, out)
            .map_err(|error| Failure::template(&error, &self.place))
    }

    /// The rendered text; none where the template is one expression that is null, missing or
    /// comes to nothing.
    pub(crate) fn render_unless_nothing(
        &self,
        templates: &Templates,
        context: &Context,
    ) -> Result<Option<String>, Failure> {
        let mut text = String::new();
        match self.evaluate(templates, context)? {
            None => {
                self.render(templates, context, &mut text)?;
                Ok(Some(text))
            }
            Some(value) if value.is_none() => Ok(None),
            Some(value) => {
                text.push_str(&self.template.text_of(&value));
                Ok((!text.is_empty()).then_some(text))
            }
        }
    }

    pub(crate) fn evaluate(
        &self,
        templates: &Templates,
        context: &Context,
    ) -> Result<Option<Value>, Failure> {
        templates
            .evaluate(&self.template, context)
            .map_err(|error| Failure::template(&error, &self.place))
    }

    /// Writes what the template was evaluated to as JSON.
    pub(crate) fn write_value(&self, value: &Value, out: &mut String) -> Result<(), Failure> {
        write::value(value, out).map_err(|error| Failure::NotJson {
            place: self.place.as_ref().into(),
            message: error.to_string(),
        })
    }
}

/// A condition that knows where in the set it stands.
#[derive(Debug)]
pub(crate) struct PlacedCondition {
    condition: Condition,
    source: Box<str>,
    place: Box<str>,
    /// Whether it names `before` or `changed`.
    compares: bool,
}

impl PlacedCondition {
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the condition holds for an event.
    ///
    /// # Errors
    ///
    /// It cannot be evaluated, or looks at a state that the event does not have.
    pub(crate) fn holds(
        &self,
        templates: &Templates,
        change: &Change<'_>,
    ) -> Result<bool, Failure> {
        let test = |context: &Context| {
            templates
                .test(&self.condition, context)
                .map_err(|error| Failure::template(&error, &self.place))
        };
        let guarded = self.compares.then(|| change.guarded_context()).flatten();
        let Some((context, touched)) = guarded else {
            return test(change.context());
        };
        let result = test(&context);
        if touched.get() {
            return Err(Failure::BeforeMissing(self.source.as_ref().into()));
        }
        result
    }
}

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

    /// Compiles a string payload, which may be JSON text.
    pub(crate) fn json_text(&mut self, source: &str, place: &Place) -> Option<PlacedTemplate> {
        let compiled = self.templates.compile_json_text(source, self.options);
        let compiled = compiled.map(|(template, doubts)| {
            self.warn_of(&doubts, source, place);
            template
        });
        self.placed(compiled, source, place)
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
                Some(PlacedTemplate {
                    template,
                    place: place.as_str().into(),
                })
            }
            Err(errors) => {
                self.report(errors, place);
                self.check(&django::variables(source), place);
                None
            }
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
                            "where `{variable}` is missing, this payload is no JSON and is \
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
                let compares = variables.iter().any(compares);
                Some(PlacedCondition {
                    condition,
                    source: source.into(),
                    place: place.as_str().into(),
                    compares,
                })
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
