//! What the real Django renders, held against the dialect.
//!
//! `tests/fixtures/django/vectors.json` is rendered by Django itself (see
//! `generate.py` beside it); where the dialect differs on purpose,
//! `deviations.json` says why. `typed.json` has random templates over fields of
//! declared types. `DJANGO_CASES=FILE` names further cases of the
//! same form, such as those `own_suite.py` takes from Django's own test-suite;
//! for these a summary is printed:
//!
//! ```text
//! DJANGO_CASES=cases.json cargo test -p action-triggers-guest django_cases -- --nocapture
//! ```

use std::{collections::BTreeMap, fmt, fs, path::Path, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Context, Limits, Options, Templates, dates};
use crate::json::{self, FieldType, Fields};

/// A template, its context, and what Django makes of them.
#[derive(Deserialize)]
struct Case {
    name: String,
    template: String,
    context: Box<RawValue>,
    /// What is declared of the context's fields.
    #[serde(default)]
    types: BTreeMap<String, String>,
    autoescape: bool,
    now: Option<String>,
    expected: Option<String>,
    error: Option<Stage>,
}

/// Where a template is refused.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Compile,
    Render,
}

/// Vectors the dialect answers differently on purpose.
#[derive(Deserialize)]
struct Deviation {
    reason: String,
    vectors: Vec<String>,
}

/// An answer that is not Django's.
struct Mismatch<'a> {
    case: &'a Case,
    got: Result<String, (Stage, String)>,
}

impl Case {
    fn render(&self) -> Result<String, (Stage, String)> {
        let mut templates = Templates::new(Limits::default());
        let options = Options {
            autoescape: self.autoescape,
        };
        let template = templates
            .compile(&self.template, options)
            .map_err(|errors| {
                let messages: Vec<_> = errors.iter().map(|error| &*error.message).collect();
                (Stage::Compile, messages.join("; "))
            })?;
        let mut fields = Fields::default();
        for (path, name) in &self.types {
            assert!(fields.declare(path, FieldType::from_name(name).unwrap()));
        }
        let variables = json::parse_with(self.context.get(), Some(&Arc::new(fields))).unwrap();
        let context = Context {
            object: variables.downcast_object(),
            variables,
            now: self.now.as_deref().and_then(dates::parse),
            ..Context::default()
        };
        let mut output = String::new();
        match templates.render(&template, &context, &mut output) {
            Ok(()) => Ok(output),
            Err(error) => Err((Stage::Render, error.to_string())),
        }
    }

    /// The dialect's answer where it is not Django's. What Django refuses only
    /// while rendering may be refused at load.
    fn mismatch(&self) -> Option<Mismatch<'_>> {
        let got = self.render();
        let agrees = match (&got, &self.expected, self.error) {
            (Ok(output), Some(expected), _) => output == expected,
            (Err((stage, _)), None, Some(expected)) => {
                *stage == expected || expected == Stage::Render
            }
            _ => false,
        };
        (!agrees).then_some(Mismatch { case: self, got })
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case {
            name,
            template,
            context,
            autoescape,
            expected,
            error,
            ..
        } = self.case;
        writeln!(formatter, "{name} (autoescape {autoescape})")?;
        writeln!(formatter, "  template: {template:?}")?;
        writeln!(formatter, "  context:  {context}")?;
        match expected {
            Some(expected) => writeln!(formatter, "  Django:   {expected:?}")?,
            None => writeln!(formatter, "  Django:   {error:?} error")?,
        }
        match &self.got {
            Ok(output) => write!(formatter, "  got:      {output:?}"),
            Err((stage, message)) => write!(formatter, "  got:      {stage:?} error: {message}"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the fixtures are files")]
fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/django")
            .join(name),
    )
}

#[test]
fn templates_render_as_django_renders_them() {
    let cases: Vec<Case> = fixture("vectors.json");
    let deviations: Vec<Deviation> = fixture("deviations.json");
    let mut deviating: BTreeMap<&str, &str> = deviations
        .iter()
        .flat_map(|deviation| {
            let reason = &*deviation.reason;
            deviation.vectors.iter().map(move |name| (&**name, reason))
        })
        .collect();

    let mismatches: Vec<_> = cases
        .iter()
        .filter_map(Case::mismatch)
        .filter(|mismatch| deviating.remove(&*mismatch.case.name).is_none())
        .map(|mismatch| mismatch.to_string())
        .collect();

    assert!(
        mismatches.is_empty(),
        "{} of {} vectors differ\n{}",
        mismatches.len(),
        cases.len(),
        mismatches.join("\n")
    );
    assert!(
        deviating.is_empty(),
        "these no longer deviate: {deviating:#?}"
    );
}

#[test]
fn declared_fields_are_pythons_in_random_chains() {
    let cases: Vec<Case> = fixture("typed.json");
    let mismatches = cases.iter().filter_map(Case::mismatch);
    let mismatches: Vec<_> = mismatches.map(|mismatch| mismatch.to_string()).collect();
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn django_cases_of_a_file_named_by_the_environment() {
    let Some(path) = std::env::var_os("DJANGO_CASES") else {
        return;
    };
    let cases: Vec<Case> = read(path.as_ref());
    let mismatches: Vec<_> = cases.iter().filter_map(Case::mismatch).collect();
    for mismatch in &mismatches {
        println!("{mismatch}");
    }
    println!("{} of {} cases differ", mismatches.len(), cases.len());
}
