//! The component's bill of materials: which crates are compiled into it, as `CycloneDX`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::guest::{Guest, output};

/// What separates the columns that cargo is asked for.
const COLUMN: char = '\t';

/// A crate in the component.
#[derive(Debug, Default)]
struct Part {
    licence: String,
    needs: Vec<String>,
}

/// Asks cargo what the guest depends on; macros run at build time only and are not listed.
pub(super) fn of_materials(guest: &Guest<'_>, lock: &str, version: &str) -> Result<String, String> {
    let tree = output(guest.cargo("tree")?.args([
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "depth",
        "--format",
        &format!("{COLUMN}{{p}}{COLUMN}{{l}}"),
    ]))?;
    let parts = parts(&tree);
    let checksums = checksums(lock);
    let components: Vec<_> = parts
        .iter()
        .filter(|(name, _)| !name.starts_with("action-triggers-guest@"))
        .map(|(name, part)| component(name, part, &checksums))
        .collect();
    let dependencies: Vec<_> = parts
        .iter()
        .map(|(name, part)| {
            let needs: Vec<_> = part.needs.iter().map(|name| reference(name)).collect();
            json!({"ref": reference(name), "dependsOn": needs})
        })
        .collect();
    let subject = format!("action-triggers-guest@{version}");
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "bom-ref": reference(&subject), "name": "action-triggers:engine",
            "version": version, "licenses": [{"expression": "MIT OR Apache-2.0"}],
        }},
        "components": components,
        "dependencies": dependencies,
    });
    serde_json::to_string_pretty(&bill).map_err(|error| error.to_string())
}

/// Reads lines of depth, `name vVERSION` and licence.
fn parts(tree: &str) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines() {
        let mut columns = line.split(COLUMN);
        let depth = columns.next().and_then(|depth| depth.parse().ok());
        let package = columns.next().unwrap_or_default();
        let mut words = package.split(' ');
        let (Some(depth), Some(name), Some(version)) = (depth, words.next(), words.next()) else {
            continue;
        };
        let name = format!("{name}@{}", version.trim_start_matches('v'));
        above.truncate(depth);
        if let Some(parent) = above.last().and_then(|parent| parts.get_mut(parent))
            && !parent.needs.contains(&name)
        {
            parent.needs.push(name.clone());
        }
        let part = parts.entry(name.clone()).or_default();
        // `(*)` says that the crate's own dependencies stand further up.
        let licence = columns.next().unwrap_or_default().trim_end_matches(" (*)");
        licence.clone_into(&mut part.licence);
        above.push(name);
    }
    parts
}

/// The SHA-256 of each crate that comes from a registry. Cargo writes `Cargo.lock` in one
/// way, a line a member, `name` and `version` before `checksum`.
fn checksums(lock: &str) -> BTreeMap<String, &str> {
    let mut checksums = BTreeMap::new();
    let (mut name, mut version) = ("", "");
    for line in lock.lines() {
        match line
            .split_once(" = ")
            .map(|(key, value)| (key, value.trim_matches('"')))
        {
            Some(("name", value)) => name = value,
            Some(("version", value)) => version = value,
            Some(("checksum", value)) => {
                checksums.insert(format!("{name}@{version}"), value);
            }
            _ => {}
        }
    }
    checksums
}

fn component(name: &str, part: &Part, checksums: &BTreeMap<String, &str>) -> Value {
    let (crate_name, version) = name.split_once('@').unwrap_or((name, ""));
    let mut component = json!({
        "type": "library", "bom-ref": reference(name), "name": crate_name, "version": version,
        "licenses": [{"expression": part.licence}],
    });
    if let (Some(checksum), Some(members)) = (checksums.get(name), component.as_object_mut()) {
        members.insert("purl".to_owned(), json!(reference(name)));
        let hashes = json!([{"alg": "SHA-256", "content": checksum}]);
        members.insert("hashes".to_owned(), hashes);
    }
    component
}

fn reference(name: &str) -> String {
    format!("pkg:cargo/{name}")
}
