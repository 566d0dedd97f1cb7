//! `codes`: every stable code, with its meaning and its remedy.

use std::fmt::Write as _;

use action_triggers_host::codes::{self, Code};
use serde_json::json;

use super::{error::CliError, outcome::Outcome, output::Output};

pub(crate) fn run(as_json: bool) -> Result<Outcome, CliError> {
    let text = if as_json { lines() } else { pages() };
    Output::new().write(text.as_bytes())?;
    Ok(Outcome::Well)
}

fn lines() -> String {
    let line = |code: Code| {
        let Code {
            name,
            area,
            meaning,
            remedy,
            ..
        } = code;
        format!(
            "{}\n",
            json!({"code": name, "area": area, "meaning": meaning, "remedy": remedy})
        )
    };
    codes::all().map(line).collect()
}

fn pages() -> String {
    let mut text = String::new();
    let mut area = "";
    for code in codes::all() {
        if code.area != area {
            let gap = if area.is_empty() { "" } else { "\n" };
            area = code.area;
            // Writing to a string cannot fail.
            writeln!(text, "{gap}{area}\n").ok();
        }
        writeln!(
            text,
            "  {}\n      {}\n      {}",
            code.name, code.meaning, code.remedy
        )
        .ok();
    }
    text
}
