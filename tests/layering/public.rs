//! What an embedder meets: the items that the host and its core make public, with
//! the types that stand in their signatures.

use std::collections::BTreeSet;

use syn::{
    Attribute, Fields, ImplItem, Item, TraitItem, Visibility,
    visit::{self, Visit},
};

use super::house::{House, Source};

/// Crates whose types may stand in a public signature.
pub(super) const WELCOME: &[&str] = &[
    "std",
    "core",
    "alloc",
    "action_triggers_config",
    "action_triggers_core",
    "action_triggers_vocabulary",
    "bytes",
    "url",
    "serde_json",
];

/// Public structs with open fields, and public enums, that will not grow, and why.
pub(super) const CLOSED: &[(&str, &str)] = &[
    (
        "ClusterId",
        "an identity: another member would be another identity",
    ),
    ("EventText", "an event crosses as a text and an id"),
    (
        "Extent",
        "an event is published as far as it failed, or whole",
    ),
    ("Missing", "an event failed, or some of its queues did"),
    ("Frequency", "not one, some, or all"),
    ("KnownHeader", "as wit/ has it: a host of its own makes one"),
    ("KnownRecord", "as wit/ has it: a host of its own makes one"),
    ("KnownValue", "a host must know every kind of value"),
    (
        "RecordId",
        "an identity: another member would be another identity",
    ),
    ("RecordState", "a record waits or was given up"),
    ("Severity", "an error is refused and a warning is not"),
    (
        "Span",
        "a place in a text has an offset, a length, a line and a column",
    ),
    (
        "Signal",
        "Django's four: triggers, events and the component know the same",
    ),
    (
        "Verdict",
        "a publisher must know every verdict, and delivery must act on each",
    ),
    ("Closed", "says one thing"),
];

/// A public item.
#[derive(Default)]
pub(super) struct PublicItem {
    pub(super) name: String,
    /// Whether fields or variants may be added only by breaking those who name all.
    pub(super) is_open: bool,
    pub(super) is_non_exhaustive: bool,
    /// The paths in its signature.
    paths: BTreeSet<Vec<String>>,
}

/// The public items of a crate, and names from other crates in their signatures.
pub(super) fn items(sources: &[Source]) -> Vec<(Vec<String>, String, PublicItem)> {
    let mut found = Vec::new();
    for source in sources {
        let parsed = syn::parse_file(&source.text).unwrap();
        collect(&parsed.items, &source.module, &source.file, &mut found);
    }
    found
}

/// Types of other crates that a public signature names: the item and the type.
pub(super) fn foreign(sources: Vec<Source>) -> BTreeSet<(String, String)> {
    let items = items(&sources);
    let house = House::new(sources);
    let mut found = BTreeSet::new();
    for (module, _, item) in &items {
        for path in &item.paths {
            let Some(outside) = house.outside_name(module, path) else {
                continue;
            };
            // A single name is of the prelude, a generic or a primitive.
            if outside.len() > 1 && !WELCOME.contains(&outside[0].as_str()) {
                found.insert((item.name.clone(), outside.join("::")));
            }
        }
    }
    found
}

fn collect(
    items: &[Item],
    module: &[String],
    file: &str,
    found: &mut Vec<(Vec<String>, String, PublicItem)>,
) {
    let public_types: BTreeSet<String> = items.iter().filter_map(public_type).collect();
    for item in items {
        if let Item::Mod(inner) = item {
            if let Some((_, items)) = inner.content.as_ref().filter(|_| !is_test(&inner.attrs)) {
                let path = [module, &[inner.ident.to_string()]].concat();
                collect(items, &path, file, found);
            }
            continue;
        }
        if let Some(item) = public(item, &public_types) {
            found.push((module.to_vec(), file.to_owned(), item));
        }
    }
}

fn public_type(item: &Item) -> Option<String> {
    let (visibility, name) = match item {
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Enum(item) => (&item.vis, &item.ident),
        Item::Trait(item) => (&item.vis, &item.ident),
        Item::Type(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    is_public(visibility).then(|| name.to_string())
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list)
                if matches!(list.tokens.to_string().as_str(), "test" | "doctest"))
    })
}

/// What of an item an embedder sees, if any of it.
fn public(item: &Item, types: &BTreeSet<String>) -> Option<PublicItem> {
    let mut seen = PublicItem::default();
    let mut paths = Paths::default();
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            paths.visit_generics(&item.generics);
            let mut fields = item
                .fields
                .iter()
                .filter(|field| is_public(&field.vis))
                .peekable();
            let all_open = item.fields.iter().all(|field| is_public(&field.vis));
            seen.is_open =
                fields.peek().is_some() && all_open || matches!(item.fields, Fields::Unit);
            seen.is_non_exhaustive = is_non_exhaustive(&item.attrs);
            fields.for_each(|field| paths.visit_type(&field.ty));
        }
        Item::Enum(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            seen.is_open = true;
            seen.is_non_exhaustive = is_non_exhaustive(&item.attrs);
            paths.visit_generics(&item.generics);
            for field in item.variants.iter().flat_map(|variant| &variant.fields) {
                paths.visit_type(&field.ty);
            }
        }
        Item::Trait(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            item.supertraits
                .iter()
                .for_each(|bound| paths.visit_type_param_bound(bound));
            for item in &item.items {
                match item {
                    TraitItem::Fn(function) => paths.visit_signature(&function.sig),
                    other => paths.visit_trait_item(other),
                }
            }
        }
        Item::Type(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            paths.visit_type(&item.ty);
        }
        Item::Fn(item) if is_public(&item.vis) => {
            seen.name = item.sig.ident.to_string();
            paths.visit_signature(&item.sig);
        }
        Item::Const(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            paths.visit_type(&item.ty);
        }
        Item::Static(item) if is_public(&item.vis) => {
            seen.name = item.ident.to_string();
            paths.visit_type(&item.ty);
        }
        Item::Impl(item) => {
            let syn::Type::Path(of) = &*item.self_ty else {
                return None;
            };
            let name = of.path.segments.last()?.ident.to_string();
            if !types.contains(&name) {
                return None;
            }
            seen.name = name;
            paths.visit_generics(&item.generics);
            if let Some((path, _)) = &item.trait_ {
                paths.visit_path(path);
            }
            for item in &item.items {
                if let ImplItem::Fn(function) = item
                    && is_public(&function.vis)
                {
                    paths.visit_signature(&function.sig);
                }
            }
        }
        _ => return None,
    }
    seen.paths = paths.0;
    Some(seen)
}

fn is_non_exhaustive(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// Every path among types.
#[derive(Default)]
struct Paths(BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        self.0
            .insert(segments.map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}
