//! The source of one crate: its files, the modules in them, and which file uses what of which other. Read as syntax: nothing is compiled.
//!
//! Code of tests is left out: `tests.rs`, `tests/` and whatever stands under `#[cfg(test)]`. A `mod` line is no use, nor what a module
//! hands on of its own parts: a path through a re-export leads to the file that defines the thing.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, UseTree, visit::Visit};

/// How many re-exports a path may lead through.
const MOST_REEXPORTS: usize = 16;

/// A path within a crate, from its root: `["record", "store"]` for `crate::record::store`.
type ModulePath = Vec<String>;

/// One file of a crate, relative to its source folder.
#[derive(Debug)]
struct Module {
    file: PathBuf,
    /// What it re-exports: the name, and the path that the name stands for; `*` for all of a module.
    reexports: Vec<(String, ModulePath)>,
    /// Every path that it uses, from the crate's root.
    uses: BTreeSet<ModulePath>,
}

/// A use that crosses files: who uses, what is used, and by which path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The file that uses, relative to the crate's source folder.
    pub from: PathBuf,
    /// The file that defines what is used, likewise.
    pub to: PathBuf,
    /// The path as it leads from the crate's root.
    pub path: String,
}

/// The modules of one crate.
#[derive(Debug)]
pub struct Source {
    modules: BTreeMap<ModulePath, Module>,
}

impl Source {
    /// Reads every module of the crate whose source folder is `folder`, from its `lib.rs` on.
    ///
    /// # Panics
    /// Where a file cannot be read, or is not Rust.
    pub fn read(folder: &Path) -> Self {
        let mut source = Self { modules: BTreeMap::new() };
        source.add(folder, Path::new("lib.rs"), &Vec::new());
        source
    }

    fn add(&mut self, folder: &Path, file: &Path, path: &ModulePath) {
        let text = fs::read_to_string(folder.join(file))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.join(file).display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let module = Module { file: file.to_path_buf(), reexports: Vec::new(), uses: BTreeSet::new() };
        // Two variants of a module, by `cfg`, would hide one of them.
        assert!(self.modules.insert(path.clone(), module).is_none(), "{} stands twice", path.join("::"));
        // Modules first: a path whose first segment is one of them is a path within the crate.
        for item in &syntax.items {
            let Item::Mod(child) = item else { continue };
            if is_test(&child.attrs) || child.content.is_some() {
                continue;
            }
            let name = name_of(&child.ident);
            let beside = if path.is_empty() { PathBuf::new() } else { file.with_extension("") };
            let given = child.attrs.iter().find_map(path_attribute);
            let at = given.map_or_else(
                || beside.join(format!("{name}.rs")),
                |given| file.parent().unwrap_or(Path::new("")).join(given),
            );
            self.add(folder, &at, &[path.as_slice(), &[name]].concat());
        }
        let children = self.modules.keys().filter(|of| of.len() == path.len() + 1 && of.starts_with(path));
        let children = children.filter_map(|of| of.last().cloned()).collect();
        let mut reader = Reader {
            module: path.clone(),
            at: path.clone(),
            children,
            imported: BTreeMap::new(),
            reexports: Vec::new(),
            uses: BTreeSet::new(),
        };
        // Imports first: a path may begin with a name that is imported further down.
        syntax.items.iter().filter(|item| matches!(item, Item::Use(_))).for_each(|item| reader.visit_item(item));
        syntax.items.iter().filter(|item| !matches!(item, Item::Use(_))).for_each(|item| reader.visit_item(item));
        let module = self.modules.get_mut(path).expect("it was added above");
        module.reexports = reader.reexports;
        module.uses = reader.uses;
    }

    /// The modules' files, relative to the source folder.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.modules.values().map(|module| module.file.as_path())
    }

    /// Every use of one file by another.
    pub fn uses(&self) -> BTreeSet<Use> {
        let mut found = BTreeSet::new();
        for module in self.modules.values() {
            for path in &module.uses {
                // All of a module is all that it re-exports, too.
                let whole = path.split_last().filter(|(last, _)| *last == "*").and_then(|(_, of)| self.modules.get(of));
                let handed_on = whole.into_iter().flat_map(|whole| whole.reexports.iter().map(|(_, target)| target));
                for to in
                    std::iter::once(path).chain(handed_on).filter_map(|path| self.definition(path, MOST_REEXPORTS))
                {
                    if to.file != module.file {
                        let path = format!("crate::{}", path.join("::"));
                        found.insert(Use { from: module.file.clone(), to: to.file.clone(), path });
                    }
                }
            }
        }
        found
    }

    /// The module that defines what `path` names; `None` where it leads in circles.
    fn definition(&self, path: &[String], left: usize) -> Option<&Module> {
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let module = &self.modules[&path[..depth]];
        let Some(name) = path.get(depth).filter(|name| *name != "*") else { return Some(module) };
        let left = left.checked_sub(1)?;
        let rest = &path[depth + 1..];
        if let Some((_, target)) = module.reexports.iter().find(|(of, _)| of == name) {
            return self.definition(&[target.as_slice(), rest].concat(), left);
        }
        // A name that is not defined here may come from a module that is re-exported whole.
        for (_, target) in module.reexports.iter().filter(|(of, _)| of == "*") {
            let whole = self.modules.get(target);
            if whole.is_some_and(|whole| whole.reexports.iter().any(|(of, _)| of == name)) {
                return self.definition(&[target.as_slice(), &path[depth..]].concat(), left);
            }
        }
        Some(module)
    }
}

/// Collects the paths of one file.
struct Reader {
    /// The file's module.
    module: ModulePath,
    /// The module that is being read: the file's, or one within it.
    at: ModulePath,
    children: BTreeSet<String>,
    /// Names that the file imports, and what they stand for.
    imported: BTreeMap<String, ModulePath>,
    reexports: Vec<(String, ModulePath)>,
    uses: BTreeSet<ModulePath>,
}

impl Reader {
    /// `segments` from the crate's root; `None` for a path into another crate, or one that names what is in scope.
    fn resolved(&self, segments: &[String]) -> Option<ModulePath> {
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.at.as_slice(), rest].concat()),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let above = self.at.len().checked_sub(ups)?;
                Some([&self.at[..above], &segments[ups..]].concat())
            }
            child if self.children.contains(child) => Some([self.module.as_slice(), segments].concat()),
            name => self.imported.get(name).map(|path| [path.as_slice(), rest].concat()),
        }
    }

    fn add(&mut self, segments: &[String]) {
        if segments.len() > 1 {
            self.uses.extend(self.resolved(segments));
        }
    }

    /// Every leaf of a `use`: its path and the name that it gets.
    fn leaves(tree: &UseTree, before: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let with = |name: &syn::Ident| [before, &[name_of(name)]].concat();
        match tree {
            UseTree::Path(path) => Self::leaves(&path.tree, &with(&path.ident), found),
            UseTree::Group(group) => group.items.iter().for_each(|item| Self::leaves(item, before, found)),
            UseTree::Glob(_) => found.push(([before, &["*".into()]].concat(), "*".into())),
            UseTree::Name(name) if name.ident == "self" => {
                found.push((before.to_vec(), before.last().cloned().unwrap_or_default()));
            }
            UseTree::Name(name) => found.push((with(&name.ident), name_of(&name.ident))),
            UseTree::Rename(name) => found.push((with(&name.ident), name_of(&name.rename))),
        }
    }

    /// Paths in the arguments of a macro, which have no syntax of their own: `crate::a::b` and the like.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut segments: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut segments));
                    }
                    segments.push(name_of(&name));
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.add(&std::mem::take(&mut segments));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.add(&segments);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // A module within the file: its paths start one step further down.
        assert!(
            self.at == self.module || item.content.is_some(),
            "a file below the module {} is not read",
            self.at.join("::")
        );
        if let Some((_, items)) = &item.content {
            self.at.push(name_of(&item.ident));
            items.iter().for_each(|item| self.visit_item(item));
            self.at.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = Vec::new();
        Self::leaves(&item.tree, &[], &mut found);
        for (path, name) in found {
            let Some(path) = self.resolved(&path) else { continue };
            let is_private = match &item.vis {
                syn::Visibility::Inherited => true,
                syn::Visibility::Restricted(to) => to.path.is_ident("self"),
                syn::Visibility::Public(_) => false,
            };
            // What a module hands on of its own parts is no use; of others it is, because the file can name it as well.
            if is_private || self.at != self.module || !path.starts_with(&self.module) {
                self.uses.insert(path.clone());
            }
            if !is_private && self.at == self.module {
                let of = if name == "*" { path[..path.len() - 1].to_vec() } else { path.clone() };
                self.reexports.push((name.clone(), of));
            }
            if name != "*" {
                self.imported.insert(name, path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| name_of(&segment.ident)).collect();
        self.add(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }
}

fn name_of(ident: &syn::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let value = &attribute.meta.require_name_value().ok().filter(|meta| meta.path.is_ident("path"))?.value;
    match value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Whether the item is there in tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().ok().filter(|list| list.path.is_ident("cfg"));
        condition.is_some_and(|list| list.tokens.to_string() == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
