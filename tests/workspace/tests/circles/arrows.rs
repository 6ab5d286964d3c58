//! Which file takes which names from which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, ItemUse, Visibility, visit::Visit};

use crate::tree::{End, Leaf, Tree, is_test, leaves};

/// From a file to another, by the names that the first takes from the second.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// The arrows of a crate.
pub fn arrows(tree: &Tree) -> Arrows {
    let mut arrows = Arrows::new();
    for (here, module) in tree.modules.iter().enumerate() {
        let mut reader = Reader { tree, here, arrows: &mut arrows };
        for item in &module.items {
            if !matches!(item, Item::Mod(_)) {
                reader.visit_item(item);
            }
        }
    }
    arrows
}

struct Reader<'a> {
    tree: &'a Tree,
    here: usize,
    arrows: &'a mut Arrows,
}

impl Reader<'_> {
    fn uses(&mut self, path: &[String]) {
        // A module that is named alone ties nothing: what is taken from it does.
        let Some(End::Name { file, name }) = self.tree.end(self.here, path) else { return };
        let from = &self.tree.modules[self.here].file;
        if *from != file {
            self.arrows.entry((from.clone(), file)).or_default().insert(name);
        }
    }

    /// Paths among tokens that are no syntax yet: a macro's and an attribute's.
    fn tokens(&mut self, tokens: TokenStream, in_attribute: bool) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end_of(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.end_of(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream(), in_attribute),
                        TokenTree::Literal(text) if in_attribute => self.quoted(&text.to_string()),
                        _ => (),
                    }
                }
            }
        }
        self.end_of(&mut path);
    }

    fn end_of(&mut self, path: &mut Vec<String>) {
        // One name alone may be a field's or a variable's; if it is imported, its `use` has been read.
        if path.len() > 1 {
            self.uses(path);
        }
        path.clear();
    }

    /// `#[serde(with = "…")]` and the like name a path in a text.
    fn quoted(&mut self, literal: &str) {
        let text = literal.trim_matches('"');
        if let Ok(path) = syn::parse_str::<syn::Path>(text) {
            self.uses(&segments(&path));
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // Who hands a name on does not use it: whoever takes it there takes it from the file that defines it.
        if is_test(&item.attrs) || !matches!(item.vis, Visibility::Inherited) {
            return;
        }
        for leaf in leaves(&item.tree) {
            match leaf {
                Leaf::Name { path, .. } => self.uses(&path),
                Leaf::Glob(path) => self.uses(&path),
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.uses(&segments(path));
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        self.visit_path(attribute.path());
        match &attribute.meta {
            syn::Meta::List(list) => self.tokens(list.tokens.clone(), true),
            syn::Meta::Path(_) | syn::Meta::NameValue(_) => (),
        }
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// A circle: its files, and the arrows that tie them.
#[derive(Debug)]
pub struct Circle {
    pub files: BTreeSet<String>,
    pub ties: Arrows,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a circle of {} files:", self.files.len())?;
        for ((from, to), names) in &self.ties {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(f, "  {from} -> {to}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// Files that reach one another by the arrows.
pub fn circles(arrows: &Arrows) -> Vec<Circle> {
    let mut next: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (from, to) in arrows.keys() {
        next.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        next.keys().map(|from| (*from, reach(from, &next))).collect();
    let mut circles: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (from, to) in &reached {
        let both = to.iter().filter(|to| reached.get(*to).is_some_and(|back| back.contains(from)));
        let files: BTreeSet<String> = both.map(|file| (*file).clone()).collect();
        if files.len() > 1 {
            circles.insert(files);
        }
    }
    let within = |files: &BTreeSet<String>| {
        let tie = |((from, to), _): &(&(String, String), &BTreeSet<String>)| {
            files.contains(from) && files.contains(to)
        };
        arrows.iter().filter(tie).map(|(ends, names)| (ends.clone(), names.clone())).collect()
    };
    circles.into_iter().map(|files| Circle { ties: within(&files), files }).collect()
}

fn reach<'a>(from: &'a String, next: &BTreeMap<&'a String, BTreeSet<&'a String>>) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in next.get(file).into_iter().flatten() {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}
