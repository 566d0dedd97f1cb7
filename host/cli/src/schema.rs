//! `schema`: what may be written, as a JSON Schema.

use action_triggers_host::schema;

use super::{args::Document, error::CliError, outcome::Outcome, output::Output};

pub(crate) fn run(of: Document) -> Result<Outcome, CliError> {
    let text = match of {
        Document::Config => schema::configuration(),
        Document::Triggers => schema::triggers(),
    };
    Output::new().write(text.as_bytes())?;
    Ok(Outcome::Well)
}
