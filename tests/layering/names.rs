//! The names that one file defines, imports and uses.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The names of one module.
#[derive(Default)]
pub(super) struct Names {
    defined: BTreeSet<String>,
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// Paths in code, and what is imported for the module's own use.
    used: BTreeSet<Vec<String>>,
    /// What is imported with `pub use`.
    handed_on: BTreeSet<Vec<String>>,
    /// Modules below that only tests have.
    tests: BTreeSet<String>,
}

impl Names {
    pub(super) fn used(&self) -> impl Iterator<Item = &[String]> {
        self.used.iter().map(Vec::as_slice)
    }

    pub(super) fn handed_on(&self) -> impl Iterator<Item = &[String]> {
        self.handed_on.iter().map(Vec::as_slice)
    }

    pub(super) fn globs(&self) -> impl Iterator<Item = &[String]> {
        self.globs.iter().map(Vec::as_slice)
    }

    pub(super) fn import(&self, name: &str) -> Option<&[String]> {
        self.imports.get(name).map(Vec::as_slice)
    }

    pub(super) fn tests(&self) -> impl Iterator<Item = &String> {
        self.tests.iter()
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.defined.contains(name) || self.imports.contains_key(name)
    }
}

/// The names of a file and of the modules written out in it, each with its path
/// within the file.
pub(super) fn of(file: &str, text: &str) -> Vec<(Vec<String>, Names)> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut reader = Reader {
        at: Vec::new(),
        modules: BTreeMap::from([(Vec::new(), Names::default())]),
    };
    reader.visit_file(&parsed);
    reader.modules.into_iter().collect()
}

struct Reader {
    at: Vec<String>,
    modules: BTreeMap<Vec<String>, Names>,
}

impl Reader {
    fn names(&mut self) -> &mut Names {
        self.modules.entry(self.at.clone()).or_default()
    }

    fn import(&mut self, tree: &syn::UseTree, before: &[String], is_public: bool) {
        let path = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(one) => self.import(&one.tree, &path(&one.ident), is_public),
            syn::UseTree::Group(group) => {
                for one in &group.items {
                    self.import(one, before, is_public);
                }
            }
            syn::UseTree::Name(one) if one.ident == "self" => {
                let name = before.last().cloned().unwrap_or_default();
                self.add_import(name, before.to_vec(), is_public);
            }
            syn::UseTree::Name(one) => {
                self.add_import(one.ident.to_string(), path(&one.ident), is_public);
            }
            syn::UseTree::Rename(one) if one.ident == "self" => {
                self.add_import(one.rename.to_string(), before.to_vec(), is_public);
            }
            syn::UseTree::Rename(one) => {
                self.add_import(one.rename.to_string(), path(&one.ident), is_public);
            }
            syn::UseTree::Glob(_) => {
                let names = self.names();
                names.globs.push(before.to_vec());
                let uses = if is_public {
                    &mut names.handed_on
                } else {
                    &mut names.used
                };
                uses.insert(before.to_vec());
            }
        }
    }

    fn add_import(&mut self, name: String, path: Vec<String>, is_public: bool) {
        let names = self.names();
        let uses = if is_public {
            &mut names.handed_on
        } else {
            &mut names.used
        };
        uses.insert(path.clone());
        names.imports.insert(name, path);
    }

    /// Paths among the tokens of a macro call, which no parser takes apart.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(ident) if colons == 2 || path.is_empty() => {
                    path.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && colons < 2 => {
                    colons += 1;
                    continue;
                }
                _ => {}
            }
            self.end_of_path(&mut path);
            colons = 0;
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        self.end_of_path(&mut path);
    }

    fn end_of_path(&mut self, path: &mut Vec<String>) {
        self.add_path(std::mem::take(path));
    }

    /// A lone name in lower case is a variable, or was imported and counted there.
    fn add_path(&mut self, path: Vec<String>) {
        let is_variable = |name: &String| name.starts_with(|c: char| !c.is_uppercase());
        if path.len() > 1 || path.first().is_some_and(|name| !is_variable(name)) {
            self.names().used.insert(path);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        list.path.is_ident("cfg") && matches!(list.tokens.to_string().as_str(), "test" | "doctest")
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

fn defined(item: &syn::Item) -> Option<&syn::Ident> {
    match item {
        syn::Item::Const(item) => Some(&item.ident),
        syn::Item::Enum(item) => Some(&item.ident),
        syn::Item::Fn(item) => Some(&item.sig.ident),
        syn::Item::Static(item) => Some(&item.ident),
        syn::Item::Struct(item) => Some(&item.ident),
        syn::Item::Trait(item) => Some(&item.ident),
        syn::Item::Type(item) => Some(&item.ident),
        syn::Item::Macro(item) => item.ident.as_ref(),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(attributes(item)) {
            if let syn::Item::Mod(module) = item {
                self.names().tests.insert(module.ident.to_string());
            }
            return;
        }
        if let Some(name) = defined(item) {
            self.names().defined.insert(name.to_string());
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.at.push(module.ident.to_string());
            self.names();
            visit::visit_item_mod(self, module);
            self.at.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&item.tree, &[], is_public);
    }

    /// `pub(in super::super)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        self.add_path(segments.map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}
