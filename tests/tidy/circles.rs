//! No two files of a room use each other, also not by way of others.
//!
//! A use is a path or an import that ends in an item; it counts for the file in which the item is defined, whatever
//! re-exports it. Method calls are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proc_macro2::{Spacing, TokenTree};

use super::sources::{Module, Sources, below_source};

#[test]
fn no_files_use_each_other() {
    let circles = circles(&uses(&Sources::read()));
    assert!(circles.is_empty(), "these files use each other: {circles:#?}");
}

#[test]
fn a_circle_is_found_through_imports_paths_and_re_exports() {
    let sources = Sources::from_texts(&[
        ("a", "use crate::b::B; pub struct A;"),
        ("b", "pub use crate::c::C; pub struct B(u8);"),
        ("c", "pub struct C; fn f(a: crate::a::A) -> Option<u8> { a.d }"),
        ("d", "use crate::b::C; fn g() -> crate::c::C { C }"),
        ("e", "fn h() { crate::f::i() }"),
        ("f", "pub fn i() { if x { crate::e::h() } }"),
        ("g", "pub fn j() { j() }"),
    ]);
    let uses = uses(&sources);
    let of = |file: &str| uses.get(&PathBuf::from(file)).cloned().unwrap_or_default();
    assert_eq!(of("d.rs"), BTreeSet::from([PathBuf::from("c.rs")]));
    assert_eq!(of("b.rs"), BTreeSet::new());
    assert_eq!(circles(&uses), [vec![PathBuf::from("e.rs"), PathBuf::from("f.rs")]]);
}

pub type Uses = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// Which other files each file uses.
pub fn uses(sources: &Sources) -> Uses {
    let scopes: Vec<Scope> = sources.modules.iter().map(Scope::new).collect();
    let resolver = Resolver { modules: &sources.modules, scopes: &scopes };
    let mut uses = Uses::new();
    for (index, module) in sources.modules.iter().enumerate() {
        let imported =
            scopes[index].imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
        for path in imported.chain(&scopes[index].paths) {
            let Some(file) = resolver.file_of(index, path) else { continue };
            if file != module.file {
                uses.entry(below_source(&module.file)).or_default().insert(below_source(&file));
            }
        }
    }
    uses
}

/// The groups of files that reach each other, each sorted.
pub fn circles(uses: &Uses) -> Vec<Vec<PathBuf>> {
    let targets: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        uses.keys().map(|file| (file, reached_from(uses, file))).collect();
    let reaches = |from: &PathBuf, to: &PathBuf| targets.get(from).is_some_and(|files| files.contains(to));
    let mut groups = BTreeSet::new();
    for file in uses.keys().filter(|file| reaches(file, file)) {
        let group: Vec<PathBuf> =
            uses.keys().filter(|other| reaches(file, other) && reaches(other, file)).cloned().collect();
        groups.insert(group);
    }
    groups.into_iter().collect()
}

fn reached_from<'a>(uses: &'a Uses, file: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&PathBuf> = uses[file].iter().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(uses.get(next).into_iter().flatten());
        }
    }
    reached
}

/// The names that a module defines and imports, and the paths in its code.
struct Scope {
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    paths: Vec<Vec<String>>,
}

struct Import {
    /// The name that it has here; nothing for `*`.
    name: Option<String>,
    path: Vec<String>,
    /// A re-export, also one for a part of the crate.
    is_public: bool,
}

impl Scope {
    fn new(module: &Module) -> Scope {
        let mut scope = Scope { defined: BTreeSet::new(), imports: Vec::new(), paths: Vec::new() };
        let mut code = module.code.iter().peekable();
        while let Some(token) = code.next() {
            let TokenTree::Ident(word) = token else { continue };
            let defines =
                ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];
            if defines.contains(&word.to_string().as_str()) {
                let name = code.find_map(|token| match token {
                    TokenTree::Ident(name) if name != "fn" && name != "mut" => Some(name.to_string()),
                    _ => None,
                });
                scope.defined.extend(name);
            }
        }
        scope.read_level(&module.code);
        scope
    }

    /// Reads the imports and paths of one level and of the groups in it.
    fn read_level(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        let mut is_public = false;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "pub" => {
                    is_public = true;
                    continue;
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = at + tokens[at..].iter().position(is_mark(';')).unwrap();
                    self.read_import(&mut Vec::new(), &tokens[at..end], is_public);
                    at = end;
                }
                TokenTree::Ident(word) if !follows_dot(tokens, at - 1) => {
                    let mut path = vec![word.to_string()];
                    while let Some(TokenTree::Ident(next)) = after_colons(tokens, at) {
                        path.push(next.to_string());
                        at += 3;
                    }
                    self.paths.push(path);
                }
                // The `(crate)` of `pub(crate)`.
                TokenTree::Group(_) if is_public && follows_word(tokens, at - 1, "pub") => continue,
                TokenTree::Group(group) => {
                    self.read_level(&group.stream().into_iter().collect::<Vec<_>>());
                }
                _ => {}
            }
            is_public = false;
        }
    }

    fn read_import(&mut self, prefix: &mut Vec<String>, tokens: &[TokenTree], is_public: bool) {
        let depth = prefix.len();
        let mut words = tokens.iter();
        let mut name = None;
        while let Some(token) = words.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = words.next().map(ToString::to_string);
                }
                TokenTree::Ident(word) => prefix.push(word.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => {
                    self.imports.push(Import { name: None, path: prefix.clone(), is_public });
                    prefix.truncate(depth);
                }
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in inside.split(is_mark(',')).filter(|part| !part.is_empty()) {
                        self.read_import(prefix, part, is_public);
                    }
                    prefix.truncate(depth);
                }
                _ => {}
            }
        }
        if prefix.len() > depth {
            if prefix.last().is_some_and(|word| word == "self") {
                prefix.pop();
            }
            let name = name.or_else(|| prefix.last().cloned());
            self.imports.push(Import { name, path: prefix.clone(), is_public });
        }
        prefix.truncate(depth);
    }
}

fn is_mark(wanted: char) -> impl Fn(&TokenTree) -> bool {
    move |token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted)
}

fn follows_dot(tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    before(1).is_some_and(is_mark('.')) && !before(2).is_some_and(is_mark('.'))
}

fn follows_word(tokens: &[TokenTree], at: usize, wanted: &str) -> bool {
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    matches!(before, Some(TokenTree::Ident(word)) if word == wanted)
}

/// The token behind the `::` at this position.
fn after_colons(tokens: &[TokenTree], at: usize) -> Option<&TokenTree> {
    let is_first = matches!(tokens.get(at)?, TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint);
    (is_first && is_mark(':')(tokens.get(at + 1)?)).then(|| tokens.get(at + 2))?
}

/// Finds the files in which items are defined.
struct Resolver<'a> {
    modules: &'a [Module],
    scopes: &'a [Scope],
}

/// What a path leads to.
enum Target {
    Module(usize),
    Item(PathBuf),
}

/// More re-exports of re-exports than these are not followed.
const DEEPEST: usize = 12;

impl Resolver<'_> {
    /// The file of the item that a path names in a module; nothing for what is not of this crate, and for a module.
    fn file_of(&self, module: usize, path: &[String]) -> Option<PathBuf> {
        match self.resolve(module, path, 0)? {
            Target::Module(_) => None,
            Target::Item(file) => Some(file),
        }
    }

    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Target::Module(self.root(from)?),
            "self" => Target::Module(from),
            "super" => Target::Module(self.parent(from)?),
            name => self.named(from, name, depth)?,
        };
        rest.iter().try_fold(start, |target, name| match target {
            Target::Item(file) => Some(Target::Item(file)),
            Target::Module(module) if name == "super" => Some(Target::Module(self.parent(module)?)),
            // What a macro makes is in the module, though nothing shows it.
            Target::Module(module) => Some(
                self.named(module, name, depth)
                    .unwrap_or_else(|| Target::Item(self.modules[module].file.clone())),
            ),
        })
    }

    /// What a name stands for in a module.
    fn named(&self, module: usize, name: &str, depth: usize) -> Option<Target> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(child) = self.modules[module].children.get(name) {
            return Some(Target::Module(*child));
        }
        if self.scopes[module].defined.contains(name) {
            return Some(Target::Item(self.modules[module].file.clone()));
        }
        let imports = &self.scopes[module].imports;
        if let Some(import) = imports.iter().find(|import| import.name.as_deref() == Some(name)) {
            // `use x::{self}` names the module of its own path.
            return (import.path.first().is_some_and(|first| first != name) || import.path.len() > 1)
                .then(|| self.resolve(module, &import.path, depth + 1))?;
        }
        imports.iter().filter(|import| import.name.is_none()).find_map(|import| {
            match self.resolve(module, &import.path, depth + 1)? {
                Target::Module(other) if other != module && self.has(other, name) => {
                    self.named(other, name, depth + 1)
                }
                _ => None,
            }
        })
    }

    /// True if a module defines or re-exports a name.
    fn has(&self, module: usize, name: &str) -> bool {
        self.modules[module].children.contains_key(name)
            || self.scopes[module].defined.contains(name)
            || self.scopes[module].imports.iter().any(|import| import.name.as_deref() == Some(name))
    }

    /// The room that a module belongs to.
    fn root(&self, module: usize) -> Option<usize> {
        let room = self.modules[module].path.get(..1)?;
        self.modules.iter().position(|module| module.path == room)
    }

    fn parent(&self, module: usize) -> Option<usize> {
        let (_, path) = self.modules[module].path.split_last()?;
        self.modules.iter().position(|module| module.path == path)
    }
}
