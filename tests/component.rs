//! The component as files for other hosts: what is in them, and that they are the
//! same wherever they are built.

#[path = "../host/build/guest.rs"]
mod guest;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use action_triggers_host::{
    EMBEDDED,
    artefacts::{Artefact, component},
};
use serde_json::Value;
use tempfile::TempDir;
use wit_component::{DecodedWasm, decode};

use crate::cli::support::{Place, binary, code, config, lines, sale, stderr, trigger};

fn file(name: &str) -> Artefact {
    component()
        .into_iter()
        .find(|file| file.name == name)
        .unwrap()
}

fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.ancestors().nth(2).unwrap().to_path_buf()
}

#[test]
fn the_command_writes_every_file_with_its_checksum() {
    let folder = TempDir::new().unwrap();
    let output = binary()
        .args(["component", "--output"])
        .arg(folder.path().join("new/folder"))
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    let sums = fs::read_to_string(folder.path().join("new/folder/SHA256SUMS")).unwrap();
    let mut names = BTreeSet::new();
    for (line, sum) in lines(&output).iter().zip(sums.lines()) {
        let name = line["file"].as_str().unwrap();
        let bytes = fs::read(folder.path().join("new/folder").join(name)).unwrap();
        let written = Artefact::new(name.to_owned(), bytes);
        assert_eq!(line["bytes"], written.bytes.len());
        assert_eq!(line["sha256"], written.sha256());
        assert_eq!(sum, format!("{}  {name}", written.sha256()));
        names.insert(name.to_owned());
    }
    assert!(names.iter().eq(&expected()), "{names:?}");
    assert_eq!(
        fs::read(folder.path().join("new/folder/engine.wasm")).unwrap(),
        EMBEDDED
    );
}

/// The files of a command that was built as this test was.
fn expected() -> BTreeSet<String> {
    let always = [
        "engine.cdx.json",
        "engine.wasm",
        "engine.wit.wasm",
        "wit/MIGRATION.md",
        "wit/kafka.wit",
        "wit/settings.wit",
        "wit/triggers.wit",
        "wit/world.wit",
    ];
    let with_edge = [
        "edge.wasm",
        "engine-small.wasm",
        "engine.core.md",
        "engine.core.wasm",
        "wit/edge/desk.wit",
        "wit/edge/front.wit",
        "wit/edge/publisher.wit",
        "wit/edge/types.wit",
        "wit/edge/world.wit",
    ];
    let more: &[&str] = if cfg!(feature = "edge") {
        &with_edge
    } else {
        &[]
    };
    let names = always.iter().chain(more);
    names.map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_help_names_every_file() {
    let output = binary().args(["component", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    // Of a folder it names the folder.
    let alone = ["engine", "edge.wasm", "SHA256SUMS"];
    let files = expected();
    let files = files.iter().map(String::as_str).chain(["SHA256SUMS"]);
    for name in files.filter(|name| alone.iter().any(|start| name.starts_with(start))) {
        assert!(help.contains(name), "{name}: {help}");
    }
    for folder in ["(wit/)", "(wit/edge/)"] {
        assert!(help.contains(folder), "{folder}: {help}");
    }
}

#[cfg(not(feature = "edge"))]
#[test]
fn a_command_that_this_build_lacks_says_which_build_has_it() {
    for command in ["bake", "edge"] {
        let call = [command, "--config", "config.json", "-o", "somewhere"];
        let output = binary().args(call).output().unwrap();
        let said = stderr(&output);
        assert_eq!(code(&output), 2, "{said}");
        let expected = format!("`{command}` needs a build with the feature `edge`: cargo install");
        assert!(said.contains(&expected), "{said}");
    }
    let output = binary().arg("bakke").output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("unrecognized subcommand 'bakke'"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    let output = binary()
        .args(["component", "-o"])
        .arg(&taken)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 2, "{said}");
    assert!(
        said.contains("file_not_written") && said.contains("taken"),
        "{said}"
    );
}

#[test]
fn commands_run_the_component_of_a_file_and_refuse_what_is_none() {
    let place = Place::new(&config("http://localhost:1"));
    place.write("events.ndjson", sale("1"));
    place.write("engine.wasm", EMBEDDED);
    place.write("other.wasm", "(component)");
    let call = |command: &str, component: &str| {
        let mut call = place.command(command);
        call.args(["--component", component]);
        call.stdin(fs::File::open(place.path("events.ndjson")).unwrap());
        call.output().unwrap()
    };
    for command in ["check", "render", "explain"] {
        let output = call(command, "engine.wasm");
        assert_eq!(code(&output), 0, "{command}: {}", stderr(&output));
        for (file, expected) in [
            ("other.wasm", "invalid_component"),
            ("missing.wasm", "component_unreadable"),
        ] {
            let output = call(command, file);
            let said = stderr(&output);
            assert_eq!(code(&output), 2, "{command}: {said}");
            assert!(said.contains(expected), "{command}: {said}");
        }
    }
}

#[test]
fn every_interface_that_other_hosts_see_is_among_the_files() {
    for entry in fs::read_dir(root().join("wit")).unwrap() {
        let entry = entry.unwrap();
        let name = format!("wit/{}", entry.file_name().to_string_lossy());
        assert_eq!(
            *file(&name).bytes,
            fs::read(entry.path()).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn the_encoded_package_keeps_its_documentation() {
    let package = file("engine.wit.wasm");
    let DecodedWasm::WitPackage(resolve, package) = decode(&package.bytes).unwrap() else {
        panic!("not a package")
    };
    let kafka = resolve.packages[package].interfaces["kafka"];
    let publish = &resolve.interfaces[kafka].functions["publish"];
    let said = publish.docs.contents.as_deref().unwrap_or_default();
    assert!(said.starts_with("Hands over one record."), "{said}");
}

#[test]
fn the_bill_of_materials_lists_what_is_compiled_in() {
    let bill: Value = serde_json::from_slice(&file("engine.cdx.json").bytes).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"].as_array().unwrap();
    let find = |name: &str| components.iter().find(|part| part["name"] == name);
    let minijinja = find("minijinja").unwrap();
    assert_eq!(minijinja["licenses"][0]["expression"], "Apache-2.0");
    assert_eq!(
        minijinja["hashes"][0]["content"].as_str().unwrap().len(),
        64
    );
    // Neither what only tests need nor what only runs while building.
    for other in ["proptest", "insta", "serde_derive", "wasmtime"] {
        assert_eq!(find(other), None);
    }
    let known: Vec<_> = components.iter().map(|part| &part["bom-ref"]).collect();
    for needs in bill["dependencies"].as_array().unwrap() {
        let needs = needs["dependsOn"].as_array().unwrap();
        assert!(needs.iter().all(|part| known.contains(&part)), "{needs:?}");
    }
}

#[test]
fn no_path_of_the_builder_is_in_the_component() {
    let is_in = |path: &str| {
        let mut places = EMBEDDED.windows(path.len());
        places.any(|bytes| bytes == path.as_bytes())
    };
    assert!(
        is_in("/crates/minijinja-"),
        "the paths that are there are short ones"
    );
    let homes = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "USERPROFILE"];
    let homes = homes.iter().filter_map(|name| std::env::var(name).ok());
    let found: Vec<_> = homes
        .chain([root().display().to_string()])
        .chain(
            [
                "/.cargo/",
                "\\.cargo\\",
                "/registry/src/",
                "/.rustup/",
                "/toolchains/",
            ]
            .map(String::from),
        )
        .filter(|path| path.len() > 1 && is_in(path))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn ten_thousand_triggers_fit_into_the_default_bound_on_memory() {
    let mut config = config("http://localhost:1");
    config["triggers"] = vec![trigger(); 10_000].into();
    let output = Place::new(&config).command("check").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 0, "{said}");
}

/// Copies a checkout, without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !matches!(entry.file_name().to_str(), Some("target" | ".git")) {
                copy(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A home of cargo's that has what was downloaded and unpacks it again.
#[cfg(unix)]
fn home(place: &Path) {
    let known = std::env::var_os("CARGO_HOME").map_or_else(
        || std::env::home_dir().unwrap().join(".cargo"),
        PathBuf::from,
    );
    fs::create_dir_all(place.join("registry")).unwrap();
    for name in ["config.toml", "registry/cache", "registry/index"] {
        if known.join(name).exists() {
            std::os::unix::fs::symlink(known.join(name), place.join(name)).unwrap();
        }
    }
}

/// What the other files are made of, each by its crate and whether it is the small one.
#[cfg(unix)]
const PARTS: [(&str, bool); 6] = [
    ("action-triggers-guest", true),
    ("action-triggers-module", false),
    ("action-triggers-rules", false),
    ("action-triggers-facade", false),
    ("action-triggers-front", false),
    ("action-triggers-front", true),
];

/// A checkout with a home of its own.
#[cfg(unix)]
struct Checkout {
    root: PathBuf,
    cargo_home: PathBuf,
    target: PathBuf,
    _place: TempDir,
}

#[cfg(unix)]
impl Checkout {
    fn new(name: &str) -> Self {
        guest::provide_target().unwrap();
        let place = TempDir::with_prefix(name).unwrap();
        let checkout = Self {
            root: place.path().join("source"),
            cargo_home: place.path().join("cargo"),
            target: place.path().join("target"),
            _place: place,
        };
        copy(&root(), &checkout.root);
        home(&checkout.cargo_home);
        checkout
    }

    fn guest(&self, package: &'static str, is_small: bool) -> guest::Guest<'_> {
        guest::Guest {
            root: &self.root,
            package,
            is_small,
            target_dir: &self.target,
            cargo_home: Some(&self.cargo_home),
        }
    }
}

#[cfg(unix)]
#[test]
#[ignore = "it builds the component twice, which takes minutes; .ci/run calls it"]
fn two_checkouts_in_two_homes_give_the_same_component() {
    let build = |name: &str| {
        let checkout = Checkout::new(name);
        let engine = checkout.guest("action-triggers-guest", false);
        engine.component().unwrap()
    };
    let (engine, again) = (build("one"), build("another-that-is-longer"));
    assert!(engine == again && engine == EMBEDDED, "the engine differs");
}

/// Run it by `cargo test --package action-triggers-cli --test tests -- --ignored parts_of`.
#[cfg(unix)]
#[test]
#[ignore = "it builds everything twice, which takes a quarter of an hour"]
fn parts_of_all_files_are_the_same_in_two_homes() {
    let build = |name: &str| {
        let checkout = Checkout::new(name);
        PARTS.map(|(package, is_small)| checkout.guest(package, is_small).module().unwrap())
    };
    let (one, other) = (build("one"), build("another-that-is-longer"));
    for (what, (one, other)) in PARTS.iter().zip(one.iter().zip(&other)) {
        let sizes = (one.len(), other.len());
        assert!(one == other, "{what:?}: {sizes:?} bytes");
    }
}
