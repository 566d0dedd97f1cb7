//! What the binary tells of itself: `codes` and `schema`.

use action_triggers_host::{codes, schema};
use serde_json::Value;

use super::support::{binary, code};

fn printed(arguments: &[&str]) -> String {
    let output = binary().args(arguments).output().unwrap();
    assert_eq!((code(&output), output.stderr.len()), (0, 0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn codes_prints_every_code_with_its_meaning_and_its_remedy() {
    let text = printed(&["codes"]);
    let lines: Vec<Value> = printed(&["codes", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), codes::all().count());
    for (code, line) in codes::all().zip(lines) {
        assert_eq!(
            (&line["code"], &line["area"]),
            (&code.name.into(), &code.area.into())
        );
        let page = format!(
            "  {}\n      {}\n      {}\n",
            code.name, code.meaning, code.remedy
        );
        assert!(text.contains(&page), "{page}");
    }
}

#[test]
fn schema_prints_the_schema_of_a_configuration_or_of_triggers() {
    assert_eq!(printed(&["schema"]), schema::configuration());
    assert_eq!(printed(&["schema", "config"]), schema::configuration());
    assert_eq!(printed(&["schema", "triggers"]), schema::triggers());
}
