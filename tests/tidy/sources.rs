//! The product's sources as a tree of modules, without their tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Every module of every room.
pub struct Sources {
    pub modules: Vec<Module>,
}

pub struct Module {
    /// The room, and the names from there on: `["cloud", "ram"]`.
    pub path: Vec<String>,
    /// Its file, or that of the module that contains it inline.
    pub file: PathBuf,
    pub children: BTreeMap<String, usize>,
    /// Its code without attributes, tests, and what belongs to inline modules.
    pub code: Vec<TokenTree>,
}

impl Sources {
    /// Reads each room from its `mod.rs` on. Modules of tests and fuzz targets are left out.
    pub fn read() -> Sources {
        let mut sources = Sources { modules: Vec::new() };
        for room in room_names() {
            sources.read_file(&source().join(&room).join("mod.rs"), vec![room]);
        }
        sources
    }

    /// A room with these files, each of which is a module of it.
    pub fn from_texts(texts: &[(&str, &str)]) -> Sources {
        let root = vec!["room".to_owned()];
        let mut sources = Sources { modules: Vec::new() };
        sources.add(root.clone(), Path::new("mod.rs"), TokenStream::new());
        for (name, text) in texts {
            let path = [&root[..], &[(*name).to_owned()]].concat();
            let module = sources.add(path, Path::new(&format!("{name}.rs")), text.parse().unwrap());
            sources.modules[0].children.insert((*name).to_owned(), module);
        }
        sources
    }

    /// Each file once, as the path below `src`, with its code.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<&TokenTree>> {
        let mut files: BTreeMap<PathBuf, Vec<&TokenTree>> = BTreeMap::new();
        for module in &self.modules {
            files.entry(below_source(&module.file)).or_default().extend(&module.code);
        }
        files
    }

    fn read_file(&mut self, file: &Path, path: Vec<String>) -> usize {
        let text = fs::read_to_string(file).unwrap();
        self.add(path, file, text.parse().unwrap())
    }

    fn add(&mut self, path: Vec<String>, file: &Path, tokens: TokenStream) -> usize {
        let index = self.modules.len();
        self.modules.push(Module {
            path,
            file: file.to_owned(),
            children: BTreeMap::new(),
            code: Vec::new(),
        });
        for item in items(tokens) {
            match submodule(&item) {
                None => self.modules[index].code.extend(item),
                Some((name, body)) => {
                    let mut path = self.modules[index].path.clone();
                    path.push(name.clone());
                    let child = match body {
                        Some(body) => self.add(path, file, body.stream()),
                        None => self.read_file(&file_of(file, &name), path),
                    };
                    self.modules[index].children.insert(name, child);
                }
            }
        }
        index
    }
}

/// The items of a module without their attributes; those of tests and fuzz targets are left out.
fn items(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let (mut item, mut is_test) = (Vec::new(), false);
    for token in without_attributes(tokens, &mut |attribute| is_cfg_test(attribute)) {
        match token {
            Piece::Test => is_test = true,
            Piece::Token(token) => {
                let ends = ends_item(&item, &token);
                item.push(token);
                if ends {
                    let whole = std::mem::take(&mut item);
                    if !std::mem::take(&mut is_test) {
                        items.push(whole);
                    }
                }
            }
        }
    }
    assert!(item.is_empty(), "an item without an end: {}", item[0]);
    items
}

enum Piece {
    /// A `#[cfg(test)]`, or a `#[cfg(any(test, fuzzing))]`.
    Test,
    Token(TokenTree),
}

/// The tokens of one level; attributes and doc comments are left out of every level.
fn without_attributes(tokens: TokenStream, is_test: &mut dyn FnMut(&Group) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                tokens.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'));
                match tokens.next() {
                    Some(TokenTree::Group(attribute)) if is_test(&attribute) => pieces.push(Piece::Test),
                    Some(TokenTree::Group(_)) => {}
                    // `r#"..."#` is one token, so this is a macro's own mark.
                    other => pieces.extend(other.map(Piece::Token)),
                }
            }
            TokenTree::Group(group) => pieces.push(Piece::Token(plain(&group))),
            token => pieces.push(Piece::Token(token)),
        }
    }
    pieces
}

/// A group without attributes, in its place in the file.
fn plain(group: &Group) -> TokenTree {
    let inside = without_attributes(group.stream(), &mut |_| false);
    let stream = inside.into_iter().filter_map(|piece| match piece {
        Piece::Token(token) => Some(token),
        Piece::Test => None,
    });
    let mut plain = Group::new(group.delimiter(), stream.collect());
    plain.set_span(group.span());
    plain.into()
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is_cfg_test(attribute: &Group) -> bool {
    let attribute = attribute.stream().to_string().replace(' ', "");
    attribute == "cfg(test)" || attribute == "cfg(any(test,fuzzing))"
}

/// True if an item of these tokens is over with this one.
fn ends_item(item: &[TokenTree], token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => {
            // `use a::{b, c};` and `const X: Y = Y { … };` go on to a semicolon.
            let words: Vec<String> = item.iter().filter_map(word).collect();
            let goes_on =
                words.iter().zip(words.iter().skip(1)).find_map(|(word, next)| match word.as_str() {
                    "use" | "static" | "type" => Some(true),
                    "const" => Some(!["fn", "unsafe", "async", "extern"].contains(&next.as_str())),
                    "fn" | "impl" | "trait" | "struct" | "enum" | "mod" => Some(false),
                    _ => None,
                });
            let goes_on = goes_on.unwrap_or_else(|| words.first().is_some_and(|word| word == "use"));
            group.delimiter() == Delimiter::Brace && !goes_on
        }
        _ => false,
    }
}

/// The name of the module that an item declares, and its body if it is inline.
fn submodule(item: &[TokenTree]) -> Option<(String, Option<Group>)> {
    let at = item.iter().position(|token| matches!(token, TokenTree::Ident(word) if word == "mod"))?;
    let TokenTree::Ident(name) = item.get(at + 1)? else { return None };
    match item.get(at + 2)? {
        TokenTree::Group(body) => Some((name.to_string(), Some(body.clone()))),
        TokenTree::Punct(mark) if mark.as_char() == ';' => Some((name.to_string(), None)),
        _ => None,
    }
}

pub fn file_of(parent: &Path, name: &str) -> PathBuf {
    let stem = parent.file_stem().unwrap();
    let folder = parent.parent().unwrap();
    let folder = if stem == "mod" { folder.to_owned() } else { folder.join(stem) };
    let file = folder.join(format!("{name}.rs"));
    if file.exists() { file } else { folder.join(name).join("mod.rs") }
}

/// Every token, those inside of groups too.
pub fn flat<'a>(tokens: impl IntoIterator<Item = &'a TokenTree>) -> Vec<TokenTree> {
    let mut all = Vec::new();
    for token in tokens {
        all.push(token.clone());
        if let TokenTree::Group(group) = token {
            all.extend(flat(&group.stream().into_iter().collect::<Vec<_>>()));
        }
    }
    all
}

/// The numbers of the lines with code.
pub fn lines<'a>(tokens: impl IntoIterator<Item = &'a TokenTree>) -> BTreeSet<usize> {
    let mut numbers = BTreeSet::new();
    let mut add = |span: Span| numbers.extend(span.start().line..=span.end().line);
    for token in flat(tokens) {
        match &token {
            TokenTree::Group(group) => {
                add(group.span_open());
                add(group.span_close());
            }
            token => add(token.span()),
        }
    }
    numbers
}

pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The folders of `src`, but for the programs.
pub fn room_names() -> BTreeSet<String> {
    let folders = fs::read_dir(source()).unwrap().map(Result::unwrap);
    let rooms = folders.filter(|entry| entry.path().is_dir() && entry.file_name() != "bin");
    rooms.map(|room| room.file_name().into_string().unwrap()).collect()
}

pub fn below_source(file: &Path) -> PathBuf {
    file.strip_prefix(source()).unwrap_or(file).to_owned()
}

/// The room of a file, by its path below `src`.
pub fn room_of(file: &Path) -> String {
    file.components().next().unwrap().as_os_str().to_string_lossy().into_owned()
}
