//! Templates and conditions with the place they stand at.

use action_triggers_django::{
    Condition, Constancy, Context, Rendered, Template, Templates, json::write, least::Cost,
};
use action_triggers_vocabulary::Place;
use minijinja::Value;

use crate::{event::Change, failure::Failure};

/// A template that knows where in the set it stands.
#[derive(Debug)]
pub(crate) struct PlacedTemplate {
    template: Template,
    place: Box<str>,
    /// What it writes for every event, where that is found out.
    fixed: Option<Box<str>>,
}

impl PlacedTemplate {
    pub(crate) fn new(template: Template, place: &Place) -> Self {
        Self {
            template,
            place: place.as_str().into(),
            fixed: None,
        }
    }

    /// Keeps what it writes for every event.
    pub(crate) fn fix(&mut self, text: String) {
        self.fixed = Some(text.into());
    }

    /// What it writes for every event, as far as that is known.
    pub(crate) fn fixed(&self) -> Option<&str> {
        self.is_static().or(self.fixed.as_deref())
    }

    /// Whether what it writes, or why it fails, is the same for every event.
    pub(crate) fn is_constant(&self) -> bool {
        self.template.constancy() != Constancy::Varies
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn is_static(&self) -> Option<&str> {
        self.template.is_static()
    }

    /// The least that it writes, in bytes.
    pub(crate) fn least_bytes(&self) -> usize {
        self.template.least_bytes()
    }

    /// What rendering it takes at least.
    pub(crate) fn cost(&self) -> Cost {
        self.template.cost()
    }

    /// The same where the value of a lone expression is asked for instead.
    pub(crate) fn cost_of_value(&self) -> Cost {
        self.template.cost_of_value()
    }

    /// Whether it is exactly one `{{ expression }}`.
    pub(crate) fn is_expression(&self) -> bool {
        self.template.is_expression()
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

    /// Renders the template; if it is JSON text, so that no value changes its shape.
    pub(crate) fn render_json_text(
        &self,
        templates: &Templates,
        context: &Context,
        out: &mut String,
    ) -> Result<Rendered, Failure> {
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
    /// What it comes to for every event, where that is found out.
    fixed: Option<bool>,
}

impl PlacedCondition {
    /// Places a condition; `compares` says whether it names `before` or `changed`.
    pub(crate) fn new(condition: Condition, source: &str, place: &Place, compares: bool) -> Self {
        Self {
            condition,
            source: source.into(),
            place: place.as_str().into(),
            compares,
            fixed: None,
        }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Keeps what it comes to for every event.
    pub(crate) fn fix(&mut self, holds: bool) {
        self.fixed = Some(holds);
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// What testing it takes at least.
    pub(crate) fn cost(&self) -> Cost {
        Cost {
            bytes: 0,
            steps: self.condition.least_steps(),
        }
    }

    /// What it comes to for every event, as far as that is known.
    pub(crate) fn fixed(&self) -> Option<bool> {
        self.fixed
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
