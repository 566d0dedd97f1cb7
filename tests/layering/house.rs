//! The project's crates as modules and the names they use, read by a real parser:
//! every `use`, every path in code, and every path inside a macro call.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::names::{self, Names};

/// A source file: its module's path within the crate, and its text.
pub(super) struct Source {
    /// From the project's root, for messages.
    pub(super) file: String,
    /// Such as `["rest", "v2"]`; empty for the crate's root.
    pub(super) module: Vec<String>,
    pub(super) text: String,
}

/// One crate's modules. Test code is left out.
pub(super) struct House {
    modules: BTreeMap<Vec<String>, Module>,
    files: Vec<String>,
}

struct Module {
    /// Its place in `files`.
    file: usize,
    names: Names,
}

/// What a path leads to.
enum Target {
    /// A file of this crate, and the module it is.
    Inside(usize, Vec<String>),
    /// Something that this crate does not define.
    Outside(Vec<String>),
}

/// One file uses what another defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
    /// The first segment of the module's path on either side: the granularity of the list.
    pub(super) rooms: (String, String),
}

/// More hops than any import of ours takes.
const MOST_HOPS: usize = 16;

impl House {
    pub(super) fn new(sources: Vec<Source>) -> Self {
        let mut house = Self {
            modules: BTreeMap::new(),
            files: Vec::new(),
        };
        for source in sources {
            let file = house.files.len();
            for (inner, names) in names::of(&source.file, &source.text) {
                let path = [source.module.clone(), inner].concat();
                house.modules.insert(path, Module { file, names });
            }
            house.files.push(source.file);
        }
        house.leave_out_tests();
        house
    }

    fn leave_out_tests(&mut self) {
        let tests: Vec<_> = self
            .modules
            .iter()
            .flat_map(|(path, module)| module.names.tests().map(|name| child(path, name)))
            .collect();
        self.modules
            .retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
    }

    /// Every use of one file by another, re-exports seen through. A module that
    /// only hands on a child's names with `pub use` does not use them.
    pub(super) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (path, module) in &self.modules {
            for used in module.names.used() {
                let Target::Inside(to, target) = self.resolve(path, used, 0) else {
                    continue;
                };
                if to != module.file {
                    arrows.insert(Arrow {
                        from: self.files[module.file].clone(),
                        to: self.files[to].clone(),
                        rooms: (room(path), room(&target)),
                    });
                }
            }
        }
        arrows
    }

    /// Every name from outside the crate, as a whole path, with the file that says it.
    pub(super) fn outside(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for (path, module) in &self.modules {
            let all = module.names.used().chain(module.names.handed_on());
            for used in all {
                if let Target::Outside(name) = self.resolve(path, used, 0) {
                    found.insert((self.files[module.file].clone(), name.join("::")));
                }
            }
        }
        found
    }

    /// Groups of files that use each other in a circle.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let arrows = self.arrows();
        let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for arrow in &arrows {
            reached.entry(&arrow.from).or_default().insert(&arrow.to);
        }
        // So few files that the plain closure is quick enough.
        loop {
            let before: usize = reached.values().map(BTreeSet::len).sum();
            for from in reached.keys().copied().collect::<Vec<_>>() {
                let further: Vec<&str> = reached[from]
                    .iter()
                    .filter_map(|middle| reached.get(middle))
                    .flatten()
                    .copied()
                    .collect();
                reached.entry(from).or_default().extend(further);
            }
            if reached.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        let is_mutual = |one: &str, other: &str| {
            reached.get(one).is_some_and(|all| all.contains(other))
                && reached.get(other).is_some_and(|all| all.contains(one))
        };
        let mut circles = BTreeSet::new();
        for one in reached.keys().filter(|one| is_mutual(one, one)) {
            let circle = reached.keys().filter(|other| is_mutual(one, other));
            circles.insert(circle.map(ToString::to_string).collect::<Vec<_>>());
        }
        circles.into_iter().collect()
    }

    /// The whole path of a name that a module takes from outside the crate.
    pub(super) fn outside_name(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        match self.resolve(module, path, 0) {
            Target::Outside(name) => Some(name),
            Target::Inside(..) => None,
        }
    }

    fn resolve(&self, from: &[String], path: &[String], hops: usize) -> Target {
        let outside = || Target::Outside(path.to_vec());
        let (Some(first), true) = (path.first(), hops < MOST_HOPS) else {
            return outside();
        };
        let rest = &path[1..];
        match first.as_str() {
            "crate" => self.walk(&[], rest, hops),
            "self" => self.walk(from, rest, hops),
            "super" => {
                let parent = from.split_last().map_or(&[][..], |(_, parent)| parent);
                self.walk_up(parent, rest, hops)
            }
            _ if self.modules.contains_key(&child(from, first)) => self.walk(from, path, hops),
            _ => match self.modules[from].names.import(first) {
                // A crate imported under its own name.
                Some(import) if import.first() == Some(first) => {
                    Target::Outside([import, rest].concat())
                }
                Some(import) => self.resolve(from, &[import, rest].concat(), hops + 1),
                None => outside(),
            },
        }
    }

    fn walk_up(&self, parent: &[String], rest: &[String], hops: usize) -> Target {
        match rest.first().map(String::as_str) {
            Some("super") => self.resolve(parent, rest, hops + 1),
            _ => self.walk(parent, rest, hops),
        }
    }

    /// Goes down from a module as far as modules go, then through what the last imports.
    fn walk(&self, start: &[String], path: &[String], hops: usize) -> Target {
        let mut at = start.to_vec();
        let mut rest = path;
        while let Some((next, further)) = rest.split_first() {
            let below = child(&at, next);
            if self.modules.contains_key(&below) {
                at = below;
                rest = further;
                continue;
            }
            let Some(module) = self.modules.get(&at) else {
                break;
            };
            if let Some(import) = module.names.import(next) {
                let whole = [import, further].concat();
                return self.resolve(&at, &whole, hops + 1);
            }
            if !module.names.defines(next)
                && let Some(found) = self.through_globs(&at, module, rest, hops)
            {
                return found;
            }
            break;
        }
        match self.modules.get(&at) {
            Some(module) => Target::Inside(module.file, at),
            None => Target::Outside(path.to_vec()),
        }
    }

    fn through_globs(
        &self,
        at: &[String],
        module: &Module,
        rest: &[String],
        hops: usize,
    ) -> Option<Target> {
        module.names.globs().find_map(|glob| {
            let whole = [glob, rest].concat();
            let Target::Inside(file, path) = self.resolve(at, &whole, hops + 1) else {
                return None;
            };
            let defines = rest.first().is_some_and(|name| {
                self.modules
                    .get(&path)
                    .is_some_and(|module| module.names.defines(name))
            });
            defines.then_some(Target::Inside(file, path))
        })
    }
}

fn child(module: &[String], name: &str) -> Vec<String> {
    [module, &[name.to_owned()]].concat()
}

/// The part of the crate that a module belongs to; its root is `lib`.
fn room(module: &[String]) -> String {
    module.first().map_or_else(|| "lib".into(), Clone::clone)
}

/// Every source file of a crate but its tests, with its module's path.
pub(super) fn read(root: &Path, folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk_folder(&root.join(folder), &mut Vec::new(), &mut |path, module| {
        let relative = path.strip_prefix(root).unwrap();
        found.push(Source {
            file: relative.to_string_lossy().replace('\\', "/"),
            module: module.to_vec(),
            text: fs::read_to_string(path).unwrap(),
        });
    });
    assert!(!found.is_empty(), "no sources in {folder}");
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

fn walk_folder(folder: &Path, module: &mut Vec<String>, found: &mut impl FnMut(&Path, &[String])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem == "tests" {
            continue;
        }
        let is_root = matches!(stem.as_str(), "lib" | "main" | "mod");
        if path.is_dir() || (path.extension().is_some_and(|it| it == "rs") && !is_root) {
            module.push(stem);
        }
        if path.is_dir() {
            walk_folder(&path, module, found);
            module.pop();
        } else if path.extension().is_some_and(|it| it == "rs") {
            found(&path, module);
            if !is_root {
                module.pop();
            }
        }
    }
}
