//! The modules of one crate, read from its files, and what a path in one of them leads to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use syn::{Attribute, Item, ItemMod, UseTree, visit::Visit};

/// Files by path: a crate's own, or a tree that a test makes up.
pub type Files = BTreeMap<String, String>;

/// A module: a file, or a block in one.
pub struct Module {
    pub file: String,
    pub parent: Option<usize>,
    pub items: Vec<Item>,
    children: BTreeMap<String, usize>,
    defined: BTreeSet<String>,
    /// Names that stand here for a path elsewhere.
    imported: BTreeMap<String, Vec<String>>,
    /// Modules and enums of which every name is taken.
    globs: Vec<Vec<String>>,
}

/// Imports already followed, by module, on the way to a name: some stand for a path that begins with their own name.
type Seen = BTreeSet<(usize, Vec<String>)>;

/// Where a path ends.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// A name, and the file that defines it.
    Name {
        file: String,
        name: String,
    },
    Module(usize),
}

/// One tree of modules for each root (`lib.rs`, `main.rs`) among the files.
pub struct Tree {
    pub modules: Vec<Module>,
}

impl Tree {
    pub fn read(root: &str, files: &Files) -> Result<Self> {
        let mut tree = Self { modules: Vec::new() };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        tree.file(root, folder, None, files)?;
        Ok(tree)
    }

    /// Reads a file; its children's files lie in `folder`.
    fn file(&mut self, path: &str, folder: &str, parent: Option<usize>, files: &Files) -> Result<usize> {
        let text = files.get(path).with_context(|| format!("no file {path}"))?;
        let parsed = syn::parse_file(text).with_context(|| path.to_owned())?;
        self.module(path, folder, parent, parsed.items, files)
    }

    fn module(
        &mut self,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        items: Vec<Item>,
        files: &Files,
    ) -> Result<usize> {
        let mut items: Vec<Item> = items.into_iter().filter(|item| !is_test(attributes(item))).collect();
        let here = self.modules.len();
        let mut names = Names::default();
        names.items(&items);
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            items: Vec::new(),
            children: BTreeMap::new(),
            defined: names.defined,
            imported: names.imported,
            globs: names.globs,
        });
        for item in &mut items {
            if let Item::Mod(child) = item {
                let index = self.child(here, file, folder, child, files)?;
                self.modules[here].children.insert(child.ident.to_string(), index);
            }
        }
        self.modules[here].items = items;
        Ok(here)
    }

    fn child(
        &mut self,
        here: usize,
        file: &str,
        folder: &str,
        child: &mut ItemMod,
        files: &Files,
    ) -> Result<usize> {
        let inner = format!("{folder}/{}", child.ident);
        if let Some((_, items)) = child.content.take() {
            return self.module(file, &inner, Some(here), items, files);
        }
        let paths = [format!("{inner}.rs"), format!("{inner}/mod.rs")];
        let path = paths
            .iter()
            .find(|path| files.contains_key(*path))
            .with_context(|| format!("no file {inner}.rs"))?;
        self.file(path, &inner, Some(here), files)
    }

    /// Where a path leads that is written in the module `here`; none if it leaves the crate.
    pub fn end(&self, here: usize, path: &[String]) -> Option<End> {
        self.follow(here, path, &mut Seen::new())
    }

    fn follow(&self, here: usize, path: &[String], seen: &mut Seen) -> Option<End> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return self.inside(self.root(here), rest, seen),
            "self" => return self.inside(here, rest, seen),
            "super" => return self.inside(self.modules[here].parent?, rest, seen),
            _ => (),
        }
        self.named(here, first, rest, seen)
    }

    /// A path whose first name is looked for in the module `here` alone, and must be there.
    fn inside(&self, here: usize, path: &[String], seen: &mut Seen) -> Option<End> {
        let Some((first, rest)) = path.split_first() else { return Some(End::Module(here)) };
        if first == "super" || first == "self" {
            return self.follow(here, path, seen);
        }
        // A name that a macro makes is in no list: it belongs to the file that calls the macro.
        let made = || Some(End::Name { file: self.modules[here].file.clone(), name: first.clone() });
        let known = self.modules[here].imported.contains_key(first);
        self.named(here, first, rest, seen).or_else(|| if known { None } else { made() })
    }

    fn named(&self, here: usize, first: &String, rest: &[String], seen: &mut Seen) -> Option<End> {
        let module = &self.modules[here];
        let child = module.children.get(first);
        // A module and a function may bear one name: what goes on after the name is the module.
        if let (Some(child), false) = (child, rest.is_empty()) {
            return self.inside(*child, rest, seen);
        }
        if module.defined.contains(first) {
            return Some(End::Name { file: module.file.clone(), name: first.clone() });
        }
        if let Some(path) = module.imported.get(first)
            && seen.insert((here, path.clone()))
        {
            let whole: Vec<String> = path.iter().chain(rest).cloned().collect();
            if let Some(end) = self.follow(here, &whole, seen) {
                return Some(end);
            }
        }
        if let Some(child) = child {
            return Some(End::Module(*child));
        }
        for glob in &module.globs {
            if seen.insert((here, glob.clone()))
                && let Some(End::Module(of)) = self.follow(here, glob, seen)
                && let Some(end) = self.named(of, first, rest, seen)
            {
                return Some(end);
            }
        }
        None
    }

    fn root(&self, here: usize) -> usize {
        self.modules[here].parent.map_or(here, |parent| self.root(parent))
    }
}

/// What a module's items define and import, those within its functions too.
#[derive(Default)]
struct Names {
    defined: BTreeSet<String>,
    imported: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

impl Names {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            let name = match item {
                Item::Const(item) => &item.ident,
                Item::Enum(item) => &item.ident,
                Item::Fn(item) => &item.sig.ident,
                Item::Static(item) => &item.ident,
                Item::Struct(item) => &item.ident,
                Item::Trait(item) => &item.ident,
                Item::TraitAlias(item) => &item.ident,
                Item::Type(item) => &item.ident,
                Item::Union(item) => &item.ident,
                Item::Macro(item) => match &item.ident {
                    Some(name) => name,
                    None => continue,
                },
                _ => continue,
            };
            self.defined.insert(name.to_string());
        }
        for item in items {
            if !matches!(item, Item::Mod(_)) {
                self.visit_item(item);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for leaf in leaves(&item.tree) {
            match leaf {
                Leaf::Name { path, name } => drop(self.imported.entry(name).or_insert(path)),
                Leaf::Glob(path) => self.globs.push(path),
            }
        }
    }
}

/// One name of a `use`, or a star.
pub enum Leaf {
    Name { path: Vec<String>, name: String },
    Glob(Vec<String>),
}

pub fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, before: &[String], found: &mut Vec<Leaf>) {
        let with = |name: &syn::Ident| {
            let name = name.to_string();
            let mut path = before.to_vec();
            // `{self, X}`: the module itself.
            if name != "self" || before.is_empty() {
                path.push(name);
            }
            path
        };
        match tree {
            UseTree::Path(path) => walk(&path.tree, &with(&path.ident), found),
            UseTree::Name(name) => {
                let path = with(&name.ident);
                if let Some(name) = path.last().cloned() {
                    found.push(Leaf::Name { path, name });
                }
            }
            UseTree::Rename(name) => {
                found.push(Leaf::Name { path: with(&name.ident), name: name.rename.to_string() });
            }
            UseTree::Glob(_) => found.push(Leaf::Glob(before.to_vec())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, before, found)),
        }
    }
    let mut found = Vec::new();
    walk(tree, &[], &mut found);
    found
}

/// Whether something is compiled for tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
